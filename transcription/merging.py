"""One sequence of words out of parts that were heard apart.

Two neighbours that overlap are sewn together at a word that both have, far from both edges
(`seams`), so what an edge did to a word is never used.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, tee, zip_longest

from hearings.spans import Span
from transcription.places import places_after, places_before
from transcription.seams import as_heard, seam
from transcription.words import Word

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


def merge(parts: Iterable[Part]) -> tuple[Word, ...]:
    """Return all words of *parts*, which may come in any order, as `merged` yields them."""
    return tuple(merged(sorted(parts, key=_position)))


def merged(parts: Iterable[Part]) -> Iterator[Word]:
    """Yield all words of *parts* in order, those of an overlap once.

    *parts* come by their start, then by their end; one that lies within what others cover adds
    nothing. The words lie within the parts and do not overlap in time, unless there are more of
    them than milliseconds: then the first ones share one. Where two parts touch or overlap somebody
    was cut short by us, so the dots that an engine writes there go; before a silence they stay. No
    more is in memory than the parts that overlap one another.
    """
    found: list[Word] = []
    begun_ms, covered_ms, has_words = 0, 0, False
    these, next_ones = tee(_uncovered(parts))
    for part, following in zip_longest(these, islice(next_ones, 1, None)):
        words = [_within(part.span, word) for word in part.words]
        if has_words and part.span.start_ms <= covered_ms:
            words = _without_dots(words, 0, LEADING_DOTS)
        if following and following.span.start_ms <= part.span.end_ms:
            words = _without_dots(words, -1, TRAILING_DOTS)
        if part.span.start_ms < covered_ms:
            _sew(found, words, Span(part.span.start_ms, covered_ms))
        else:
            yield from _in_sequence(found, begun_ms, covered_ms)
            found, begun_ms = words, part.span.start_ms
        covered_ms, has_words = part.span.end_ms, has_words or bool(words)
    yield from _in_sequence(found, begun_ms, covered_ms)


def _uncovered(parts: Iterable[Part]) -> Iterator[Part]:
    """Yield the parts but for those that lie within what others cover."""
    covered_ms = 0
    for part in parts:
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


def _sew(found: list[Word], words: list[Word], shared: Span) -> None:
    """Append *words*, whose first ones repeat the last ones of *found* within *shared*."""
    ours = places_before(found, shared.end_ms, shared.duration_ms)
    theirs = places_after(words, shared.start_ms, shared.duration_ms)
    first = len(found) - len(ours)
    left, right = as_heard(found[first:], ours), as_heard(words[: len(theirs)], theirs)
    kept, dropped = seam(left, right, shared)
    del found[first + (kept[-1].index + 1 if kept else 0) :]
    found += words[dropped[-1].index + 1 if dropped else 0 :]


def _in_sequence(words: Sequence[Word], start_ms: int, end_ms: int) -> tuple[Word, ...]:
    """Return *words*, none of which begins before *start_ms*, with times that do not overlap.

    None passes *end_ms*. An engine may loop over a moment: words for which there is no millisecond
    left share the first one.
    """
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
        limit = max(placed[index].start_ms, start_ms + 1)
    return tuple(placed)
