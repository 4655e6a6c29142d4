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
        least = _unbearable(period)
        same = 0
        for index in range(period, len(tokens)):
            same = same + 1 if tokens[index] == tokens[index - period] else 0
            length = same + period
            if length >= least and (best is None or length > best.length):
                best = Loop(index - length + 1, length, period)
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
    for index in range(len(hints) - LISTED_TERMS + 1):
        wanted = tuple(token for hint in hints[index : index + LISTED_TERMS] for token in hint)
        for start in range(len(tokens) - len(wanted) + 1):
            if tokens[start : start + len(wanted)] == wanted:
                return start, start + len(wanted) - 1
    return None


def _has_variety(tokens: Sequence[str]) -> bool:
    half = len(tokens) // 2
    new = set(tokens[half:]) - set(tokens[:half])
    return len(new) > NEW_WORDS or len(set(tokens)) > VARIETY * len(tokens)


def _unbearable(period: int) -> int:
    """Return how many tokens of repetition are too many for a phrase of *period* tokens."""
    times = next((times for longest, times in BEARABLE_TIMES if period <= longest), 2)
    return min((times + 1) * period, max(2 * period, BEARABLE_WORDS + 1))
