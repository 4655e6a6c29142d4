"""``python -m tests.proofs.crashing``: workers that are killed at a named moment, and their heirs.

One process gets Django ready and forks each worker, so a case costs no start. It reads a case a
line and answers with what was left, both as JSON. Where they die: `fate`.
"""

import ctypes
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import django
import psutil

from tests.proofs.fate import Death, Fate, put

CHUNKS = 6
CHUNK_MS = 2_000
MOST_HEIRS = 4
# Rounds after the last death; a run that needs more goes on for ever.
QUIET_SECONDS = 5.0
# Within which what a dead worker had started is gone too.
PR_SET_CHILD_SUBREAPER = 36
# prctl(2): orphans become ours, so that none is overlooked.


@dataclass(frozen=True)
class Case:
    """A hearing, and the deaths of the workers that take it on, one after another."""

    name: str
    database: str
    # A file, or a database's name.
    folder: str
    sound: str
    # A file of samples, or of a recording where *is_cut*.
    key: str
    # By which the server knows the calls of this case.
    deaths: tuple[Death, ...] = ()
    is_cut: bool = False
    # The slices are cut by ffmpeg.
    mutant: str = ""

    def line(self) -> str:
        return json.dumps(asdict(self)) + "\n"

    @staticmethod
    def read(line: str) -> "Case":
        values = json.loads(line)
        return Case(**values | {"deaths": tuple(Death(**death) for death in values["deaths"])})


def _forked(do: Callable[[], object]) -> int:
    """Do it in a process of its own; return its exit code, negative where a signal ended it."""
    pid = os.fork()
    if not pid:
        try:
            do()
            os._exit(0)
        except BaseException:  # noqa: BLE001 (a fork must never go on as its parent)
            sys.excepthook(*sys.exc_info())
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _announce_late() -> None:
    from transcription.calling import Call, Caller

    announced = Caller._announced

    def call(caller: Caller, work: Any, audio: Any) -> Call | None:
        heard = work.engine.transcribe(audio, hints=work.hints(audio))
        attempt = announced(caller, work, audio)
        return Call(attempt, heard) if attempt else None

    put(Caller, call=call)


def _forget_lost_calls() -> None:
    from transcription import recovery

    settle = recovery._settle

    def forget(*arguments: Any, **options: Any) -> bool:
        settle(*arguments, **options)
        return False

    put(recovery, _settle=forget)


def _keep_no_receipts() -> None:
    from transcription import receipts

    put(receipts, keep=lambda call, body: receipts.path_of(call))


MUTANTS: dict[str, Callable[[], None]] = {
    "calls are announced when they are over": _announce_late,
    "recovery forgets lost calls": _forget_lost_calls,
    "answers are not kept": _keep_no_receipts,
}
# Defects that the sweep must see.


class Theatre:
    """One case, from its hearing to its judgement."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._folder = Path(case.folder)
        self._left = self._folder / "left.json"

    def play(self) -> dict[str, Any]:
        self._must(self._prepared)
        exits, kept = [], []
        for death in self._case.deaths:
            exits.append(_forked(partial(self._work, death)))
            kept.append([path.name for path in (self._folder / "receipts").glob("*.json")])
        for _ in range(MOST_HEIRS):
            self._must(self._inherited)
            left: dict[str, Any] = json.loads(self._left.read_text())
            if left["status"] not in {"transcribing", "merging"}:
                break
        return {**left, "exits": exits, "kept": kept, "orphans": _orphans()}

    def _must(self, do: Callable[[], object]) -> None:
        if _forked(do):
            raise RuntimeError(f"{self._case.name}: {do.__name__} failed; the log says why")

    def _settle_in(self) -> None:
        """Be in the world of this case. Nothing was connected to before."""
        from django.conf import settings
        from django.db import connection

        connection.settings_dict["NAME"] = self._case.database
        settings.RECEIPTS_DIR = self._folder / "receipts"
        settings.MEDIA_ROOT = self._folder / "media"
        settings.OPENAI_API_KEY = self._case.key
        settings.DISPATCHER = "tests.db.run_kit.NoDispatcher"
        if self._case.mutant:
            MUTANTS[self._case.mutant]()

    def _prepared(self) -> None:
        from dataclasses import replace

        from django.conf import settings
        from django.utils import timezone

        from hearings import spool
        from tests.db.run_kit import options
        from tests.factories import make_hearing
        from transcription import pipeline

        self._settle_in()
        sound = Path(self._case.sound).read_bytes()
        speech = [[at * CHUNK_MS + 100, (at + 1) * CHUNK_MS - 100] for at in range(CHUNKS)]
        hearing = make_hearing(
            content=sound if self._case.is_cut else b"kept elsewhere",
            recording_sha256=("c" if self._case.is_cut else "0") * 64,
            speech=speech,
            duration_ms=CHUNKS * CHUNK_MS,
        )
        if not self._case.is_cut:
            with spool.kept(settings.SCRATCH, hearing.recording_sha256) as take:
                take(sound)
        chosen = replace(options("openai"), chunk_ms=CHUNK_MS)
        run = pipeline.start(hearing, chosen, by=None, now=timezone.now())
        assert run.chunks.count() == CHUNKS

    def _work(self, death: Death | None) -> Fate:
        """Sweep, as the supervisor does, and then do what a worker does."""
        from transcription import recovery
        from transcription.clock import database_clock
        from transcription.tasks import transcribe_due_chunks

        self._settle_in()
        fate = Fate(death)
        fate.rule()
        recovery.recover_stalled(now=database_clock())
        transcribe_due_chunks()
        return fate

    def _inherited(self) -> None:
        from transcription import recovery
        from transcription.clock import database_clock

        fate = self._work(None)
        seen = dict(fate.seen)
        recovery.recover_stalled(now=database_clock())
        self._left.write_text(json.dumps({**_rows(self._folder), "seen": seen}, default=str))


def _rows(folder: Path) -> dict[str, Any]:
    """Return what the database and the disk say."""
    from transcription.models import Attempt, Chunk, Run, Segment, Slot

    calls = ("id", "chunk_id", "claim", "status", "may_be_billed", "audio_sha256", "cost_usd")
    chunks = ("id", "index", "start_ms", "end_ms", "status", "ambiguous", "losses", "result")
    return {
        "status": Run.objects.get().status,
        "attempts": list(Attempt.objects.order_by("id").values(*calls)),
        "chunks": list(Chunk.objects.order_by("start_ms").values(*chunks, "claims", "error")),
        "segments": list(Segment.objects.order_by("index").values("start_ms", "end_ms", "text")),
        "slots": Slot.objects.exclude(token=None).count(),
        "receipts": sorted(path.name for path in (folder / "receipts").glob("*")),
    }


def _orphans() -> int:
    """Return how many processes of dead workers live on."""
    until = time.monotonic() + QUIET_SECONDS
    while True:
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        left = psutil.Process().children(recursive=True)
        if not left or time.monotonic() > until:
            return len(left)
        time.sleep(0.02)


def main() -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    django.setup()
    import openai  # noqa: F401 (once, and not in each fork)

    import transcription.tasks  # noqa: F401

    for line in sys.stdin:
        left = Theatre(Case.read(line)).play()
        print(json.dumps(left), flush=True)  # noqa: T201 (the answer)


if __name__ == "__main__":
    main()
