"""The server: it remembers every request, and answers when and what a test says."""

import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import inf
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.fake_api import arrivals, control, limits
from tests.fake_api.answers import Answer, Script, error_answer, unknown_url
from tests.fake_api.arrivals import Arrival, Crowding
from tests.fake_api.audio import Upload, upload_from
from tests.fake_api.calls import Call, CallLog
from tests.fake_api.formats import words_of_the_sound
from tests.fake_api.models import MODELS, Model
from tests.fake_api.quotas import Gate, Quota
from tests.fake_api.refusals import Chooser, Fault
from tests.fake_api.sockets import has_hung_up
from tests.fake_api.wire import Gone, Server

PATIENCE_SECONDS = 60.0
# How long a test waits for what must come, and how long an answer is held at most.
LOOK_SECONDS = 0.05
# How often a pause is interrupted to see whether it is over.
STOP_SECONDS = 2.0
# How long the end waits for calls to be noted.
MODEL_PATH = "/v1/models"


class FakeApi:
    """Give it a script; it runs in threads of its own until the block ends.

    What goes wrong in the server itself, such as a script that raises, is answered with a 500 and
    raised at the end of the block.
    """

    def __init__(  # noqa: PLR0913 (each a choice of its own)
        self,
        *,
        known_key: str | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        keeps_sound: bool = True,
        log: Path | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.answer: Script = words_of_the_sound
        self.delay_seconds = 0.0
        # How long each answer takes that is no refusal,
        self.delay_per_second = 0.0
        # and besides for each second of its audio.
        self.known_key = known_key
        # None: every key will do, and none.
        self.lookup_fault: Fault | None = None
        # Played with each request that is no transcription.
        self.models: dict[str, Model] = dict(MODELS)
        # Add to it to be another server that speaks the same language.
        self.connections = 0
        # So many came, whether or not a request followed.
        self.mistakes: list[BaseException] = []
        self.calls = CallLog(log, keeps_sound=keeps_sound)
        self.ending = threading.Event()
        self.tls = tls
        self._gate = Gate(Quota())
        self._queue: deque[Fault] = deque()
        self._chooser: Chooser | None = None
        self._held_from: float = inf
        self._host, self._port = host, port
        self._server = self._bound()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self.calls.close()
        if self.mistakes and error is None:
            raise self.mistakes[0]

    def _bound(self) -> Server:
        server = Server(self, self._host, self._port)
        self._port = server.server_port
        return server

    def _run(self) -> None:
        self.ending.clear()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def stop(self) -> None:
        """Refuse connections from now on, and drop those that there are."""
        if self.ending.is_set():
            return
        self.ending.set()
        if self._thread:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.drop_connections()
        self.calls.wait_for_ends(STOP_SECONDS)

    def start(self) -> None:
        """Listen again, at the same address; for the first time too."""
        if self.ending.is_set():
            self._server = self._bound()
        self._run()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Refuse connections for the block."""
        self.stop()
        yield
        self.start()

    # What proofs ask.

    @property
    def url(self) -> str:
        return f"http{'s' * (self.tls is not None)}://{self._host}:{self._port}/v1"

    @property
    def arrivals(self) -> list[Arrival]:
        return self.calls.arrivals

    @property
    def lookups(self) -> list[Arrival]:
        """The requests that are no transcriptions."""
        return self.calls.lookups

    @property
    def most_at_once(self) -> int:
        return self.calls.most_at_once

    @property
    def heard(self) -> list[str]:
        """The SHA-256 of each request's samples, in order of arrival."""
        with self.calls.changed:
            return [arrival.sha256 for arrival in self.arrivals]

    def all_calls(self) -> list[Arrival]:
        """Return every transcription that was begun, with those that were never complete."""
        with self.calls.changed:
            return sorted(self.calls.arrivals + self.calls.cut_off, key=lambda call: call.at)

    def windows_over(self, burst: float, rate: float, slack: float = 0.25) -> list[Crowding]:
        """See `arrivals.windows_over`."""
        return arrivals.windows_over(self.all_calls(), burst, rate, slack=slack)

    def calls_between(self, start: float, end: float) -> list[Arrival]:
        """Return the calls that came from *start* on and before *end*, by `time.monotonic()`."""
        return arrivals.calls_between(self.all_calls(), start, end)

    def wait_for(self, count: int) -> None:
        """Wait until so many requests have come since the start."""
        with self.calls.changed:
            enough = self.calls.changed.wait_for(
                lambda: len(self.arrivals) >= count, PATIENCE_SECONDS
            )
        if not enough:
            raise TimeoutError(f"{len(self.arrivals)} of {count} requests came")

    # What tests command.

    def hold(self, *, after: int = 0) -> None:
        """Answer nothing until `let_go`, but for the first *after* requests since the start."""
        self._held_from = after

    def let_go(self) -> None:
        self._held_from = inf

    def next(self, fault: Fault, *, times: int = 1) -> None:
        """Play *fault* with the next *times* transcriptions that come, after those in the queue."""
        with self.calls.changed:
            self._queue.extend([fault] * times)

    def plan(self, chooser: Chooser | None) -> None:
        """Ask *chooser* about each transcription for which nothing is queued. None: no more."""
        self._chooser = chooser

    def heal(self) -> None:
        """Forget all faults that are to come."""
        with self.calls.changed:
            self._queue.clear()
        self.plan(None)

    def enforce(self, quota: Quota) -> None:
        """Keep a rate limit, from now on."""
        self._gate = Gate(quota)

    def told(self, path: str, value: dict[str, Any]) -> Answer:
        """Do what a request says that comes from another process."""
        return control.done(self, path, value)

    # What the wire asks.

    def came(self, path: str, key: str, kind: str, connection: socket.socket) -> Call:
        arrival = Arrival(-1, time.monotonic(), path, key, Upload(), 1, time.time())
        call = Call(arrival, kind, connection)
        with self.calls.changed:
            if call.is_transcription and self._queue:
                call.fault = self._queue.popleft()
                arrival.fault = call.fault.name
            self.calls.came(call)
        return call

    def turned_away(self, call: Call) -> Answer:
        """Return what is said before anything was heard."""
        assert call.fault is not None
        return call.fault.play(self.calls.heard(call, Upload()), lambda: error_answer(500))

    def answered(self, call: Call, body: bytes, size: int) -> Answer:
        """Return what is said to the whole request. Raises Gone."""
        if not call.is_transcription:
            return self._looked_up(self.calls.heard(call, Upload(size=size)))
        upload = upload_from(call.content_type, body) if body or not size else Upload(size=size)
        arrival = self.calls.heard(call, upload)
        if call.fault is None and self._chooser:
            call.fault = self._chooser(arrival)
        patience = time.monotonic() + PATIENCE_SECONDS
        while arrival.number >= self._held_from and time.monotonic() < patience:
            self.wait(call, time.monotonic() + LOOK_SECONDS)
        if call.fault is None:
            return self._honest(call)
        arrival.fault = call.fault.name
        return call.fault.play(arrival, lambda: self._honest(call))

    def _looked_up(self, arrival: Arrival) -> Answer:
        if self.lookup_fault:
            return self.lookup_fault.play(arrival, lambda: self._told_of_models(arrival))
        return self._told_of_models(arrival)

    def _told_of_models(self, arrival: Arrival) -> Answer:
        path = arrival.path.partition("?")[0]
        refused = limits.refused_key(arrival.authorization, self.known_key)
        if refused:
            return refused
        if path == MODEL_PATH:
            return limits.models_answer(self.models)
        if path.startswith(f"{MODEL_PATH}/"):
            return limits.model_answer(path.removeprefix(f"{MODEL_PATH}/"), self.models)
        return unknown_url(path)

    def _honest(self, call: Call) -> Answer:
        """Return what is said when nothing goes wrong. Raises Gone."""
        arrival, gate = call.arrival, self._gate
        refused = (
            limits.refused_key(arrival.authorization, self.known_key)
            or gate.refusal(time.monotonic(), arrival.at_once)
            or limits.refusal(arrival, self.models)
        )
        if refused:
            return refused
        arrival.served_by = self.models[arrival.model]
        seconds = self.delay_seconds + self.delay_per_second * arrival.duration_ms / 1000
        self.wait(call, time.monotonic() + seconds)
        try:
            answer = self.answer(arrival)
        except Exception as error:  # noqa: BLE001 (a script's defect is the test's to see)
            self.mistakes.append(error)
            return error_answer(500, message=f"The script of the fake API failed: {error!r}")
        return replace(answer, headers={**gate.told(time.monotonic()), **answer.headers})

    def wait(self, call: Call, until: float) -> None:
        """Wait until then. Raises Gone when the client hangs up or the server ends."""
        while (left := until - time.monotonic()) > 0:
            if self.ending.is_set() or has_hung_up(call.connection, min(left, LOOK_SECONDS)):
                raise Gone
