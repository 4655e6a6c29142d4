"""An engine for tests that answers what it was told to, and remembers what it was asked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, ClassVar

from transcription.engines.base import (
    AnswerUnusable,
    AudioSlice,
    Capabilities,
    Hints,
    Transcription,
)
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
