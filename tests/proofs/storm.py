"""``python -m tests.proofs.storm PLAN.json``: processes that all want to call at once.

One process gets Django ready and forks the callers; each goes through slot, reserved start, sleep
and second look to a real request. A nemesis may kill callers and freeze them meanwhile. Each
caller that lives to the end leaves a file with what it measured.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from random import Random

import django

BOUNDARY = "storm"
AUDIO_MS = 100
CONNECTION_SECONDS = 10.0


@dataclass(frozen=True)
class Plan:
    """What the storm is."""

    processes: int
    seconds: float
    offered_per_second: float
    # By all of them together.
    slots: int
    per_minute: int
    burst: int
    host: str = ""
    port: int = 0
    # Of the server.
    folder: str = ""
    # For what the callers measured.
    kill_seconds: float = 0.0
    # How often one is killed and started again; 0: never.
    freeze_seconds: float = 0.0
    # How long one at a time is frozen; 0: never.
    seed: int = 0

    @property
    def rate(self) -> float:
        """Starts a second."""
        return self.per_minute / 60

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @staticmethod
    def load(path: Path) -> "Plan":
        return Plan(**json.loads(path.read_text()))


def body() -> bytes:
    """Return the form of a transcription of a tenth of a second of silence."""
    from hearings.spans import Span
    from transcription.engines.base import BYTES_PER_MS, AudioSlice

    wav = AudioSlice(bytes(AUDIO_MS * BYTES_PER_MS), Span(0, AUDIO_MS)).wav
    parts = {"model": b"whisper-1", 'file"; filename="chunk.wav': wav}
    form = b"".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        + value
        + b"\r\n"
        for name, value in parts.items()
    )
    return form + f"--{BOUNDARY}--\r\n".encode()


class Caller:
    """One process: it wants to call so many times a second, and catches up when it was late."""

    def __init__(self, plan: Plan, number: int, *, until: float) -> None:
        self._plan = plan
        self._number = number
        self._until = until
        self._body = body()
        self._connection = HTTPConnection(plan.host, plan.port, timeout=CONNECTION_SECONDS)
        self.reserving: list[float] = []
        # Seconds that each statement took.

    def run(self) -> None:
        from django.conf import settings

        from transcription.clock import database_clock
        from transcription.leases import LeaseKeeper

        every = self._plan.processes / self._plan.offered_per_second
        due = time.monotonic() + every * self._number / self._plan.processes
        with LeaseKeeper(clock=database_clock, policy=settings.LEASE) as keeper:
            while due < self._until:
                time.sleep(max(0.0, due - time.monotonic()))
                self._call(keeper)
                due += every
                if time.monotonic() > self._until:
                    break
        self._report()

    def _call(self, keeper: object) -> None:
        from django.conf import settings

        from transcription import limiter, rates
        from transcription.clock import database_clock

        def limit() -> limiter.Limit:
            return limiter.Limit(rates.HOSTED, rates.row(settings.RATE).max_concurrent)

        with limiter.permit(
            limit,
            clock=database_clock,
            policy=settings.LEASE,
            keeper=keeper,  # type: ignore[arg-type]  # loaded only once Django is ready
        ):
            if self._started():
                self._send()

    def _started(self) -> bool:
        from django.conf import settings

        from transcription import rates

        began = time.perf_counter()
        try:
            wait = rates.reserve(settings.RATE, audio_ms=AUDIO_MS)
        except rates.RateLimited:
            return False
        self.reserving.append(time.perf_counter() - began)
        time.sleep(wait)
        return rates.may_send(settings.RATE)

    def _send(self) -> None:
        headers = {
            "Authorization": f"Bearer {self._number}",
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        }
        try:
            self._connection.request("POST", "/v1/audio/transcriptions", self._body, headers)
            self._connection.getresponse().read()
        except (HTTPException, OSError):
            self._connection.close()

    def _report(self) -> None:
        path = Path(self._plan.folder) / f"{self._number}-{os.getpid()}.json"
        path.write_text(json.dumps(self.reserving))


class Nursery:
    """Forks the callers, lets the nemesis at them, and sees them off."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._until = time.monotonic() + plan.seconds
        self._chance = Random(plan.seed)
        self._callers = {number: self._born(number) for number in range(plan.processes)}

    def run(self) -> None:
        if self._plan.kill_seconds:
            self._kill_one_after_another()
        for pid in self._callers.values():
            os.waitpid(pid, 0)

    def _born(self, number: int) -> int:
        pid = os.fork()
        if not pid:
            try:
                Caller(self._plan, number, until=self._until).run()
                os._exit(0)
            except BaseException:  # noqa: BLE001 (a fork must never go on as its parent)
                sys.excepthook(*sys.exc_info())
                os._exit(1)
        return pid

    def _kill_one_after_another(self) -> None:
        while time.monotonic() + self._plan.kill_seconds < self._until:
            with self._one_frozen():
                time.sleep(self._plan.kill_seconds)
                number = self._chance.randrange(self._plan.processes)
                os.kill(self._callers[number], signal.SIGKILL)
                os.waitpid(self._callers[number], 0)
                self._callers[number] = self._born(number)

    @contextmanager
    def _one_frozen(self) -> Iterator[None]:
        """Freeze one for the block, where the plan says so; it goes on then, or is dead."""
        if not self._plan.freeze_seconds:
            yield
            return
        pid = self._callers[self._chance.randrange(self._plan.processes)]
        os.kill(pid, signal.SIGSTOP)
        yield
        if pid in self._callers.values():
            time.sleep(max(0.0, self._plan.freeze_seconds - self._plan.kill_seconds))
            os.kill(pid, signal.SIGCONT)


def main() -> None:
    django.setup()
    from django.conf import settings

    from transcription import rates

    rates.row(settings.RATE)
    django.db.connections.close_all()
    Nursery(Plan.load(Path(sys.argv[1]))).run()


if __name__ == "__main__":
    main()
