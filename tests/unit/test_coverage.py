from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hearings.spans import Span, intersect, total_ms, union
from transcription.coverage import NOT_SENT, Coverage, Missing, Piece, coverage_of

DURATION_MS = 60_000

points = st.integers(0, DURATION_MS)
spans = st.builds(lambda start, length: Span(start, start + length), points, st.integers(1, 20_000))
pieces = st.builds(Piece, spans, st.sampled_from([None, None, "refused", "not transcribed"]))


def covered(speech: list[Span], *pieces: Piece, duration_ms: int = DURATION_MS) -> Coverage:
    return coverage_of(duration_ms=duration_ms, speech=speech, pieces=pieces)


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


@given(st.lists(spans), st.lists(pieces))
def test_transcribed_silence_and_missing_share_the_recording_without_a_rest(
    speech: list[Span], pieces: list[Piece]
) -> None:
    coverage = covered(speech, *pieces)

    parts = [*coverage.transcribed, *coverage.silence, *(gap.span for gap in coverage.missing)]
    assert sum(part.duration_ms for part in parts) == DURATION_MS
    assert union(parts) == (Span(0, DURATION_MS),)


@given(st.lists(spans), st.lists(pieces))
def test_no_speech_is_called_silence_and_no_result_is_called_missing(
    speech: list[Span], pieces: list[Piece]
) -> None:
    coverage = covered(speech, *pieces)

    done = [piece.span for piece in pieces if piece.reason is None]
    assert not intersect(coverage.silence, speech)
    assert not intersect([gap.span for gap in coverage.missing], done)
    assert coverage.transcribed_ms == total_ms(intersect(coverage.speech, done))


@given(st.lists(spans), st.lists(pieces))
def test_gaps_are_in_order_and_touch_only_where_the_reason_changes(
    speech: list[Span], pieces: list[Piece]
) -> None:
    missing = covered(speech, *pieces).missing

    for gap, following in pairwise(missing):
        assert gap.span.end_ms <= following.span.start_ms
        assert gap.span.end_ms < following.span.start_ms or gap.reason != following.reason
