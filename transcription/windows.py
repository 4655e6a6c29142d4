"""Where a recording is cut for an engine that decodes it in windows of half a minute. Pure.

A window costs the same however short it is, and a word next to a cut is heard worse the less
silence there is about it. So the cuts are chosen together, for few windows and long pauses: one
window more has to be worth it. What is looked for is the shortest path through the pauses (Bellman
1958).
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from hearings.spans import Span

LONG_PAUSE_MS = 1_000
# A longer pause is no better to cut in.
WINDOW_COST_MS = 2_000
# One window more is worth cuts in pauses that are longer by so much together.


def cut(stretch: Span, pauses: Sequence[Span], *, most_ms: int, shared_ms: int) -> Iterator[Span]:
    """Yield windows of at most *most_ms* that hold all of *stretch*, in order.

    *pauses* are those in which it may be cut, in order. Where somebody talks on for longer than a
    window, two windows share *shared_ms*.
    """
    inner = [p for p in pauses if stretch.start_ms < p.middle_ms < stretch.end_ms]
    start = stretch.start_ms
    for before, after in pairwise((start, *(pause.middle_ms for pause in inner), stretch.end_ms)):
        if after - before > most_ms:
            yield from _fewest(start, before, inner, most_ms)
            start = before
            while after - start > most_ms:
                yield Span(start, start + most_ms)
                start += most_ms - shared_ms
    yield from _fewest(start, stretch.end_ms, inner, most_ms)


def _fewest(start_ms: int, end_ms: int, pauses: Sequence[Span], most_ms: int) -> list[Span]:
    """Return the windows from one moment to another, between which no talk is longer than one."""
    inner = [pause for pause in pauses if start_ms < pause.middle_ms < end_ms]
    cuts = [start_ms, *(pause.middle_ms for pause in inner), end_ms]
    missing_ms = [0, *(LONG_PAUSE_MS - min(p.duration_ms, LONG_PAUSE_MS) for p in inner), 0]
    costs, befores = [0], [0]
    first = 0
    for index in range(1, len(cuts)):
        while cuts[index] - cuts[first] > most_ms:
            first += 1
        before = min(range(first, index), key=costs.__getitem__)
        befores.append(before)
        costs.append(costs[before] + missing_ms[index] + WINDOW_COST_MS)
    return list(_followed(cuts, befores))[::-1]


def _followed(cuts: Sequence[int], befores: Sequence[int]) -> Iterator[Span]:
    """Yield the windows from the last to the first."""
    at = len(cuts) - 1
    while at and cuts[at] > cuts[0]:
        yield Span(cuts[befores[at]], cuts[at])
        at = befores[at]
