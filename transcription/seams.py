"""Where two neighbours that overlap change from one to the other. Pure.

They heard the same words there, except for those that an edge cut in half. Where one has no times,
many words in a row that end one side and start the other are the same words, wherever their
estimates are. Otherwise the words are aligned as sequence assembly aligns two overlapping reads:
Needleman and Wunsch (1970) with free gaps at the outer ends. Each word may be displaced as far as
its time may be off (`places`), so that text without times is aligned as text with times is, with
less to go by.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from hearings.spans import Span
from transcription.places import OFF_MS, Place
from transcription.words import Timing, Word

UNPAIRED = 10**12
# The cost of a word that both must have heard and one lacks: more than any sum of displacements.
FAR = 10**6
# The cost of a displacement as far as a time may be off.
MISHEARD = 2 * FAR
ALIKE, ALIKE_ESTIMATED = FAR // 4, FAR // 2
# What a word that both heard makes up for; more where a time is estimated, since those are seldom
# off by as much as they may be.
STRANGE = FAR // 20
# The cost of a word at the edge that is no piece of what the other side has there: it may be
# another word's piece that was misheard, but rather is a word of its own.
MANY = 4
# So many words in a row that both heard are no accident, unless they repeat themselves.


@dataclass(frozen=True, slots=True)
class Heard:
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


def seam(
    left: Sequence[Heard], right: Sequence[Heard], shared: Span
) -> tuple[Sequence[Heard], Sequence[Heard]]:
    """Return what to keep of *left* and what to drop of *right*.

    A few words alike among many that are not are an accident, unless they were heard at one time.
    """
    is_timed = all(heard.is_timed for heard in (*left, *right))
    run = [] if is_timed else _run(left, right)
    pairs, unpaired = (run, 0) if run else _aligned(left, right, shared.duration_ms)
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


def _without_cut(left: Sequence[Heard], shared: Span) -> Sequence[Heard]:
    return left[:-1] if _cut(left[-1:], shared) else left


def _cut(heard: Sequence[Heard], shared: Span) -> Sequence[Heard]:
    """Return those that an edge cut and the other side therefore has whole."""
    return [
        word for word in heard if word.place.at_edge and word.place.outer_ms < shared.duration_ms
    ]


def as_heard(words: Sequence[Word], places: Sequence[Place]) -> list[Heard]:
    """Return *words* without those that are nothing but punctuation."""
    return [
        Heard(index, key, word, place)
        for index, (word, place) in enumerate(zip(words, places, strict=True))
        if (key := _key(word.text))
    ]


def _key(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def _run(left: Sequence[Heard], right: Sequence[Heard]) -> list[tuple[Heard, Heard]]:
    """Return the most words in a row that end the left side and start the right one.

    But for the word at either edge, which may have cut it. None where they are few, or one thing
    said again and again, which may be an accident.
    """
    for length in range(min(len(left), len(right)), MANY - 1, -1):
        for end, start in product((left, left[:-1]), (right, right[1:])):
            run = list(zip(end[-length:], start[:length], strict=False))
            if len(run) == length and all(a.key == b.key for a, b in run):
                return [] if _repeats_itself([a.key for a, _ in run]) else run
    return []


def _repeats_itself(keys: Sequence[str]) -> bool:
    return any(keys[step:] == keys[:-step] for step in range(1, (len(keys) + 1) // 2 + 1))


def _aligned(
    left: Sequence[Heard], right: Sequence[Heard], shared_ms: int
) -> tuple[list[tuple[Heard, Heard]], int]:
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
        elif costs[i][j] == costs[i][j - 1] + _alone(
            b, left[i - 1], shared_ms, is_innermost=j == 1, is_outside=i == len(left)
        ):
            j -= 1
        else:
            i -= 1
    return pairs, (costs[-1][-1] + UNPAIRED // 2) // UNPAIRED


def _costs(left: Sequence[Heard], right: Sequence[Heard], shared_ms: int) -> list[list[int]]:
    """Return what it costs at least to align the first i of *left* and j of *right*."""
    last = len(left)
    costs = [[0] * (len(right) + 1) for _ in range(last + 1)]
    for i, a in enumerate((None, *left)):
        for j, b in enumerate((None, *right)):
            ways = []
            if a and b:
                ways.append(costs[i - 1][j - 1] + _pair(a, b, shared_ms))
            if a:
                beside = right[j] if j < len(right) else None
                alone = _alone(a, beside, shared_ms, is_innermost=i == last, is_outside=not j)
                ways.append(costs[i - 1][j] + alone)
            if b:
                alone = _alone(b, a, shared_ms, is_innermost=j == 1, is_outside=i == last)
                ways.append(costs[i][j - 1] + alone)
            costs[i][j] = min(ways, default=0)
    return costs


def _pair(a: Heard, b: Heard, shared_ms: int) -> int:
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


def _alone(
    word: Heard, beside: Heard | None, shared_ms: int, *, is_innermost: bool, is_outside: bool
) -> int:
    """Return the cost of a word that the other side lacks.

    Hardly any for the innermost, next to its part's edge, which may have cut it: none for a piece
    of what the other side has *beside* it, little for something else. An estimate may put that one
    elsewhere, where its sound was too short to be heard as speech. And none for those outside of
    all that the other side has, as far as they may lie outside of the overlap.
    """
    if is_innermost and word.place.at_edge:
        return 0 if beside is None or word.key in beside.key else STRANGE
    if not is_outside:
        if word.is_timed:
            return UNPAIRED
        return FAR if is_innermost else MISHEARD
    short_ms = max(0, shared_ms - word.place.outer_ms)
    if short_ms > word.place.farther_ms:
        return UNPAIRED
    return 0 if word.is_timed else FAR * short_ms**2 // word.place.farther_ms**2


def _cut_ms(left: Sequence[Heard], right: Sequence[Heard], shared: Span) -> int:
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
