"""How far a word is from the edge of its part, and how far it may be. Pure.

An engine's time is off by a little, wherever the word is. An estimate (`timing.spread`) is right
at the edge of its part and less so the farther from there, since people speak faster and more
slowly than their average; so words are counted from the edge that the neighbour overlaps.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from transcription.words import Timing, Word

OFF_MS = 300
# An engine's times are off by at most so much; so are the edges of speech as it was analysed.
PACE = 2.5
# People say 8 to 20 letters a second: nobody is faster or slower than the average by more.
LONGEST_MS = 1_000
# A word is no longer: so much may be missing of the text where an edge cuts.


@dataclass(frozen=True, slots=True)
class Place:
    """Where a word is, counted from the edge of its part into it."""

    at_ms: int
    # Its middle.
    nearer_ms: int
    # It may be nearer to the edge by so much.
    farther_ms: int
    # It may be farther from the edge by so much.
    outer_ms: int
    # Its end away from the edge; that may be farther by as much.
    at_edge: bool
    # The edge may have cut it.


def places_before(words: Sequence[Word], edge_ms: int, shared_ms: int) -> list[Place]:
    """Return the places of the last of *words*, as far as they may lie in so much of the end."""
    stretches = ((edge_ms - word.end_ms, edge_ms - word.start_ms, word) for word in reversed(words))
    return _places(stretches, edge_ms, shared_ms)[::-1]


def places_after(words: Sequence[Word], edge_ms: int, shared_ms: int) -> list[Place]:
    """Return the places of the first of *words*, as far as they may lie in so much of the start."""
    stretches = ((word.start_ms - edge_ms, word.end_ms - edge_ms, word) for word in words)
    return _places(stretches, edge_ms, shared_ms)


def _places(
    stretches: Iterable[tuple[int, int, Word]], edge_ms: int, shared_ms: int
) -> list[Place]:
    clock = _Clock()
    found: list[tuple[int, int, Word, int, int]] = []
    for near_ms, far_ms, word in stretches:
        before_ms = clock.spoken_ms
        is_estimated = word.timing is Timing.ESTIMATED
        clock.pass_over(near_ms, far_ms, len(word.text) + 1 if is_estimated else 0)
        if (clock.nearest_ms(before_ms) if is_estimated else near_ms) - OFF_MS > shared_ms:
            break
        found.append((near_ms, far_ms, word, before_ms, clock.spoken_ms))
    places: list[Place] = []
    for near_ms, far_ms, word, before_ms, after_ms in found:
        at_ms = abs(word.middle_ms - edge_ms)
        if word.timing is not Timing.ESTIMATED:
            places.append(Place(at_ms, OFF_MS, OFF_MS, far_ms, near_ms <= OFF_MS))
            continue
        middle_ms = (before_ms + after_ms) // 2
        # The sound of a word that was cut may be too short to count as speech, and the word be put
        # behind the next silence; so the one at the edge may always be right there.
        nearest_ms = clock.nearest_ms(middle_ms) if places else -OFF_MS
        farther_ms = clock.farthest_ms(middle_ms) - at_ms
        at_edge = clock.nearest_ms(before_ms) <= 0
        places.append(Place(at_ms, at_ms - nearest_ms, farther_ms, far_ms, at_edge))
    return places


class _Clock:
    """Time with and without silences, from an edge on; words leave a gap where nobody speaks."""

    def __init__(self) -> None:
        self._spoken = [0]
        self._real: list[int] = []
        self._first_letters = 0
        self._letter_ms = 0.0
        # What a letter takes where its time is an estimate.

    @property
    def spoken_ms(self) -> int:
        return self._spoken[-1]

    def pass_over(self, near_ms: int, far_ms: int, letters: int) -> None:
        """Go on to the far end of a word; so many *letters* tell the pace where it is estimated."""
        if not self._real:
            self._real, self._first_letters = [near_ms], letters
        # The longest: a word beside a silence is as long as what the silence left of its share.
        if letters:
            self._letter_ms = max(self._letter_ms, (far_ms - near_ms) / letters)
        start = max(near_ms, self._real[-1])
        self._spoken += [self.spoken_ms, self.spoken_ms + max(far_ms - start, 0)]
        self._real += [start, max(far_ms, start)]

    def nearest_ms(self, spoken_ms: float) -> int:
        """Return how near to the edge the moment after *spoken_ms* of speech may be."""
        # The word at the edge may be there in full although the edge cut it, and so have its share.
        first_ms = self._first_letters * self._letter_ms
        spoken_ms = max(0, spoken_ms - first_ms - OFF_MS) / PACE
        return self._moment(spoken_ms, bisect_left(self._spoken, spoken_ms, lo=1)) - OFF_MS

    def farthest_ms(self, spoken_ms: float) -> int:
        """Return how far from the edge the moment after *spoken_ms* of speech may be."""
        spoken_ms = spoken_ms * PACE + OFF_MS + LONGEST_MS
        return self._moment(spoken_ms, bisect_right(self._spoken, spoken_ms)) + OFF_MS

    def _moment(self, spoken_ms: float, after: int) -> int:
        if after == len(self._spoken):
            return round(self._real[-1] + spoken_ms - self._spoken[-1])
        before_ms, after_ms = self._spoken[after - 1 : after + 1]
        share = (spoken_ms - before_ms) / ((after_ms - before_ms) or 1)
        return round(self._real[after - 1] + share * (self._real[after] - self._real[after - 1]))
