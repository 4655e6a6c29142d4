"""Times for words from an engine that gives none: spread over the speech that was heard. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from hearings.spans import Span, union
from transcription.words import Timing, Word
from transcription.writing import words_in


def spread(text: str, speech: Sequence[Span], duration_ms: int) -> tuple[Word, ...]:
    """Return the words of *text* as `spread_words` does."""
    return spread_words(words_in(text), speech, duration_ms)


def spread_words(
    texts: Sequence[str], speech: Sequence[Span], duration_ms: int
) -> tuple[Word, ...]:
    """Return *texts* as words, each as long as its share of letters, over *speech*.

    *speech* counts from the slice's start; where it is empty the whole slice takes its place. No
    word reaches over a silence: it is where the greater part of it fell. The times are estimates
    and say so.
    """
    spoken = union(speech) or (Span(0, max(duration_ms, 1)),)
    ends = list(accumulate(span.duration_ms for span in spoken))
    # Where each stretch ends, counted in speech alone.
    letters = sum(len(text) + 1 for text in texts)
    words: list[Word] = []
    said = 0
    for index, text in enumerate(texts):
        first = ends[-1] * said // letters
        said += len(text) + 1
        last = ends[-1] * said // letters
        middle = 0 if index == 0 else ends[-1] if said == letters else (first + last) // 2
        at = bisect_right(ends, middle, hi=len(ends) - 1)
        before = spoken[at].end_ms - ends[at]
        start = max(first + before, spoken[at].start_ms)
        end = max(min(last + before, spoken[at].end_ms), start + 1)
        words.append(Word(start, end, text, timing=Timing.ESTIMATED))
    return tuple(words)
