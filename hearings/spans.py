"""Stretches of a recording, in whole milliseconds, and the set operations on them."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open stretch ``[start_ms, end_ms)`` of a recording."""

    start_ms: int
    end_ms: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_ms < self.end_ms:
            raise ValueError(f"not a span: {self.start_ms} to {self.end_ms} ms")

    @property
    def duration_ms(self) -> int:
        return self.end_ms - self.start_ms

    @property
    def middle_ms(self) -> int:
        return (self.start_ms + self.end_ms) // 2

    def overlaps(self, other: "Span") -> bool:
        return self.start_ms < other.end_ms and other.start_ms < self.end_ms

    def shifted(self, by_ms: int) -> "Span":
        """Return it as much later. Raises ValueError where it would begin before 0."""
        return Span(self.start_ms + by_ms, self.end_ms + by_ms)

    def clip(self, bounds: "Span") -> "Span | None":
        """Return the part inside *bounds*, or None where there is none."""
        start, end = max(self.start_ms, bounds.start_ms), min(self.end_ms, bounds.end_ms)
        return Span(start, end) if start < end else None


def union(spans: Iterable[Span], *, bridge_ms: int = 0) -> tuple[Span, ...]:
    """Return disjoint spans in order; those at most *bridge_ms* apart become one."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start_ms <= merged[-1].end_ms + bridge_ms:
            merged[-1] = Span(merged[-1].start_ms, max(merged[-1].end_ms, span.end_ms))
        else:
            merged.append(span)
    return tuple(merged)


def clip_all(spans: Iterable[Span], bounds: Span) -> tuple[Span, ...]:
    """Return the parts of *spans* inside *bounds*."""
    return tuple(part for span in spans if (part := span.clip(bounds)))


def gaps(spans: Iterable[Span], bounds: Span) -> tuple[Span, ...]:
    """Return what of *bounds* no span covers."""
    found: list[Span] = []
    position = bounds.start_ms
    for span in union(clip_all(spans, bounds)):
        if span.start_ms > position:
            found.append(Span(position, span.start_ms))
        position = span.end_ms
    if position < bounds.end_ms:
        found.append(Span(position, bounds.end_ms))
    return tuple(found)


def intersect(left: Iterable[Span], right: Iterable[Span]) -> tuple[Span, ...]:
    """Return what both cover. Linear in the number of spans."""
    ours, theirs = union(left), union(right)
    found: list[Span] = []
    i = j = 0
    while i < len(ours) and j < len(theirs):
        if common := ours[i].clip(theirs[j]):
            found.append(common)
        if ours[i].end_ms <= theirs[j].end_ms:
            i += 1
        else:
            j += 1
    return tuple(found)


def parts_in(
    spans: Sequence[Span], stretches: Iterable[Span]
) -> Iterator[tuple[Span, tuple[Span, ...]]]:
    """Yield each stretch with the parts of *spans* inside it. *spans* are in order and disjoint."""
    starts = [span.start_ms for span in spans]
    for stretch in stretches:
        first = max(0, bisect_right(starts, stretch.start_ms) - 1)
        end = bisect_left(starts, stretch.end_ms)
        yield stretch, clip_all(spans[first:end], stretch)


def total_ms(spans: Iterable[Span]) -> int:
    """Return the length of the union."""
    return sum(span.duration_ms for span in union(spans))


def to_json(spans: Iterable[Span]) -> list[list[int]]:
    """Return spans as ``[[start_ms, end_ms], …]`` for a JSON column."""
    return [[span.start_ms, span.end_ms] for span in spans]


def from_json(pairs: Iterable[Sequence[int]]) -> tuple[Span, ...]:
    """Return the spans that `to_json` wrote."""
    return tuple(Span(*pair) for pair in pairs)


def from_json_in(pairs: Iterable[Sequence[int]], bounds: Span) -> tuple[Span, ...]:
    """Return the parts inside *bounds* of the spans that `to_json` wrote; of the rest, nothing."""
    near = (pair for pair in pairs if pair[0] < bounds.end_ms and bounds.start_ms < pair[1])
    return clip_all(from_json(near), bounds)
