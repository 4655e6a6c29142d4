"""Loops and echoes in a text: what a speech model repeats and nobody would. Pure.

Committees repeat themselves honestly: “no, no, no”, a roll call, the title of the bill. So a loop
is a phrase that follows itself at once, more often than people do, or a stretch that compresses as
well as loops do (Whisper's own rule) with hardly any different words; and an echo is a list of
hints in the order in which they were given.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST_PERIOD = 200
# Words of a phrase that is repeated.
BEARABLE_TIMES = ((1, 9), (2, 6), (5, 4), (9, 3))
# A phrase of up to so many words may be said so often in a row; a longer one twice.
BEARABLE_WORDS = 49
# And so many words in all that come twice.
COMPRESSED = 2.4
# Whisper's limit, for about as much text as it hears at once.
STRETCH = 80
# Words that are compressed together.
LEAST_BYTES = 200
# Less text tells nothing.
VARIETY = 0.2
NEW_WORDS = 2
# Share of different words in a stretch, and how many first come in its second half. A roll call
# compresses as well as a loop, and has a new name in every line.
LISTED_TERMS = 4
# Hints said one after another.


@dataclass(frozen=True, slots=True)
class Loop:
    """Tokens from *start* that repeat the first *period* of them."""

    start: int
    length: int
    period: int

    @property
    def times(self) -> int:
        return self.length // self.period


def loop_in(tokens: Sequence[str]) -> Loop | None:
    """Return the longest repetition of a phrase that nobody says so often."""
    best: Loop | None = None
    for period in range(1, min(LONGEST_PERIOD, len(tokens) // 2) + 1):
        least = max(_unbearable(period), best.length + 1 if best else 0)
        best = _longest(tokens, period, least) or best
    return best


def _longest(tokens: Sequence[str], period: int, least: int) -> Loop | None:
    """Return the longest repetition of *period* tokens that has *least* or more.

    Its tokens that equal those a period before them are so many in a row that one is among every
    so many; the others need not be looked at.
    """
    best: Loop | None = None
    stride = max(least - period, 1)
    index = period + stride - 1
    while index < len(tokens):
        first, end = index, index
        while first >= period and tokens[first] == tokens[first - period]:
            first -= 1
        if first < index:
            while end < len(tokens) and tokens[end] == tokens[end - period]:
                end += 1
        length = end - first - 1 + period
        if first < index and length >= least:
            best, least = Loop(first + 1 - period, length, period), length + 1
            stride = least - period
        index = max(end, index) + stride
    return best


def monotony_in(tokens: Sequence[str]) -> tuple[int, int] | None:
    """Return the first and last token of a stretch made of the same few words."""
    for start in range(0, max(1, len(tokens) - STRETCH // 2), STRETCH // 2):
        stretch = tokens[start : start + STRETCH]
        text = " ".join(stretch).encode()
        if len(text) < LEAST_BYTES or _has_variety(stretch):
            continue
        if len(text) > COMPRESSED * len(zlib.compress(text)):
            return start, start + len(stretch) - 1
    return None


def list_in(tokens: tuple[str, ...], hints: Sequence[tuple[str, ...]]) -> tuple[int, int] | None:
    """Return the first and last token of hints that follow each other as they were given."""
    text = _spaced(tokens)
    for index in range(len(hints) - LISTED_TERMS + 1):
        wanted = tuple(token for hint in hints[index : index + LISTED_TERMS] for token in hint)
        at = text.find(_spaced(wanted))
        if at >= 0:
            start = text.count(" ", 0, at)
            return start, start + len(wanted) - 1
    return None


def _spaced(tokens: Sequence[str]) -> str:
    """Return tokens, which have no spaces, as a text in which phrases can be looked for."""
    return f" {' '.join(tokens)} "


def _has_variety(tokens: Sequence[str]) -> bool:
    half = len(tokens) // 2
    new = set(tokens[half:]) - set(tokens[:half])
    return len(new) > NEW_WORDS or len(set(tokens)) > VARIETY * len(tokens)


def _unbearable(period: int) -> int:
    """Return how many tokens of repetition are too many for a phrase of *period* tokens."""
    times = next((times for longest, times in BEARABLE_TIMES if period <= longest), 2)
    return min((times + 1) * period, max(2 * period, BEARABLE_WORDS + 1))
