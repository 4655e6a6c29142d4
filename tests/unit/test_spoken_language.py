"""Which windows are said to be in another language than the one that Whisper was told."""

from typing import Any

import pytest

from hearings.spans import Span
from transcription.engines.base import AudioSlice, OtherLanguage
from transcription.engines.rehearing import Reading
from transcription.engines.spoken_language import other_languages

SPEECH = (Span(500, 2_000), Span(8_000, 11_000), Span(12_000, 18_500))
AUDIO = AudioSlice(bytes(32 * 20_000), Span(0, 20_000), (), SPEECH)
WINDOW = Span(3_000, 19_000)
SPANISH = [("es", 0.9), ("en", 0.02)]


class ScriptedModel:
    """Hears the same languages in any sound, and counts how often it is asked."""

    def __init__(self, chances: list[tuple[str, float]]) -> None:
        self.chances = chances
        self.lengths: list[int] = []

    def detect_language(self, audio: Any) -> tuple[str, float, list[tuple[str, float]]]:
        self.lengths.append(len(audio))
        return *self.chances[0], self.chances


def reading(logprob: float, span: Span = WINDOW) -> Reading:
    return Reading(span, (), logprob=logprob, compression=1.5)


def found(model: ScriptedModel, *readings: Reading) -> list[OtherLanguage]:
    return list(other_languages(model, readings, AUDIO, "en"))


def test_a_window_in_another_language_is_told_with_its_place() -> None:
    model = ScriptedModel(SPANISH)

    assert found(model, reading(-0.7)) == [OtherLanguage(Span(8_000, 18_500), "es", 0.9)]
    assert model.lengths == [16 * WINDOW.duration_ms]


def test_a_window_that_whisper_was_sure_of_is_not_asked_about() -> None:
    model = ScriptedModel(SPANISH)

    assert found(model, reading(-0.3), reading(-0.7, Span(0, 1_500))) == []
    assert model.lengths == []


@pytest.mark.parametrize(
    "chances",
    [
        [("en", 0.97), ("es", 0.01)],
        [("es", 0.6), ("en", 0.3)],
        [("ko", 0.43), ("en", 0.05)],
    ],
    ids=["the one that was told", "the one that was told is likely too", "nothing is likely"],
)
def test_where_the_sound_does_not_tell_nothing_is_said(chances: list[tuple[str, float]]) -> None:
    assert found(ScriptedModel(chances), reading(-0.9)) == []
