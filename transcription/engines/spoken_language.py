"""Whether people in a window spoke another language than the one that Whisper was told.

Whisper that is told a language writes in it whatever it hears: a translation, or words that sound
alike. It is unsure of them, so only windows that it was unsure of are asked about.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from hearings.spans import Span, clip_all
from transcription.engines.base import AudioSlice, OtherLanguage
from transcription.engines.rehearing import Reading
from transcription.engines.whisper_windows import samples_of

UNSURE = -0.5
# Mean log-probability. English that is told to be English had more in every window of 23 minutes of
# six recordings but one of a second's sound; Spanish, French and German told to be English had
# -0.7 to -1.1.
LEAST_MS = 2_000
# Of a shorter sound nobody can tell the language.
LIKELY = 0.5
UNLIKELY = 0.1
# The chance of the other language at least, and of the one that was told at most.


class Detector(Protocol):
    """What is used of faster-whisper's model."""

    def detect_language(self, audio: Any) -> tuple[str, float, list[tuple[str, float]]]:
        """Return the likeliest language, its chance, and every language's."""


def other_languages(
    model: Detector, readings: Sequence[Reading], audio: AudioSlice, language: str
) -> Iterator[OtherLanguage]:
    """Yield where in which windows people seem not to speak *language* (ISO 639-1)."""
    for reading in readings:
        if reading.logprob >= UNSURE or reading.span.duration_ms < LEAST_MS:
            continue
        spoken, chance, chances = model.detect_language(samples_of(audio, reading.span))
        if spoken != language and chance >= LIKELY and dict(chances).get(language, 0) < UNLIKELY:
            yield OtherLanguage(_where(reading, audio), spoken, round(chance, 2))


def _where(reading: Reading, audio: AudioSlice) -> Span:
    """Return from when to when people speak in the window: it may begin with a silence."""
    speech = clip_all(audio.speech, reading.span)
    return Span(speech[0].start_ms, speech[-1].end_ms) if speech else reading.span
