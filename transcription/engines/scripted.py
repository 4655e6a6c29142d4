"""An engine and an aligner for tests: they answer what they were told to."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, ClassVar

from transcription.engines.base import (
    BYTES_PER_MS,
    AnswerUnusable,
    AudioSlice,
    Capabilities,
    EngineError,
    Hints,
    Transcription,
)
from transcription.word_search import Placing
from transcription.words import Word

Answer = Callable[[AudioSlice], Transcription]


def one_word_a_second(audio: AudioSlice) -> Transcription:
    """Name each whole second of the recording that lies in the slice: ``s0 s1 s2 …``."""
    start = audio.span.start_ms
    seconds = range(-(-start // 1000), audio.span.end_ms // 1000)
    return Transcription(
        tuple(Word(s * 1000 - start, s * 1000 - start + 900, f"s{s}") for s in seconds)
    )


class ScriptedEngine:
    """Answers by a function that a test sets; one script for all its instances."""

    name = "scripted"
    capabilities = Capabilities(
        is_hosted=False,
        word_times=True,
        decodes_windows=False,
        most_ms=None,
        most_bytes=None,
        usd_per_minute=Decimal(0),
    )
    answer: ClassVar[Answer] = staticmethod(one_word_a_second)
    heard: ClassVar[list[AudioSlice]] = []

    def __init__(self, model: str = "script") -> None:
        self.model = model

    @classmethod
    def follow(cls, answer: Answer = one_word_a_second) -> None:
        """Answer by *answer* from now on, and forget what was heard."""
        cls.answer = staticmethod(answer)
        cls.heard = []

    def check(self) -> None:
        """Nothing can be missing."""

    @contextmanager
    def ready(self) -> Iterator[None]:
        yield

    def heeded(self, hints: Hints) -> Hints:
        return Hints(hints.language)

    def transcribe(self, audio: AudioSlice, *, hints: Hints) -> Transcription:  # noqa: ARG002 (the protocol)
        type(self).heard.append(audio)
        return type(self).answer(audio)

    def read(self, body: bytes, **_: Any) -> Transcription:  # noqa: ARG002 (the protocol)
        raise AnswerUnusable("This engine keeps no answers.")


Placer = Callable[[int, Sequence[str]], Sequence[Placing]]
# Gets the milliseconds of sound and the words.


def one_after_the_other(duration_ms: int, words: Sequence[str]) -> Sequence[Placing]:
    """Place the words side by side over the whole sound."""
    each = duration_ms / max(1, len(words))
    return [Placing(int(i * each), int((i + 1) * each), 0.9) for i in range(len(words))]


class ScriptedAligner:
    """Places words by a function that a test sets; one script for all its instances."""

    answer: ClassVar[Placer] = staticmethod(one_after_the_other)
    hearing: ClassVar[str] = "what nobody wrote"
    # What it hears itself, wherever it listens.
    missing: ClassVar[EngineError | None] = None
    # Why it cannot work, where it cannot.

    def __init__(self, model: str, **_: object) -> None:
        self.model = model

    @classmethod
    def follow(
        cls,
        answer: Placer = one_after_the_other,
        *,
        hearing: str = "what nobody wrote",
        missing: EngineError | None = None,
    ) -> None:
        """Place by *answer* and hear *hearing* from now on, or cannot work."""
        cls.answer, cls.hearing, cls.missing = staticmethod(answer), hearing, missing

    def check(self) -> None:
        if self.missing:
            raise self.missing

    @contextmanager
    def ready(self) -> Iterator[None]:
        yield

    def place(self, pcm: bytes, words: Sequence[str], *, language: str) -> Sequence[Placing]:  # noqa: ARG002 (the protocol)
        return type(self).answer(len(pcm) // BYTES_PER_MS, words)

    def hear(self, pcm: bytes, *, language: str) -> str:  # noqa: ARG002 (the protocol)
        return type(self).hearing
