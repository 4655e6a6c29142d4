"""Which of a text's tokens make which word, so that what a model says of tokens is said of words.

In scripts without spaces one token may hold several words and one word be made of pieces of its
letter. Such words are taken for tokens together, as the model was taught to write them. Pure.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from unicodedata import category

from transcription.writing import is_apart


@dataclass(frozen=True, slots=True)
class Tokens:
    """A model's way to write text."""

    of_text: Callable[[str], Sequence[int]]
    length: Callable[[int], int]
    # In bytes.
    sounds: Callable[[int], bool]
    # Whether it is more than punctuation.


@dataclass(frozen=True, slots=True)
class Part:
    """The tokens of one word."""

    own: tuple[int, ...]
    # Those that are said, by their index among all; at least one.
    end: int
    # So many tokens make the text up to the end of the word.
    before: float = 0.0
    # The share of the first one that is the word before.
    after: float = 0.0
    # The share of the last one that is the word after.


def parts_of(words: Sequence[str], tokens: Tokens) -> tuple[list[int], list[Part]]:
    """Return the tokens of *words* as one text, and which of them are each word's."""
    found: list[int] = []
    parts: list[Part] = []
    for run, is_spaced in _runs(words):
        text = " " * is_spaced + "".join(run)
        own = list(tokens.of_text(text))
        if len(run) == 1:
            parts.append(_whole(own, len(found), tokens))
        else:
            ends = list(accumulate(map(tokens.length, own)))
            parts += _shared(run, int(is_spaced), ends, len(found))
        found += own
    return found, parts


def _runs(words: Sequence[str]) -> Iterator[tuple[list[str], bool]]:
    """Yield words that are written without spaces together, and whether one is before them."""
    run: list[str] = []
    is_spaced = False
    for word in words:
        is_next = is_apart(run[-1] if run else word, word)
        # The first one as if it followed itself.
        if run and is_next:
            yield run, is_spaced
            run = []
        if not run:
            is_spaced = is_next
        run.append(word)
    if run:
        yield run, is_spaced


def _whole(own: Sequence[int], first: int, tokens: Tokens) -> Part:
    """Return a word that shares no token, from its first to its last that is said."""
    every = range(first, first + len(own))
    said = [at for at, token in zip(every, own, strict=True) if tokens.sounds(token)]
    return Part(tuple(said or every), first + len(own))


def _shared(run: Sequence[str], start: int, ends: Sequence[int], first: int) -> Iterator[Part]:
    """Yield words of which some share tokens that end at these bytes, from *start* on."""
    starts = [0, *ends]
    for word in run:
        said = word.strip("".join(c for c in word if category(c)[0] in "PS")) or word
        begin = start + len(word[: word.index(said)].encode())
        end = begin + len(said.encode())
        start += len(word.encode())
        # Bytes of the word's letters.
        low = min(bisect_right(ends, begin), len(ends) - 1)
        high = min(bisect_left(ends, end), len(ends) - 1)
        last = min(bisect_left(ends, start), len(ends) - 1)
        yield Part(
            tuple(range(first + low, first + high + 1)),
            first + last + 1,
            max(0, begin - starts[low]) / max(1, ends[low] - starts[low]),
            max(0, ends[high] - end) / max(1, ends[high] - starts[high]),
        )
