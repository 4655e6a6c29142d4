"""One sequence of words out of parts that were heard apart.

Two neighbours that overlap heard the same words there, except for those that an edge cut in half.
Their words are aligned as sequence assembly aligns two overlapping reads: Needleman and Wunsch
(1970) with free gaps at the outer ends. The parts are then sewn together at a word that both have,
far from both edges, so what an edge did to a word is never used.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile, zip_longest

from hearings.spans import Span
from transcription.words import Timing, Word

HEARD_MS = 300
# An engine's times are off by at most so much, so two sides differ by at most twice that.
ESTIMATED_MS = 1_500
# The same where a time is only estimated.
UNPAIRED = 10**12
# The cost of a word that both must have heard and one lacks: more than any sum of differences.


@dataclass(frozen=True, slots=True)
class Part:
    """What one chunk, or one window of it, became."""

    span: Span
    # What was listened to.
    words: tuple[Word, ...]
    # In the order spoken, times from the start of the recording.


@dataclass(frozen=True, slots=True)
class _Heard:
    """A word of one side, as the two sides are compared."""

    index: int
    # Among that side's words.
    key: str
    # Without case and punctuation.
    word: Word
    cut_at_start: bool
    # It may reach over the start of the overlap: the right side heard half of it, or nothing.
    cut_at_end: bool
    # It may reach over the end of the overlap: the left side heard half of it, or nothing.


def merge(parts: Iterable[Part]) -> tuple[Word, ...]:
    """Return all words of *parts* in order, those of an overlap once.

    The words do not overlap in time and lie within the parts. The parts may come in any order; one
    that lies within what others cover adds nothing.
    """
    merged: list[Word] = []
    covered_ms = 0
    for part in sorted(parts, key=_position):
        if part.span.end_ms <= covered_ms:
            continue
        words = [_within(part.span, word) for word in part.words]
        if part.span.start_ms < covered_ms:
            _sew(merged, words, Span(part.span.start_ms, covered_ms))
        else:
            merged += words
        covered_ms = part.span.end_ms
    return _in_sequence(merged, covered_ms)


def _position(part: Part) -> tuple[Span, list[tuple[int, str]]]:
    return part.span, [(word.start_ms, word.text) for word in part.words]


def _within(span: Span, word: Word) -> Word:
    start_ms = min(max(word.start_ms, span.start_ms), span.end_ms - 1)
    end_ms = max(min(word.end_ms, span.end_ms), start_ms + 1)
    return replace(word, start_ms=start_ms, end_ms=end_ms)


def _sew(merged: list[Word], words: list[Word], shared: Span) -> None:
    """Append *words*, whose first ones repeat the last ones of *merged* within *shared*."""
    error_ms = _error_ms(merged[-1:] + words[:1])
    reach_ms = 2 * error_ms
    first = len(merged)
    while first and merged[first - 1].end_ms > shared.start_ms - reach_ms:
        first -= 1
    left = merged[first:]
    right = list(takewhile(lambda word: word.start_ms < shared.end_ms + reach_ms, words))
    kept, dropped = _seam(left, right, shared, error_ms)
    merged[first + kept :] = words[dropped:]


def _error_ms(words: Iterable[Word]) -> int:
    estimated = any(word.timing is Timing.ESTIMATED for word in words)
    return ESTIMATED_MS if estimated else HEARD_MS


def _seam(
    left: Sequence[Word], right: Sequence[Word], shared: Span, error_ms: int
) -> tuple[int, int]:
    """Return how many words to keep of *left* and how many to drop of *right*."""
    ours, theirs = _heard(left, shared, error_ms), _heard(right, shared, error_ms)
    pairs = list(_aligned(ours, theirs, 2 * error_ms))
    if pairs:
        a, b = min(
            pairs, key=lambda pair: abs(sum(x.word.middle_ms for x in pair) - 2 * shared.middle_ms)
        )
        return a.index + 1, b.index + 1
    cut_ms = _cut_ms(ours, theirs, shared, error_ms)
    return (
        sum(word.middle_ms < cut_ms for word in left),
        sum(word.middle_ms < cut_ms for word in right),
    )


def _heard(words: Sequence[Word], shared: Span, error_ms: int) -> list[_Heard]:
    """Return *words* without those that are nothing but punctuation."""
    return [
        _Heard(
            index,
            key,
            word,
            cut_at_start=word.start_ms <= shared.start_ms + error_ms,
            cut_at_end=word.end_ms >= shared.end_ms - error_ms,
        )
        for index, word in enumerate(words)
        if (key := _key(word.text))
    ]


def _key(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def _aligned(
    left: Sequence[_Heard], right: Sequence[_Heard], reach_ms: int
) -> Iterator[tuple[_Heard, _Heard]]:
    """Yield the pairs, last one first, that leave the fewest words unpaired and differ least."""
    costs = _costs(left, right, reach_ms)
    i, j = len(left), len(right)
    while i and j:
        if costs[i][j] == costs[i - 1][j - 1] + _pair(left[i - 1], right[j - 1], reach_ms):
            i, j = i - 1, j - 1
            yield left[i], right[j]
        elif costs[i][j] == costs[i - 1][j] + _without_right(left, i - 1, j):
            i -= 1
        else:
            j -= 1


def _costs(left: Sequence[_Heard], right: Sequence[_Heard], reach_ms: int) -> list[list[int]]:
    """Return what it costs at least to align the first i of *left* and j of *right*."""
    costs = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in range(len(left) + 1):
        for j in range(len(right) + 1):
            ways = []
            if i and j:
                ways.append(costs[i - 1][j - 1] + _pair(left[i - 1], right[j - 1], reach_ms))
            if i:
                ways.append(costs[i - 1][j] + _without_right(left, i - 1, j))
            if j:
                ways.append(costs[i][j - 1] + _without_left(right, j - 1, len(left) - i))
            costs[i][j] = min(ways, default=0)
    return costs


def _pair(a: _Heard, b: _Heard, reach_ms: int) -> int:
    """Return the cost of taking *a* and *b* for one word; a small difference is a gain."""
    difference_ms = abs(a.word.middle_ms - b.word.middle_ms)
    if a.key != b.key or difference_ms > reach_ms:
        return 3 * UNPAIRED
    return difference_ms**2 - (reach_ms // 2) ** 2


def _without_right(left: Sequence[_Heard], i: int, right_before: int) -> int:
    """Return the cost of a left word that the right side lacks, *right_before* of it aligned.

    Free before the overlap, and for the last one where the end may have cut it.
    """
    before = not right_before and left[i].cut_at_start
    last = i == len(left) - 1 and left[i].cut_at_end
    return 0 if before or last else UNPAIRED


def _without_left(right: Sequence[_Heard], j: int, left_after: int) -> int:
    """Return the cost of a right word that the left side lacks, *left_after* of it to come.

    Free after the overlap, and for the first one where the start may have cut it.
    """
    after = not left_after and right[j].cut_at_end
    first = not j and right[j].cut_at_start
    return 0 if after or first else UNPAIRED


def _cut_ms(left: Sequence[_Heard], right: Sequence[_Heard], shared: Span, error_ms: int) -> int:
    """Return where to change sides when they have no word in common.

    In the middle, but not before what only the left side heard or after what only the right did.
    """
    if all(heard.word.start_ms > shared.end_ms + error_ms for heard in right):
        return shared.end_ms
    if all(heard.word.end_ms < shared.start_ms - error_ms for heard in left):
        return shared.start_ms
    last = max((x.word.middle_ms for x in left if not x.cut_at_end), default=shared.start_ms)
    first = min((x.word.middle_ms for x in right if not x.cut_at_start), default=shared.end_ms)
    return min(max(shared.middle_ms, last + 1), first) if last < first else shared.middle_ms


def _in_sequence(words: Sequence[Word], end_ms: int) -> tuple[Word, ...]:
    """Return *words* with times that neither overlap nor pass *end_ms*."""
    edges: list[tuple[int, int]] = []
    position = 0
    for word, following in zip_longest(words, words[1:]):
        start = max(word.start_ms, position)
        position = max(word.end_ms, start + 1)
        if following and following.start_ms < position:
            halfway = (position + following.start_ms) // 2
            position = max(min(halfway, following.end_ms - 1), start + 1)
        edges.append((start, position))
    limit = end_ms
    for index in reversed(range(len(edges))):
        end = min(edges[index][1], limit)
        limit = min(edges[index][0], end - 1)
        edges[index] = (limit, end)
    return tuple(
        replace(word, start_ms=start, end_ms=end)
        for word, (start, end) in zip(words, edges, strict=True)
    )
