"""Goes through a sound and its text together, twenty seconds at a time. Pure.

What is not said in a window gathers at its end, without length; so what is kept of one ends with
the last word that the sound supports, and the next begins with the word after it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from hearings.spans import Span, clip_all, gaps, total_ms, union
from transcription.words import Word

WINDOW_MS = 19_500
# Whisper could hear 30 s at once, but its attention then outgrows the cache of many processors: on
# one it takes 1.1 s for them, and 0.4 s for 20 s (docs/benchmarks.md).
LEAST_WINDOW_MS = 10_000
# A window ends in no earlier pause, so that windows are few.
PAUSE_MS = 160
EDGE_MS = 400
# Of a silence this much is heard on either side; the rest is left out.
LETTERS_PER_SECOND = 21
# Of speech; more are rarely said, and what is given too much is listened for in vain.
SPARE_LETTERS = 60
MOST_LETTERS = 1_300
# Of one window: the model takes 300 tokens, of some four letters each.
PILE_MS = 120
# Words that begin so near to the last sound of a window were not said in it.
NEIGHBOURS = 2
# Words on each side whose scores count with a word's own.
LEADING = 4
# Words before the last one kept of a window whose scores count with its own: where a text lacks
# sentences, the last word of a window may be likely, and those before it are not.
SUPPORTED = 0.3
# Mean score of a word and its neighbours from which on they were said here: those that were have
# 0.5 to 0.95, others 0.01 to 0.15.
LEAST_SCORE = 0.1
# Of the last word of those that were said in a window.
LEFT_MS = 2_000
# Speech at a window's end without a supported word: it is listened to again with the words after.


@dataclass(frozen=True, slots=True)
class Placing:
    """Where one word of a text is in a window."""

    start_ms: int
    end_ms: int
    score: float
    # 0 to 1: how well the sound supports it.


Listen = Callable[[Sequence[Span], Sequence[str]], Sequence[Placing]]
# Places words in stretches of the slice, heard one after the other as one sound of WINDOW_MS at
# most; one placing a word, in order, from the sound's start.


@dataclass(frozen=True, slots=True)
class Window:
    span: Span
    speech: tuple[Span, ...]
    # In it.
    heard: tuple[Span, ...]
    # Speech with its edges: what is listened to.

    def real(self, placing: Placing) -> Placing:
        """Return a placing in what is listened to as one in the slice."""
        return Placing(
            _moment(self.heard, placing.start_ms),
            _moment(self.heard, placing.end_ms, is_end=True),
            placing.score,
        )

    @property
    def ends_in_pause(self) -> bool:
        """Say whether no word can reach over its end."""
        return self.speech[-1].end_ms < self.span.end_ms


class Search:
    """Goes through sound and text together, a window at a time."""

    def __init__(
        self, words: Sequence[Word], speech: Sequence[Span], duration_ms: int, listen: Listen
    ) -> None:
        self._words = words
        self._speech = speech
        self._heard = clip_all(union(map(_with_edges, speech)), Span(0, max(duration_ms, 1)))
        self._end_ms = duration_ms
        self._listen = listen
        self._found: list[Placing | None] = [None] * len(words)
        self._next = 0
        # The first word that has no place yet.
        self._anchor_ms = 0
        # Up to where the sound has its words.

    def placings(self) -> list[Placing | None]:
        """Return a place for each word that was found, from the slice's start."""
        position = 0
        while self._next < len(self._words) and (window := self._window(position)):
            position = self._look(window)
        return self._found

    def _window(self, position: int) -> Window | None:
        """Return the window that begins at the next speech and ends in its last good pause."""
        rest = Span(position, max(self._end_ms, position + 1))
        heard = clip_all(self._heard, rest)
        if not clip_all(self._speech, rest):
            return None
        span = Span(heard[0].start_ms, self._window_end(heard))
        return Window(span, clip_all(self._speech, span), clip_all(heard, span))

    def _window_end(self, heard: Sequence[Span]) -> int:
        """Return where the window that begins with *heard* ends."""
        start = heard[0].start_ms
        if total_ms(heard) <= WINDOW_MS:
            return self._end_ms
        latest = _moment(heard, WINDOW_MS, is_end=True)
        within = range(_moment(heard, LEAST_WINDOW_MS), latest + 1)
        pauses = [
            pause
            for pause in gaps(self._speech, Span(start, self._end_ms))
            if pause.duration_ms >= PAUSE_MS and pause.middle_ms in within
        ]

        def worth(pause: Span) -> float:
            used_ms = total_ms(clip_all(heard, Span(start, pause.middle_ms)))
            return min(pause.duration_ms, 1_000) + used_ms / 30

        return max(pauses, key=worth).middle_ms if pauses else latest

    def _look(self, window: Window) -> int:
        """Place what is said in *window*; return where the next one begins."""
        first = self._next
        texts = self._texts(window)
        offset = window.span.start_ms
        found = [window.real(placing) for placing in self._listen(window.heard, texts)]
        if window.span.end_ms >= self._speech[-1].end_ms:
            self._keep(first, found)
            return window.span.end_ms
        inside = found[: _said_in(found, window)]
        supported = _last_supported(inside) + 1
        # What follows without support may be said in the next window.
        self._keep(first, inside[:supported])
        reached = inside[supported - 1].end_ms if supported else offset
        if reached > offset + LEFT_MS and _after(window, reached) >= LEFT_MS:
            return self._next_pause(reached)
        if window.ends_in_pause or not supported:
            return window.span.end_ms
        return max(reached, offset + LEFT_MS)

    def _texts(self, window: Window) -> list[str]:
        since = Span(min(self._anchor_ms, window.span.start_ms), window.span.end_ms)
        seconds = total_ms(clip_all(self._speech, since)) / 1000
        room = min(MOST_LETTERS, seconds * LETTERS_PER_SECOND + SPARE_LETTERS)
        texts: list[str] = []
        for word in self._words[self._next :]:
            room -= len(word.text) + 1
            if room < 0 and texts:
                break
            texts.append(word.text)
        return texts

    def _keep(self, first: int, placings: Sequence[Placing]) -> None:
        self._found[first : first + len(placings)] = placings
        self._next = first + len(placings)
        self._anchor_ms = placings[-1].end_ms if placings else self._anchor_ms

    def _next_pause(self, reached: int) -> int:
        """Return the first moment after *reached* that is in no word's middle."""
        pause = next(iter(gaps(self._speech, Span(reached, self._end_ms))), None)
        near = pause is not None and pause.start_ms <= reached + LEFT_MS // 2
        return pause.middle_ms if pause and near else reached


def _with_edges(span: Span) -> Span:
    return Span(max(0, span.start_ms - EDGE_MS), span.end_ms + EDGE_MS)


def _moment(heard: Sequence[Span], passed_ms: int, *, is_end: bool = False) -> int:
    """Return when so much of *heard* has passed; between two stretches the end or the start."""
    for span in heard:
        if passed_ms < span.duration_ms or (is_end and passed_ms == span.duration_ms):
            return span.start_ms + passed_ms
        passed_ms -= span.duration_ms
    return heard[-1].end_ms


def _said_in(found: Sequence[Placing], window: Window) -> int:
    """Return how many of the words were said before the window's end."""
    last = window.speech[-1].end_ms
    pile_ms = min(window.heard[-1].end_ms - 2 * PILE_MS, last - PILE_MS // 3)
    count = len(found)
    while count and found[count - 1].start_ms >= pile_ms:
        count -= 1
    return count


def support(found: Sequence[Placing], index: int) -> float:
    """Return the mean score of a word and its neighbours.

    A word without length counts for nothing: where a text has no sound, its words pile up, and
    those that follow from the ones before, as "of" does from "the 6th", have high scores there.
    """
    return _mean_score(found[max(0, index - NEIGHBOURS) : index + NEIGHBOURS + 1])


def _mean_score(found: Sequence[Placing]) -> float:
    return fmean(placing.score * (placing.end_ms > placing.start_ms) for placing in found)


def _last_supported(found: Sequence[Placing]) -> int:
    """Return the index of the last word that the sound supports, -1 where there is none."""
    for index in reversed(range(len(found))):
        leading = _mean_score(found[max(0, index - LEADING) : index + 1])
        scores = (support(found, index), leading)
        if min(scores) >= SUPPORTED and found[index].score >= LEAST_SCORE:
            return index
    return -1


def _after(window: Window, reached_ms: int) -> int:
    """Return the milliseconds of speech that a window has after *reached_ms*."""
    if reached_ms >= window.span.end_ms:
        return 0
    return total_ms(clip_all(window.speech, Span(reached_ms, window.span.end_ms)))
