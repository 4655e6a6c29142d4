"""Times for a text from words that hold the same letters, however they are cut. Pure.

Some servers give the words of "twenty-five, please." as "twenty", "five", "please".
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from transcription.engines.crooked_times import Placed
from transcription.words import Timing, Word


def letters(text: str) -> str:
    """Return what is left of *text* without case, spaces and punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


@dataclass(slots=True)
class TimedWords:
    """Words with times, of which texts take theirs one after the other."""

    words: Sequence[Placed]
    used: int = 0
    # So many at the front are spoken for.

    def taken_for(self, unit: Placed) -> Sequence[Placed]:
        """Return the words that hold the letters of *unit*, those after the last ones first.

        Where the next ones do not, those from the unit's start on are looked at; where they do not
        either, none are returned and those of the unit's time are passed over.
        """
        late = self._first_not_before(unit.span.start_ms)
        for start in dict.fromkeys((self.used, late)):
            end = self._end_of(letters(unit.text), start)
            if end is not None:
                self.used = end
                return self.words[start:end]
        self.used = self._first_not_before(unit.span.end_ms)
        return ()

    def _first_not_before(self, moment_ms: int) -> int:
        at = self.used
        while at < len(self.words) and self.words[at].span.middle_ms < moment_ms:
            at += 1
        return at

    def _end_of(self, wanted: str, start: int) -> int | None:
        """Return where the words from *start* on that make *wanted* end; None if they do not."""
        done, at = 0, start
        while done < len(wanted):
            if at == len(self.words):
                return None
            piece = letters(self.words[at].text)
            if not wanted.startswith(piece, done):
                return None
            done, at = done + len(piece), at + 1
        return at if at > start else None


def by_letters(text: str, words: Sequence[Placed], speaker: str | None) -> Iterator[Word]:
    """Yield the words of *text* with the times of *words*, which hold the same letters."""
    counts = [len(letters(word.text)) for word in words]
    starts = list(accumulate(counts, initial=0))
    position = 0
    for token in text.split():
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
