import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearings.spans import Span, intersect, total_ms, union
from transcription.coverage import (
    NO_WORDS,
    NOT_ASKED,
    NOT_SENT,
    UNREADABLE,
    Coverage,
    Missing,
    Piece,
    coverage_of,
    long_silences,
)

DURATION_MS = 60_000

points = st.integers(0, DURATION_MS)
spans = st.builds(lambda start, length: Span(start, start + length), points, st.integers(1, 20_000))
pieces = st.builds(Piece, spans, st.sampled_from([None, None, "refused", "not transcribed"]))


def covered(
    speech: list[Span],
    *pieces: Piece,
    heard: list[Span] | None = None,
    unreadable: list[Span] | None = None,
) -> Coverage:
    """Return the coverage of a minute, with words wherever there is speech unless told else."""
    return coverage_of(
        duration_ms=DURATION_MS,
        speech=speech,
        pieces=pieces,
        heard=speech if heard is None else heard,
        unreadable=unreadable or [],
    )


def test_speech_in_finished_pieces_is_transcribed_and_the_rest_is_silence() -> None:
    coverage = covered(
        [Span(5_000, 20_000), Span(30_000, 50_000)],
        Piece(Span(4_000, 21_000), None),
        Piece(Span(29_000, 51_000), None),
    )

    assert coverage.transcribed_ms == 35_000
    assert coverage.silence_ms == 25_000
    assert coverage.missing == ()


def test_a_failed_piece_is_missing_as_a_whole_with_its_pauses() -> None:
    coverage = covered(
        [Span(0, 10_000), Span(15_000, 60_000)],
        Piece(Span(0, 20_000), "refused"),
        Piece(Span(20_000, 60_000), None),
    )

    assert coverage.missing == (Missing(Span(0, 20_000), "refused"),)
    assert coverage.transcribed_ms == 40_000
    assert coverage.silence_ms == 0


def test_what_a_finished_neighbour_overlaps_is_not_missing() -> None:
    coverage = covered(
        [Span(0, DURATION_MS)],
        Piece(Span(0, 22_000), None),
        Piece(Span(18_000, 42_000), "refused"),
        Piece(Span(38_000, 60_000), None),
    )

    assert coverage.missing == (Missing(Span(22_000, 38_000), "refused"),)


def test_where_two_failed_pieces_overlap_the_earlier_reason_stands() -> None:
    coverage = covered(
        [Span(0, DURATION_MS)],
        Piece(Span(28_000, 60_000), "refused"),
        Piece(Span(0, 32_000), "too loud"),
    )

    assert coverage.missing == (
        Missing(Span(0, 32_000), "too loud"),
        Missing(Span(32_000, 60_000), "refused"),
    )


def test_neighbours_that_miss_for_the_same_reason_are_one_gap() -> None:
    coverage = covered(
        [Span(0, DURATION_MS)],
        Piece(Span(0, 30_000), "not transcribed"),
        Piece(Span(28_000, 60_000), "not transcribed"),
    )

    assert coverage.missing == (Missing(Span(0, 60_000), "not transcribed"),)


def test_speech_that_no_piece_covers_is_missing_and_not_silence() -> None:
    coverage = covered([Span(0, 20_000)], Piece(Span(0, 12_000), None))

    assert coverage.missing == (Missing(Span(12_000, 20_000), NOT_SENT),)
    assert coverage.silence_ms == 40_000


def test_what_lies_beyond_the_end_does_not_count() -> None:
    coverage = covered([Span(50_000, 90_000)], Piece(Span(50_000, 90_000), None))

    assert coverage.speech_ms == coverage.transcribed_ms == 10_000
    assert coverage.silence_ms == 50_000


def test_what_cannot_be_read_is_missing_whatever_was_made_of_it() -> None:
    coverage = covered(
        [Span(0, 30_000)],
        Piece(Span(0, 20_000), None),
        Piece(Span(20_000, 30_000), "refused"),
        unreadable=[Span(5_000, 6_000), Span(25_000, 40_000), Span(50_000, 70_000)],
    )

    assert coverage.missing == (
        Missing(Span(5_000, 6_000), UNREADABLE),
        Missing(Span(20_000, 25_000), "refused"),
        Missing(Span(25_000, 40_000), UNREADABLE),
        Missing(Span(50_000, 60_000), UNREADABLE),
    )
    assert (coverage.transcribed_ms, coverage.silence_ms) == (19_000, 10_000)
    assert coverage.cut_off_ms == 10_000


def test_speech_that_came_back_without_a_word_is_missing() -> None:
    coverage = covered(
        [Span(0, 10_000), Span(20_000, 22_000), Span(24_000, 30_000)],
        Piece(Span(0, DURATION_MS), None),
        heard=[Span(0, 10_000)],
    )

    assert coverage.missing == (Missing(Span(20_000, 30_000), NO_WORDS),)
    assert coverage.transcribed_ms == 10_000


def test_a_cough_that_nobody_made_a_word_of_was_no_speech() -> None:
    coverage = covered(
        [Span(0, 10_000), Span(20_000, 21_500)], Piece(Span(0, DURATION_MS), None), heard=[]
    )

    assert [gap.span for gap in coverage.missing] == [Span(0, 10_000)]
    assert (coverage.transcribed_ms, coverage.silence_ms) == (0, 50_000)


@pytest.mark.parametrize(("hole_ms", "missing_ms"), [(4_999, 0), (5_000, 5_000)])
def test_a_hole_between_words_is_missing_where_it_is_too_long_for_times_that_are_not_exact(
    hole_ms: int, missing_ms: int
) -> None:
    coverage = covered(
        [Span(0, DURATION_MS)],
        Piece(Span(0, DURATION_MS), None),
        heard=[Span(0, 30_000), Span(30_000 + hole_ms, DURATION_MS)],
    )

    assert coverage.missing_ms == missing_ms
    assert coverage.transcribed_ms == DURATION_MS - missing_ms


def test_words_where_no_speech_was_heard_are_no_silence() -> None:
    coverage = covered(
        [Span(0, 10_000)],
        Piece(Span(0, 40_000), None),
        heard=[Span(0, 10_000), Span(20_000, 30_000)],
    )

    assert coverage.transcribed == (Span(0, 10_000), Span(20_000, 30_000))
    assert coverage.silence_ms == 40_000


def test_words_in_a_piece_that_failed_in_the_end_do_not_fill_its_gap() -> None:
    coverage = covered([Span(0, 10_000)], Piece(Span(0, 10_000), "refused"))

    assert coverage.missing == (Missing(Span(0, 10_000), "refused"),)
    assert coverage.transcribed == ()


@pytest.mark.parametrize(("length_ms", "marked"), [(9_999, False), (10_000, True)])
def test_a_silence_of_ten_seconds_is_worth_a_mark(length_ms: int, marked: bool) -> None:
    coverage = covered([Span(length_ms, DURATION_MS)], Piece(Span(0, DURATION_MS), None))

    assert long_silences(coverage, []) == ((Span(0, length_ms),) if marked else ())


def test_what_nothing_accounts_for_is_told_and_what_is_counted_twice_too() -> None:
    lost = Coverage(60_000, (), (Span(0, 10_000),), (Span(20_000, 60_000),), ())
    twice = Coverage(60_000, (), (Span(0, 30_000),), (Span(20_000, 60_000),), ())

    assert (lost.unaccounted_ms, twice.unaccounted_ms) == (10_000, -10_000)


def test_half_a_day_is_accounted_for_at_once() -> None:
    hours = 12 * 3_600_000
    speech = [Span(start, start + 2_500) for start in range(0, hours - 3_000, 3_000)]
    began = time.process_time()

    coverage = coverage_of(
        duration_ms=hours,
        speech=speech,
        pieces=[Piece(Span(start, start + 60_000), None) for start in range(0, hours, 60_000)],
        heard=speech[::2],
    )

    assert coverage.unaccounted_ms == 0
    assert time.process_time() - began < 2


@given(st.lists(spans), st.lists(pieces), st.lists(spans), st.lists(spans))
def test_transcribed_silence_and_missing_share_the_recording_without_a_rest(
    speech: list[Span], pieces: list[Piece], heard: list[Span], unreadable: list[Span]
) -> None:
    coverage = covered(speech, *pieces, heard=heard, unreadable=unreadable)

    parts = [*coverage.transcribed, *coverage.silence, *(gap.span for gap in coverage.missing)]
    assert coverage.unaccounted_ms == 0
    assert sum(part.duration_ms for part in parts) == DURATION_MS
    assert union(parts) == (Span(0, DURATION_MS),)


@given(st.lists(spans), st.lists(pieces))
def test_no_speech_with_words_is_called_silence_and_no_result_is_called_missing(
    speech: list[Span], pieces: list[Piece]
) -> None:
    coverage = covered(speech, *pieces)

    done = [piece.span for piece in pieces if piece.reason is None]
    assert not intersect(coverage.silence, speech)
    assert not intersect([gap.span for gap in coverage.missing], done)
    assert coverage.transcribed_ms == total_ms(intersect(coverage.speech, done))


@given(st.lists(spans), st.lists(pieces), st.lists(spans), st.lists(spans))
def test_no_word_of_a_finished_piece_is_in_a_silence(
    speech: list[Span], pieces: list[Piece], heard: list[Span], unreadable: list[Span]
) -> None:
    coverage = covered(speech, *pieces, heard=heard, unreadable=unreadable)

    done = [piece.span for piece in pieces if piece.reason is None]
    assert not intersect(coverage.silence, intersect(heard, done))


@given(st.lists(spans), st.lists(pieces), st.lists(spans), st.lists(spans))
def test_gaps_are_in_order_and_touch_only_where_the_reason_changes(
    speech: list[Span], pieces: list[Piece], heard: list[Span], unreadable: list[Span]
) -> None:
    missing = covered(speech, *pieces, heard=heard, unreadable=unreadable).missing

    for gap, following in pairwise(missing):
        assert gap.span.end_ms <= following.span.start_ms
        assert gap.span.end_ms < following.span.start_ms or gap.reason != following.reason


@given(st.lists(spans), st.lists(pieces), st.lists(spans), spans)
def test_with_what_was_not_asked_for_every_second_is_told_once(
    speech: list[Span], sent: list[Piece], heard: list[Span], asked: Span
) -> None:
    asked = asked.clip(Span(0, DURATION_MS)) or Span(0, 1)

    coverage = coverage_of(
        duration_ms=DURATION_MS, speech=speech, pieces=sent, heard=heard, asked=asked
    )

    assert coverage.unaccounted_ms == 0
    assert coverage.not_asked_ms == DURATION_MS - asked.duration_ms
    inside = [*coverage.transcribed, *coverage.silence, *(gap.span for gap in coverage.missing)]
    assert total_ms(inside) == asked.duration_ms == total_ms([*inside, asked])
    lost = sum(gap.span.duration_ms for gap in coverage.without_text)
    assert coverage.transcribed_ms + coverage.silence_ms + lost == DURATION_MS


def test_speech_that_nobody_asked_for_is_not_missing() -> None:
    coverage = coverage_of(
        duration_ms=DURATION_MS,
        speech=[Span(0, DURATION_MS)],
        pieces=[Piece(Span(10_000, 20_000), None)],
        heard=[Span(10_000, 20_000)],
        asked=Span(10_000, 20_000),
    )

    assert coverage.missing == ()
    assert coverage.transcribed_ms == 10_000
    assert coverage.without_text == (
        Missing(Span(0, 10_000), NOT_ASKED),
        Missing(Span(20_000, DURATION_MS), NOT_ASKED),
    )
