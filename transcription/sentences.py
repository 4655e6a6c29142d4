"""Words as sentences to read, to link to and to caption."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, tee, zip_longest
from statistics import fmean

from transcription import writing
from transcription.words import Word

PAUSE_MS = 1_500
# A longer silence ends a sentence, whatever its punctuation.
MOST_WORDS = 40
# Of scripts whose letters are words, twice as many.
MOST_MS = 20_000
OPENING, CLOSING = "\"'“‘«([" + writing.OPENING, "\"'”’»)]" + writing.CLOSING
COMMAS = (",", ";", ":", "—", "–", *writing.COMMAS)
NEVER_LAST = re.compile(
    r"adm|amb|atty|brig|capt|cmdr|col|dr|fr|gen|gov|hon|lt|maj|messrs|mrs?|ms|mt|prof|pub|reps?|rev"
    r"|sec|sens?|sgt|st|supt|vs|([a-z]\.)+[a-z]|(?-i:[A-HJ-Z])",
    re.IGNORECASE,
)
# "Sen", "U.S", "H.R", the "S" of a bill, an initial; but "I." is an end: "So do I."
WITH_NUMBER = re.compile(
    r"nos?|art|cl|fig|pp?|par|pt|sess|stat|tit|vol"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec",
    re.IGNORECASE,
)
# Not last before a number: "No. 5", but "I say no."
WITHIN = re.compile(r"[ap]\.m|al|assn|bros|co|corp|dept|etc|inc|jr|ltd|sr|univ", re.IGNORECASE)
# Last where the next word is capitalised: "at 10 a.m. The committee".


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of words to show as one."""

    start_ms: int
    end_ms: int
    text: str
    # The words, joined.
    words: tuple[Word, ...]
    # At least one.
    confidence: float | None
    # The mean of what is known of the words.
    speaker: str | None = None
    # Who says it, where that is known.


def sentences(words: Iterable[Word]) -> tuple[Sentence, ...]:
    """Return *words* as sentences, all of those that `spoken` yields."""
    return tuple(spoken(words))


def spoken(words: Iterable[Word]) -> Iterator[Sentence]:
    """Yield *words* as sentences, each word once.

    Words in order that do not overlap, as `merged` yields them, give such sentences.
    """
    for found in _up_to_ends(words):
        yield from map(_sentence, _short_enough(tuple(found)))


def _sentence(words: tuple[Word, ...]) -> Sentence:
    known = [word.confidence for word in words if word.confidence is not None]
    return Sentence(
        start_ms=words[0].start_ms,
        end_ms=words[-1].end_ms,
        text=writing.joined([word.text for word in words]),
        words=words,
        confidence=fmean(known) if known else None,
        speaker=words[0].speaker,
    )


def _up_to_ends(words: Iterable[Word]) -> Iterator[list[Word]]:
    """Yield the words up to each end of a sentence or long pause."""
    sentence: list[Word] = []
    these, next_ones = tee(words)
    for word, following in zip_longest(these, islice(next_ones, 1, None)):
        sentence.append(word)
        if following is None or _is_break(word, following):
            yield sentence
            sentence = []


def _is_break(word: Word, following: Word) -> bool:
    return (
        word.speaker != following.speaker
        or _pause_ms(word, following) > PAUSE_MS
        or _ends(word, following)
    )


def _pause_ms(word: Word, following: Word) -> int:
    return following.start_ms - word.end_ms


def _ends(word: Word, following: Word) -> bool:
    text = word.text.strip(OPENING + CLOSING)
    after = following.text.lstrip(OPENING)[:1]
    if text.endswith(("…", "...")):
        return after.isupper()
    if text.endswith("."):
        return _full_stop_ends(text.removesuffix("."), after)
    return text.endswith(("?", "!", *writing.STOPS))


def _full_stop_ends(stem: str, after: str) -> bool:
    """Tell whether the full stop after *stem* is more than that of an abbreviation."""
    if WITHIN.fullmatch(stem):
        return after.isupper()
    if WITH_NUMBER.fullmatch(stem):
        return not after.isdigit()
    return not NEVER_LAST.fullmatch(stem)


def _short_enough(words: tuple[Word, ...]) -> Iterator[tuple[Word, ...]]:
    """Yield *words* in pieces that are not too long."""
    if len(words) == 1 or (
        _count(words) <= MOST_WORDS and words[-1].end_ms - words[0].start_ms <= MOST_MS
    ):
        yield words
        return
    cut = _best_cut(words)
    yield from _short_enough(words[:cut])
    yield from _short_enough(words[cut:])


def _count(words: Sequence[Word]) -> float:
    """Return how many words there are; a letter of a script without spaces is half of one."""
    return len(words) - sum(writing.is_unspaced(word.text) for word in words) / 2


def _best_cut(words: Sequence[Word]) -> int:
    """Return where to cut in the middle half: after a comma, or in the longest pause."""
    margin = max(1, len(words) // 4)
    inner = range(margin, len(words) - margin + 1)
    return max(
        inner,
        key=lambda cut: (
            words[cut - 1].text.rstrip(CLOSING).endswith(COMMAS),
            _pause_ms(words[cut - 1], words[cut]),
            -abs(2 * cut - len(words)),
        ),
    )
