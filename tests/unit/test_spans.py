"""Spans, held against the sets of milliseconds that they stand for."""

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearings.spans import (
    Span,
    clip_all,
    from_json,
    from_json_in,
    gaps,
    intersect,
    to_json,
    total_ms,
    union,
)


def a_span(edges: tuple[int, int]) -> Span:
    return Span(min(edges), max(edges) + 1)


SPAN = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(a_span)
SPANS = st.lists(SPAN, max_size=8)


def moments(spans: Iterable[Span]) -> set[int]:
    """Return every millisecond that *spans* cover."""
    return {ms for span in spans for ms in range(span.start_ms, span.end_ms)}


def disjoint(spans: Iterable[Span]) -> bool:
    """Tell whether *spans* are in order and neither overlap nor touch."""
    return all(a.end_ms < b.start_ms for a, b in pairwise(spans))


@pytest.mark.parametrize(("start_ms", "end_ms"), [(-1, 5), (5, 5), (6, 5)])
def test_a_span_is_neither_empty_nor_before_the_start(start_ms: int, end_ms: int) -> None:
    with pytest.raises(ValueError, match=f"not a span: {start_ms} to {end_ms} ms"):
        Span(start_ms, end_ms)


def test_a_span_knows_its_length_and_its_middle() -> None:
    span = Span(1_000, 4_001)

    assert (span.duration_ms, span.middle_ms) == (3_001, 2_500)


def test_spans_that_touch_do_not_overlap() -> None:
    assert not Span(0, 5).overlaps(Span(5, 9))
    assert Span(0, 6).overlaps(Span(5, 9))


def test_spans_at_most_the_bridge_apart_become_one() -> None:
    spans = [Span(0, 5), Span(8, 9), Span(13, 20)]

    assert union(spans, bridge_ms=3) == (Span(0, 9), Span(13, 20))


def test_without_spans_everything_is_a_gap() -> None:
    assert gaps([], Span(3, 9)) == (Span(3, 9),)


@given(SPAN, SPAN)
def test_overlapping_is_having_a_moment_in_common(a: Span, b: Span) -> None:
    assert a.overlaps(b) == bool(moments([a]) & moments([b]))


@given(SPAN, SPAN)
def test_clipping_leaves_what_both_cover(span: Span, bounds: Span) -> None:
    clipped = span.clip(bounds)

    assert moments([clipped] if clipped else []) == moments([span]) & moments([bounds])


@given(SPANS)
def test_a_union_covers_the_same_with_the_fewest_spans(spans: list[Span]) -> None:
    joined = union(spans)

    assert moments(joined) == moments(spans)
    assert disjoint(joined)


@given(SPANS, st.integers(0, 10))
def test_a_bridged_union_leaves_only_wider_gaps(spans: list[Span], bridge_ms: int) -> None:
    joined = union(spans, bridge_ms=bridge_ms)

    assert moments(joined) >= moments(spans)
    assert all(b.start_ms - a.end_ms > bridge_ms for a, b in pairwise(joined))


@given(SPANS, SPAN)
def test_clipping_all_keeps_what_lies_within(spans: list[Span], bounds: Span) -> None:
    assert moments(clip_all(spans, bounds)) == moments(spans) & moments([bounds])


@given(SPANS, SPAN)
def test_gaps_are_what_the_spans_leave_of_the_bounds(spans: list[Span], bounds: Span) -> None:
    left = gaps(spans, bounds)

    assert moments(left) == moments([bounds]) - moments(spans)
    assert disjoint(left)


@given(SPANS, SPANS)
def test_an_intersection_is_what_both_cover(left: list[Span], right: list[Span]) -> None:
    common = intersect(left, right)

    assert moments(common) == moments(left) & moments(right)
    assert disjoint(common)


@given(SPANS)
def test_the_total_counts_each_moment_once(spans: list[Span]) -> None:
    assert total_ms(spans) == len(moments(spans))


@given(SPANS)
def test_spans_survive_json(spans: list[Span]) -> None:
    assert from_json(to_json(spans)) == tuple(spans)


@given(SPANS, SPAN)
def test_of_spans_in_json_one_may_read_those_within_alone(spans: list[Span], bounds: Span) -> None:
    assert from_json_in(to_json(spans), bounds) == clip_all(spans, bounds)
