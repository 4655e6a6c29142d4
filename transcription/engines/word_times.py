"""Times for a text from words that hold the same letters, however they are cut. Pure.

Some servers give the words of "twenty-five, please." as "twenty", "five", "please".
"""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from hearings.spans import Span, clip_all, union
from transcription.engines.crooked_times import Placed
from transcription.timing import spread
from transcription.words import Timing, Word
from transcription.writing import words_in


def letters(text: str) -> str:
    """Return what is left of *text* without case, spaces and punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(filter(str.isalnum, folded))


@dataclass(slots=True)
class TimedWords:
    """Words with times, of which texts take theirs one after the other.

    All that they take together is linear in what there is of both.
    """

    words: Sequence[Placed]
    # In order.
    used: int = 0
    # So many at the front are spoken for.
    _said: str = field(init=False)
    # The letters of all words, one after the other.
    _starts: list[int] = field(init=False)
    # Where in it each begins, and last its length.
    _middles_ms: list[int] = field(init=False)

    def __post_init__(self) -> None:
        said = [letters(word.text) for word in self.words]
        self._said = "".join(said)
        self._starts = list(accumulate(map(len, said), initial=0))
        self._middles_ms = [word.span.middle_ms for word in self.words]

    def taken_for(self, unit: Placed) -> Sequence[Placed]:
        """Return the words that hold the letters of *unit*, those after the last ones first.

        Where the next ones do not, those from the unit's start on are looked at; where they do not
        either, none are returned and those of the unit's time are passed over.
        """
        wanted = letters(unit.text)
        late = self._first_not_before(unit.span.start_ms)
        for start in dict.fromkeys((self.used, late)) if wanted else ():
            end = self._end_of(wanted, start)
            if end is not None:
                self.used = end
                return self.words[start:end]
        self.used = self._first_not_before(unit.span.end_ms)
        return ()

    def _first_not_before(self, moment_ms: int) -> int:
        return bisect_left(self._middles_ms, moment_ms, lo=self.used)

    def _end_of(self, wanted: str, start: int) -> int | None:
        """Return where the words from *start* on that make *wanted* end; None if they do not."""
        position = self._starts[start]
        if not self._said.startswith(wanted, position):
            return None
        end = bisect_left(self._starts, position + len(wanted), lo=start)
        return end if self._starts[end] == position + len(wanted) else None


class SpokenTime:
    """Where speech was heard, to spread texts over."""

    def __init__(self, speech: Sequence[Span]) -> None:
        self._speech = union(speech)
        self._starts = [span.start_ms for span in self._speech]
        self._ends = [span.end_ms for span in self._speech]

    def spread(self, unit: Placed) -> Iterator[Word]:
        """Yield the words of *unit* over the speech in its time, or over all of it for want."""
        first = bisect_right(self._ends, unit.span.start_ms)
        last = bisect_left(self._starts, unit.span.end_ms)
        spans = clip_all(self._speech[first:last], unit.span) or (unit.span,)
        for word in spread(unit.text, spans, unit.span.duration_ms):
            yield replace(word, speaker=unit.speaker)


def by_letters(text: str, words: Sequence[Placed], speaker: str | None) -> Iterator[Word]:
    """Yield the words of *text* with the times of *words*, which hold the same letters."""
    counts = [len(letters(word.text)) for word in words]
    starts = list(accumulate(counts, initial=0))
    position = 0
    for token in words_in(text):
        end = position + len(letters(token))
        if end > position:
            first = bisect_right(starts, position) - 1
            last = bisect_right(starts, end - 1) - 1
        else:  # punctuation alone: after what was said before it
            first = last = max(bisect_right(starts, max(position - 1, 0)) - 1, 0)
        first, last = min(first, len(words) - 1), min(last, len(words) - 1)
        start_ms = _moment(words[first], position - starts[first], counts[first])
        end_ms = _moment(words[last], end - starts[last], counts[last])
        is_guess = any(word.is_guess for word in words[first : last + 1])
        timing = Timing.ESTIMATED if is_guess else Timing.ENGINE
        yield Word(start_ms, max(end_ms, start_ms + 1), token, timing=timing, speaker=speaker)
        position = end


def _moment(word: Placed, said: int, count: int) -> int:
    return word.span.start_ms + word.span.duration_ms * min(said, count) // max(count, 1)
