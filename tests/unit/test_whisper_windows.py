"""The embedded engine's way through its windows, with faster-whisper played by a script."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from hearings.spans import Span
from transcription.engines.base import AudioSlice
from transcription.engines.rehearing import Reading
from transcription.engines.whisper import heard, reading_of
from transcription.engines.whisper_windows import SLOT, laid_out

SECOND = 16_000
# Samples.


@dataclass
class Said:
    """A word as faster-whisper returns it."""

    word: str
    start: float
    end: float
    probability: float = 0.9


@dataclass
class Segment:
    words: list[Said]
    avg_logprob: float = -0.2
    compression_ratio: float = 1.5


@dataclass
class Script:
    """Answers each call with the next texts, one a window; five words a second from its start."""

    answers: list[list[str]]

    def __call__(self, windows: Sequence[Span]) -> list[Reading]:
        texts = self.answers.pop(0)
        return [
            reading_of([Segment(spoken(text))], window)
            for text, window in zip(texts, windows, strict=True)
        ]


def spoken(text: str) -> list[Said]:
    start = SLOT.start_ms / 1000
    return [
        Said(f" {word}", start + i / 5, start + (i + 1) / 5)
        for i, word in enumerate(text.split())
        if word != "-"
    ]


def sound(seconds: int, *windows: Span, speech: tuple[Span, ...] = ()) -> AudioSlice:
    """Return audio whose samples say at which second they are."""
    samples = np.repeat(np.arange(1, seconds + 1, dtype="<i2") * 100, SECOND)
    return AudioSlice(samples.tobytes(), Span(0, seconds * 1000), windows, speech)


def texts(script: Script, audio: AudioSlice) -> list[str]:
    readings = heard(script, audio)
    return [" ".join(word.text for word in reading.words) for reading in readings]


FIRST, SECOND_WINDOW = Span(0, 4_000), Span(4_000, 10_000)
TALK = (Span(0, 3_900), Span(4_100, 5_900), Span(6_100, 7_900), Span(8_100, 9_900))


def talk(words: int) -> str:
    return " ".join(["committees"] * words)


def lost(words: int) -> str:
    return " ".join("-" * words)


def test_each_window_gets_its_own_words_at_their_times() -> None:
    audio = sound(10, FIRST, SECOND_WINDOW)

    first, second = heard(Script([["good morning", "aye"]]), audio)

    assert [(word.text, word.start_ms) for word in first.words] == [("good", 0), ("morning", 200)]
    assert [(word.text, word.start_ms) for word in second.words] == [("aye", 4_000)]


def test_windows_without_doubt_are_heard_once() -> None:
    script = Script([[talk(20), talk(30)]])

    assert texts(script, sound(10, FIRST, SECOND_WINDOW, speech=TALK)) == [talk(20), talk(30)]


def test_a_window_with_a_hole_is_heard_again_in_two_and_the_better_reading_kept() -> None:
    holed = f"{lost(10)} {talk(20)}"
    script = Script([[talk(20), holed], [talk(20), talk(10)]])

    found = texts(script, sound(10, FIRST, SECOND_WINDOW, speech=TALK))

    assert found == [talk(20), talk(20), talk(10)]


def test_a_window_that_is_heard_no_better_in_any_way_keeps_its_first_words() -> None:
    holed = f"{talk(10)} {lost(10)} {talk(10)}"
    script = Script([[talk(20), holed], ["no", "no"], ["no", "no"]])

    found = texts(script, sound(10, FIRST, SECOND_WINDOW, speech=TALK))

    assert found == [talk(20), talk(20)]


def test_without_planned_windows_the_audio_is_heard_in_even_ones() -> None:
    script = Script([["good", "morning", "all"]])

    assert texts(script, sound(70)) == ["good", "morning", "all"]


def test_a_window_is_laid_between_silences_and_nothing_else_with_it() -> None:
    """The samples of the second second are 200, of the third 300: full scale is 32,768."""
    laid = laid_out(sound(10), Span(1_000, 3_000))

    assert len(laid) == 60 * SECOND
    heard_in = laid[30 * SECOND : 32 * SECOND] * 32_768
    assert set(heard_in[:SECOND]) == {200}
    assert set(heard_in[SECOND:]) == {300}
    assert not laid[: 30 * SECOND].any()
    assert not laid[32 * SECOND :].any()


@pytest.mark.parametrize("said", [[" twenty", "-five"], [" twenty-five"]])
def test_a_word_that_comes_in_parts_is_one_word(said: list[str]) -> None:
    words = [Said(text, 30 + i / 2, 30.4 + i / 2, 0.9 - i / 2) for i, text in enumerate(said)]

    reading = reading_of([Segment(words)], Span(0, 2_000))

    (word,) = reading.words
    assert word.text == "twenty-five"
    assert word.confidence == (0.9 if len(said) == 1 else 0.4)
