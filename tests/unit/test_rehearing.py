"""Windows that the embedded model hears twice."""

import pytest

from hearings.spans import Span
from transcription.engines.rehearing import Reading, is_better, ways_to_cut
from transcription.words import Word

WINDOW = Span(0, 28_000)
SPEECH = [Span(start, start + 1_800) for start in range(0, 28_000, 2_000)]


def read(
    *spoken: tuple[int, int],
    span: Span = WINDOW,
    logprob: float = -0.2,
    compression: float = 1.5,
) -> Reading:
    """Return a reading with words of ten letters, five a second, from and to these times."""
    words = [
        Word(start, min(start + 200, end), "abcdefghij")
        for from_ms, end in spoken
        for start in range(from_ms, end, 200)
    ]
    return Reading(span, tuple(words), logprob, compression)


def test_a_window_whose_speech_has_words_is_heard_once() -> None:
    assert ways_to_cut(read((0, 28_000)), SPEECH) == ()


def test_a_window_with_a_hole_is_cut_some_seconds_before_it_then_just_before_and_after() -> None:
    first, second, third = ways_to_cut(read((0, 18_000), (20_000, 28_000)), SPEECH)

    assert first == (Span(0, 9_900), Span(9_900, 28_000))
    assert second == (Span(0, 17_900), Span(17_900, 28_000))
    assert third == (Span(0, 19_900), Span(19_900, 28_000))


def test_a_window_that_begins_with_a_hole_is_cut_some_seconds_after_it_then_just_after() -> None:
    first, second, third = ways_to_cut(read((4_000, 28_000)), SPEECH)

    assert first == (Span(0, 11_900), Span(11_900, 28_000))
    assert second == (Span(0, 3_900), Span(3_900, 28_000))
    assert third == (Span(0, 1_900), Span(1_900, 28_000))


def test_silence_between_words_is_no_hole() -> None:
    speech = [Span(0, 8_000), Span(20_000, 28_000)]

    assert ways_to_cut(read((0, 8_000), (20_000, 28_000)), speech) == ()


def test_a_hesitation_is_no_hole() -> None:
    assert ways_to_cut(read((0, 8_000), (8_800, 28_000)), SPEECH) == ()


def test_a_word_that_is_stretched_over_what_was_lost_does_not_hide_it() -> None:
    words = (*read((0, 10_000)).words, Word(10_000, 14_000, "you,"), *read((14_000, 28_000)).words)

    assert ways_to_cut(Reading(WINDOW, words, -0.2, 1.5), SPEECH) != ()


@pytest.mark.parametrize(("logprob", "compression"), [(-0.2, 2.5), (-1.1, 1.5)])
def test_a_loop_or_an_unlikely_text_is_cut_near_the_middle(
    logprob: float, compression: float
) -> None:
    doubtful = read((0, 28_000), logprob=logprob, compression=compression)

    assert ways_to_cut(doubtful, SPEECH) == ((Span(0, 13_900), Span(13_900, 28_000)),)


def test_without_a_pause_to_cut_in_a_window_stays_as_it_is() -> None:
    assert ways_to_cut(read((0, 10_000)), [WINDOW]) == ()


def test_no_piece_is_shorter_than_a_second() -> None:
    speech = [Span(0, 900), Span(1_100, 27_200), Span(27_400, 28_000)]

    assert ways_to_cut(read(), speech) == ((Span(0, 1_000), Span(1_000, 28_000)),)


LEFT, RIGHT = Span(0, 9_900), Span(9_900, 28_000)
HOLED = read((0, 18_000), (20_000, 28_000))


def test_a_reading_that_fills_the_hole_is_better() -> None:
    whole = [read((0, 9_900), span=LEFT), read((9_900, 28_000), span=RIGHT)]

    assert is_better(HOLED, whole, SPEECH)


def test_a_reading_that_has_the_hole_elsewhere_is_no_better() -> None:
    moved = [read((2_000, 9_900), span=LEFT), read((9_900, 28_000), span=RIGHT)]

    assert not is_better(HOLED, moved, SPEECH)


def test_a_reading_that_fills_the_hole_with_a_loop_is_no_better() -> None:
    looped = [read((0, 9_900), span=LEFT), read((9_900, 28_000), span=RIGHT, compression=2.6)]

    assert not is_better(HOLED, looped, SPEECH)


def test_a_reading_that_is_much_less_likely_is_no_better() -> None:
    guessed = [
        read((0, 9_900), span=LEFT, logprob=-0.6),
        read((9_900, 28_000), span=RIGHT, logprob=-0.6),
    ]

    assert not is_better(HOLED, guessed, SPEECH)


def test_a_short_piece_may_be_less_likely_than_a_long_one() -> None:
    left, right = Span(0, 1_900), Span(1_900, 28_000)
    short = [
        read((0, 1_900), span=left, logprob=-0.9),
        read((1_900, 28_000), span=right, logprob=-0.1),
    ]

    assert is_better(HOLED, short, SPEECH)


def test_any_reading_without_a_loop_is_better_than_one() -> None:
    looped = read((0, 28_000), compression=3.0)
    plain = [read((0, 9_900), span=LEFT), read((9_900, 20_000), span=RIGHT)]

    assert is_better(looped, plain, SPEECH)
