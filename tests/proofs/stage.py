"""Workers as threads that go one step at a time, and a server that is only a function.

A worker stops at each gate until it is told to go on: so it can be frozen and forgotten there (as
if killed), or frozen and woken after its lease is over. Gates lie where nothing is locked.
"""

import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from hearings.spans import Span
from tests.db.run_kit import SetClock
from transcription import doubting, leases, receipts, slicing
from transcription.chunk_job import ChunkJob
from transcription.engines.base import (
    AccessRefused,
    Answer,
    AnswerUnusable,
    AudioRejected,
    AudioSlice,
    Capabilities,
    EngineBusy,
    EngineError,
    EngineUnavailable,
    Transcription,
    Usage,
)
from transcription.engines.scripted import ScriptedEngine, one_word_a_second
from transcription.models import Attempt, Chunk
from transcription.words import Word

PATIENCE_SECONDS = 30.0
HOSTED = Capabilities(
    is_hosted=True,
    word_times=True,
    decodes_windows=False,
    most_ms=None,
    most_bytes=None,
    usd_per_minute=Decimal("0.006"),
)
OUTCOMES: dict[str, Callable[[], EngineError] | None] = {
    "well": None,
    "busy": lambda: EngineBusy("Too many requests.", wait_seconds=5),
    "away": lambda: EngineUnavailable("It is down."),
    "cut off": lambda: EngineUnavailable("It was cut off.", may_be_billed=True),
    "unusable": lambda: AnswerUnusable("That is no answer.", answer=Answer(200, b"{")),
    "rejected": lambda: AudioRejected("It does not like it."),
    "too large": lambda: AudioRejected("It is too large.", too_large=True),
    "refused": lambda: AccessRefused("The key is wrong."),
}
MAY_COST = frozenset({"well", "cut off", "unusable"})


class Forgotten(BaseException):
    """Ends the thread of a worker that was left at a gate, when all is over."""


_here = threading.local()


def gate(place: str) -> None:
    """Stop a worker's thread until it is told to go on; others pass."""
    worker: Worker | None = getattr(_here, "worker", None)
    if worker:
        worker.stop_at(place)


class Worker:
    """A job in a thread of its own."""

    def __init__(self, clock: SetClock) -> None:
        self.place = "start"
        self.is_over = False
        self._clock = clock
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._is_forgotten = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def step(self) -> None:
        """Let it run to its next gate or its end. Raises what it raised."""
        self._go.release()
        if not self._stopped.acquire(timeout=PATIENCE_SECONDS):
            raise TimeoutError(f"a worker that left “{self.place}” came to no other gate")
        if self._error:
            raise self._error

    def forget(self) -> None:
        """End its thread without another step of its work."""
        self._is_forgotten = True
        self._go.release()
        self._thread.join(PATIENCE_SECONDS)

    def stop_at(self, place: str) -> None:
        if self._is_forgotten:
            raise Forgotten
        self.place = place
        self._stopped.release()
        self._go.acquire()
        if self._is_forgotten:
            raise Forgotten

    def _run(self) -> None:
        _here.worker = self
        self._go.acquire()
        try:
            if not self._is_forgotten:
                ChunkJob(clock=self._clock, lease=settings.LEASE, rate=settings.RATE).run()
        except Forgotten:
            pass
        except BaseException as error:  # noqa: BLE001 (the test's thread raises it)
            self._error = error
        finally:
            connections.close_all()
            self.is_over = True
            self._stopped.release()


@dataclass
class Server:
    """What calls come to. It knows nothing of rows but that each call was announced."""

    outcomes: list[str] = field(default_factory=list)
    # Of the next calls; "well" when there are none left.
    calls: list[Span] = field(default_factory=list)
    costly: Counter[Span] = field(default_factory=Counter)
    # By stretch: answered, or maybe.
    usd: Decimal = Decimal(0)
    # Asked for answered calls.
    mistakes: list[str] = field(default_factory=list)

    def answer(self, audio: AudioSlice) -> Transcription:
        announced = Attempt.objects.filter(status=Attempt.Status.SENDING, audio_sha256=audio.sha256)
        if not announced.exists():
            self.mistakes.append(f"a call for {audio.span} was not announced")
        self.calls.append(audio.span)
        # No two answers are the same, so that none passes for another.
        confidence = len(self.calls) / 1000
        outcome = self.outcomes.pop(0) if self.outcomes else "well"
        if outcome in MAY_COST:
            self.costly[audio.span] += 1
        gate("sent")
        if failure := OUTCOMES[outcome]:
            raise failure()
        self.usd += HOSTED.usd_per_minute * audio.duration_ms / 60_000  # type: ignore[operator]
        words = [replace(w, confidence=confidence) for w in one_word_a_second(audio).words]
        body = json.dumps([word.to_json() for word in words]).encode()
        usage = Usage(audio_ms=audio.duration_ms)
        gate("answered")
        return Transcription(tuple(words), usage=usage, answer=Answer(200, body))


def read(_engine: ScriptedEngine, body: bytes, **_: Any) -> Transcription:
    """Return what `Server.answer` wrote."""
    try:
        words = tuple(Word.from_json(value) for value in json.loads(body))
    except (ValueError, TypeError) as error:
        raise AnswerUnusable("That is no answer.") from error
    return Transcription(words)


@contextmanager
def _unheld(_keeper: object, _held: object) -> Iterator[None]:
    """Renew nothing: on this stage a lease ends when the clock is set past it."""
    yield


def _sound_of(chunk: Chunk) -> AudioSlice:
    """Return sound that no other stretch has."""
    samples = chunk.span.duration_ms * 16
    pcm = (f"{chunk.start_ms}-{chunk.end_ms} " * samples).encode()[: samples * 2]
    gate("sliced")
    return AudioSlice(pcm=pcm, span=chunk.span)


@contextmanager
def staged(server: Server) -> Iterator[None]:
    """Put the gates in place, and the server."""
    keep, finish = receipts.keep, Chunk.finish

    def keep_and_stop(call: Attempt, body: bytes) -> object:
        path = keep(call, body)
        gate("kept")
        return path

    def stop_and_finish(chunk: Chunk, *words: Any, **known: Any) -> bool:
        gate("recorded")
        return finish(chunk, *words, **known)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScriptedEngine, "capabilities", HOSTED)
        patch.setattr(ScriptedEngine, "read", read)
        patch.setattr(slicing, "slice_of", _sound_of)
        patch.setattr(receipts, "keep", keep_and_stop)
        patch.setattr(Chunk, "finish", stop_and_finish)
        patch.setattr(leases.LeaseKeeper, "holding", _unheld)
        patch.setattr(doubting, "doubts", lambda *_, **__: ())
        patch.setattr(random, "random", lambda: 0.0)
        ScriptedEngine.follow(server.answer)
        yield
        ScriptedEngine.follow()
