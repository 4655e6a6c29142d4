"""One sequence of words out of parts that were heard apart.

Two neighbours that overlap heard the same words there, except for those that an edge cut in half.
Their words are aligned as sequence assembly aligns two overlapping reads: Needleman and Wunsch
(1970) with free gaps at the outer ends. Each word may be displaced as far as its time may be off
(`places`), so that text without times is aligned as text with times is, with less to go by. The
parts are then sewn together at a word that both have, far from both edges, so what an edge did to
a word is never used.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, zip_longest

from hearings.spans import Span
from transcription.places import OFF_MS, Place, places_after, places_before
from transcription.words import Timing, Word

UNPAIRED = 10**12
# The cost of a word that both must have heard and one lacks: more than any sum of displacements.
FAR = 10**6
# The cost of a displacement as far as a time may be off.
MISHEARD = 2 * FAR
ALIKE, ALIKE_ESTIMATED = FAR // 4, FAR // 2
# What a word that both heard makes up for; more where a time is estimated, since those are seldom
# off by as much as they may be.
LEADING_DOTS = re.compile(r"^([\"'“‘«(\[]*)(?:…|\.{2,})+")
TRAILING_DOTS = re.compile(r"(?:…|\.{2,})+([\"'”’»)\]]*)$")
# What engines write where they hear somebody in the middle of a sentence.


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
    place: Place

    @property
    def is_timed(self) -> bool:
        return self.word.timing is not Timing.ESTIMATED


def merge(parts: Iterable[Part]) -> tuple[Word, ...]:
    """Return all words of *parts* in order, those of an overlap once.

    The words do not overlap in time and lie within the parts. The parts may come in any order; one
    that lies within what others cover adds nothing. Where two parts touch or overlap somebody was
    cut short by us, so the dots that an engine writes there go; before a silence they stay.
    """
    merged: list[Word] = []
    covered_ms = 0
    uncovered = list(_uncovered(parts))
    for part, following in zip_longest(uncovered, uncovered[1:]):
        words = [_within(part.span, word) for word in part.words]
        if merged and part.span.start_ms <= covered_ms:
            words = _without_dots(words, 0, LEADING_DOTS)
        if following and following.span.start_ms <= part.span.end_ms:
            words = _without_dots(words, -1, TRAILING_DOTS)
        if part.span.start_ms < covered_ms:
            _sew(merged, words, Span(part.span.start_ms, covered_ms))
        else:
            merged += words
        covered_ms = part.span.end_ms
    return _in_sequence(merged, covered_ms)


def _uncovered(parts: Iterable[Part]) -> Iterator[Part]:
    """Yield the parts in order but for those that lie within what others cover."""
    covered_ms = 0
    for part in sorted(parts, key=_position):
        if part.span.end_ms > covered_ms:
            covered_ms = part.span.end_ms
            yield part


def _position(part: Part) -> tuple[Span, list[tuple[int, str]]]:
    return part.span, [(word.start_ms, word.text) for word in part.words]


def _within(span: Span, word: Word) -> Word:
    start_ms = min(max(word.start_ms, span.start_ms), span.end_ms - 1)
    end_ms = max(min(word.end_ms, span.end_ms), start_ms + 1)
    return _timed(word, start_ms, end_ms)


def _timed(word: Word, start_ms: int, end_ms: int) -> Word:
    """Return *word* with these times; itself where it has them, as most have."""
    if (word.start_ms, word.end_ms) == (start_ms, end_ms):
        return word
    return replace(word, start_ms=start_ms, end_ms=end_ms)


def _without_dots(words: list[Word], at: int, dots: re.Pattern[str]) -> list[Word]:
    """Return *words* without the *dots* of the one at *at*, which goes if it was nothing else."""
    if not words:
        return words
    text = dots.sub(r"\1", words[at].text)
    changed = [replace(words[at], text=text)] if text else []
    return [*changed, *words[1:]] if at == 0 else [*words[:-1], *changed]


def _sew(merged: list[Word], words: list[Word], shared: Span) -> None:
    """Append *words*, whose first ones repeat the last ones of *merged* within *shared*."""
    ours = places_before(merged, shared.end_ms, shared.duration_ms)
    theirs = places_after(words, shared.start_ms, shared.duration_ms)
    first = len(merged) - len(ours)
    left, right = _heard(merged[first:], ours), _heard(words[: len(theirs)], theirs)
    kept, dropped = _seam(left, right, shared)
    del merged[first + (kept[-1].index + 1 if kept else 0) :]
    merged += words[dropped[-1].index + 1 if dropped else 0 :]


def _seam(
    left: Sequence[_Heard], right: Sequence[_Heard], shared: Span
) -> tuple[Sequence[_Heard], Sequence[_Heard]]:
    """Return what to keep of *left* and what to drop of *right*.

    A few words alike among many that are not are an accident, unless they were heard at one time.
    """
    is_timed = all(heard.is_timed for heard in (*left, *right))
    pairs, unpaired = _aligned(left, right, shared.duration_ms)
    if pairs and (is_timed or unpaired <= len(pairs)):
        a, b = min(pairs, key=lambda pair: abs(pair[0].place.at_ms - pair[1].place.at_ms))
        return left[: left.index(a) + 1], right[: right.index(b) + 1]
    if is_timed:
        cut_ms = _cut_ms(left, right, shared)
        kept = [heard for heard in left if heard.word.middle_ms < cut_ms]
        return kept, [heard for heard in right if heard.word.middle_ms < cut_ms]
    if unpaired or any(
        heard.place.at_ms < shared.duration_ms // 2 for heard in (*left[:-1], *right[1:])
    ):
        return left, []
    return _without_cut(left, shared), _cut(right[:1], shared)


def _without_cut(left: Sequence[_Heard], shared: Span) -> Sequence[_Heard]:
    return left[:-1] if _cut(left[-1:], shared) else left


def _cut(heard: Sequence[_Heard], shared: Span) -> Sequence[_Heard]:
    """Return those that an edge cut and the other side therefore has whole."""
    return [
        word for word in heard if word.place.at_edge and word.place.outer_ms < shared.duration_ms
    ]


def _heard(words: Sequence[Word], places: Sequence[Place]) -> list[_Heard]:
    """Return *words* without those that are nothing but punctuation."""
    return [
        _Heard(index, key, word, place)
        for index, (word, place) in enumerate(zip(words, places, strict=True))
        if (key := _key(word.text))
    ]


def _key(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def _aligned(
    left: Sequence[_Heard], right: Sequence[_Heard], shared_ms: int
) -> tuple[list[tuple[_Heard, _Heard]], int]:
    """Return the pairs that leave the fewest words unpaired and are displaced least.

    With them comes how many words are unpaired that should not be.
    """
    costs = _costs(left, right, shared_ms)
    i, j = len(left), len(right)
    pairs = []
    while i and j:
        a, b = left[i - 1], right[j - 1]
        if costs[i][j] == costs[i - 1][j - 1] + _pair(a, b, shared_ms):
            i, j = i - 1, j - 1
            pairs.append((a, b))
        elif costs[i][j] == costs[i - 1][j] + _alone(a, shared_ms, is_innermost=i == len(left)):
            i -= 1
        else:
            j -= 1
    return pairs, (costs[-1][-1] + UNPAIRED // 2) // UNPAIRED


def _costs(left: Sequence[_Heard], right: Sequence[_Heard], shared_ms: int) -> list[list[int]]:
    """Return what it costs at least to align the first i of *left* and j of *right*."""
    last = len(left)
    costs = [[0] * (len(right) + 1) for _ in range(last + 1)]
    for i, a in enumerate((None, *left)):
        for j, b in enumerate((None, *right)):
            ways = []
            if a and b:
                ways.append(costs[i - 1][j - 1] + _pair(a, b, shared_ms))
            if a:
                alone = _alone(a, shared_ms, is_innermost=i == last, is_outside=not j)
                ways.append(costs[i - 1][j] + alone)
            if b:
                alone = _alone(b, shared_ms, is_innermost=j == 1, is_outside=i == last)
                ways.append(costs[i][j - 1] + alone)
            costs[i][j] = min(ways, default=0)
    return costs


def _pair(a: _Heard, b: _Heard, shared_ms: int) -> int:
    """Return the cost of taking *a* and *b* for one word; a small displacement is a gain."""
    off_ms = a.place.at_ms + b.place.at_ms - shared_ms
    if off_ms > 0:
        most_ms = a.place.nearer_ms + b.place.nearer_ms
    else:
        most_ms = a.place.farther_ms + b.place.farther_ms
    if a.key != b.key or abs(off_ms) > most_ms:
        return 3 * UNPAIRED
    gain = ALIKE if a.is_timed and b.is_timed else ALIKE_ESTIMATED
    return FAR * off_ms**2 // most_ms**2 - gain


def _alone(word: _Heard, shared_ms: int, *, is_innermost: bool, is_outside: bool = False) -> int:
    """Return the cost of a word that the other side lacks.

    None for the innermost, next to its part's edge, which may have cut it. An estimate may put
    that one elsewhere, where its sound was too short to be heard as speech. And none for those
    outside of all that the other side has, as far as they may lie outside of the overlap.
    """
    if is_innermost and word.place.at_edge:
        return 0
    if not is_outside:
        if word.is_timed:
            return UNPAIRED
        return FAR if is_innermost else MISHEARD
    short_ms = max(0, shared_ms - word.place.outer_ms)
    if short_ms > word.place.farther_ms:
        return UNPAIRED
    return 0 if word.is_timed else FAR * short_ms**2 // word.place.farther_ms**2


def _cut_ms(left: Sequence[_Heard], right: Sequence[_Heard], shared: Span) -> int:
    """Return where to change sides when they have no word in common.

    In the middle, but not before what only the left side heard or after what only the right did.
    """
    if all(heard.word.start_ms > shared.end_ms + OFF_MS for heard in right):
        return shared.end_ms
    if all(heard.word.end_ms < shared.start_ms - OFF_MS for heard in left):
        return shared.start_ms
    last = max((x.word.middle_ms for x in left if not x.place.at_edge), default=shared.start_ms)
    first = min((x.word.middle_ms for x in right if not x.place.at_edge), default=shared.end_ms)
    return min(max(shared.middle_ms, last + 1), first) if last < first else shared.middle_ms


def _in_sequence(words: Sequence[Word], end_ms: int) -> tuple[Word, ...]:
    """Return *words* with times that neither overlap nor pass *end_ms*."""
    placed: list[Word] = []
    position = 0
    for word, following in zip_longest(words, islice(words, 1, None)):
        start = max(word.start_ms, position)
        position = max(word.end_ms, start + 1)
        if following and following.start_ms < position:
            halfway = (position + following.start_ms) // 2
            position = max(min(halfway, following.end_ms - 1), start + 1)
        placed.append(_timed(word, start, position))
    limit = end_ms
    for index in reversed(range(len(placed))):
        word = placed[index]
        if word.end_ms <= limit:
            break  # as do all before it: none ends after the next one starts
        placed[index] = _timed(word, min(word.start_ms, limit - 1), limit)
        limit = placed[index].start_ms
    return tuple(placed)
