"""True times for words of an engine that gives none: found in the sound, window by window. Pure.

A model on this machine (`engines.aligner`) says where in half a minute of sound each word of a text
is, and how well the sound supports it. It is given more text than the window holds: what is not
said there gathers at the window's end, without length, so the next window begins with it. A window
ends in a pause and the next begins there; so no error outlives its window. Long silences are left
out: the model would stretch words over them.

What the sound does not support is no anchor. A text that lacks what was said, or has what was not,
leaves such stretches between anchors; their words get estimates, and the speech without words is
reported.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from statistics import fmean

from hearings.spans import Span, clip_all, gaps, total_ms, union
from transcription.phrases import sound_of
from transcription.timing import spread
from transcription.words import Timing, Word

WINDOW_MS = 29_500
# Whisper hears 30 s at once.
LEAST_WINDOW_MS = 14_000
# A window ends in no earlier pause, so that windows are few.
PAUSE_MS = 160
EDGE_MS = 400
# Of a silence this much is heard on either side; the rest is left out.
LETTERS_PER_SECOND = 21
# Of speech; more are rarely said, and what is given too much is listened for in vain.
SPARE_LETTERS = 60
MOST_LETTERS = 1_300
# Of one window: the model takes some 440 tokens.
PILE_MS = 120
# Words that begin so near to the last sound of a window were not said in it.
NEIGHBOURS = 2
# Words on each side whose scores count with a word's own.
SUPPORTED = 0.3
# Mean score of a word and its neighbours from which on they were said here: those that were have
# 0.5 to 0.95, others 0.01 to 0.15.
LEAST_SCORE = 0.1
# Of the last word of those that were said in a window.
LEFT_MS = 2_000
# Speech at a window's end without a supported word: it is listened to again with the words after.
UNWORDED_MS = 1_200
# So much speech between words may be more than hesitation.
LEAST_RUN = 4
# Words in a row without support whose times are nothing but a guess.
LEAST_UNSUPPORTED = 6
# So many in a row were not said; fewer may be a name that the model does not know.
ENDS = (".", "?", "!", ".”", '."', ".)")
# Of a sentence.
LETTER_MS = 90
WORD_MS = 300
# A word takes at most so long, and so much more for each letter.


@dataclass(frozen=True, slots=True)
class Placing:
    """Where one word of a text is in a window."""

    start_ms: int
    end_ms: int
    score: float
    # 0 to 1: how well the sound supports it.


Listen = Callable[[Sequence[Span], Sequence[str]], Sequence[Placing]]
# Places words in stretches of the slice, heard one after the other as one sound of half a minute at
# most; one placing a word, in order, from the sound's start.


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Words in a row that are not what is heard where they would have to be."""

    span: Span
    words: int


@dataclass(frozen=True, slots=True)
class Alignment:
    """Words with the times that were found."""

    words: tuple[Word, ...]
    # As many as were given, in their order; each says whether it was aligned or is estimated.
    unworded: tuple[Span, ...] = ()
    # Speech without words, or what sounds like speech.
    unsupported: tuple["Unsupported", ...] = ()


@dataclass(frozen=True, slots=True)
class _Window:
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


def align(
    words: Sequence[Word], *, speech: Sequence[Span], duration_ms: int, listen: Listen
) -> Alignment:
    """Return *words* with times found by *listen*. All times count from the slice's start."""
    spoken = union(clip_all(speech, Span(0, max(duration_ms, 1))))
    if not words or not spoken:
        return Alignment(tuple(words), spoken if not words else ())
    found = _Search(words, spoken, duration_ms, listen).placings()
    placed = _between_anchors(words, _snapped(found, spoken), spoken, duration_ms)
    closed = _closed_up(placed, spoken)
    return Alignment(closed, tuple(_unworded(closed, spoken)), tuple(_unsupported(placed)))


class _Search:
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

    def _window(self, position: int) -> _Window | None:
        """Return the window that begins at the next speech and ends in its last good pause."""
        rest = Span(position, max(self._end_ms, position + 1))
        heard = clip_all(self._heard, rest)
        if not clip_all(self._speech, rest):
            return None
        span = Span(heard[0].start_ms, self._window_end(heard))
        return _Window(span, clip_all(self._speech, span), clip_all(heard, span))

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

    def _look(self, window: _Window) -> int:
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

    def _texts(self, window: _Window) -> list[str]:
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


def _said_in(found: Sequence[Placing], window: _Window) -> int:
    """Return how many of the words were said before the window's end."""
    last = window.speech[-1].end_ms
    pile_ms = min(window.heard[-1].end_ms - 2 * PILE_MS, last - PILE_MS // 3)
    count = len(found)
    while count and found[count - 1].start_ms >= pile_ms:
        count -= 1
    return count


def _support(found: Sequence[Placing], index: int) -> float:
    near = found[max(0, index - NEIGHBOURS) : index + NEIGHBOURS + 1]
    return fmean(placing.score for placing in near)


def _last_supported(found: Sequence[Placing]) -> int:
    """Return the index of the last word that the sound supports, -1 where there is none."""
    for index in reversed(range(len(found))):
        if _support(found, index) >= SUPPORTED and found[index].score >= LEAST_SCORE:
            return index
    return -1


def _after(window: _Window, reached_ms: int) -> int:
    """Return the milliseconds of speech that a window has after *reached_ms*."""
    if reached_ms >= window.span.end_ms:
        return 0
    return total_ms(clip_all(window.speech, Span(reached_ms, window.span.end_ms)))


def _snapped(found: Sequence[Placing | None], speech: Sequence[Span]) -> tuple[Placing | None, ...]:
    """Return the placings without the pauses that the model adds to a word beside them."""
    return tuple(placing and _spoken_part(placing, speech) for placing in found)


def _spoken_part(placing: Placing, speech: Sequence[Span]) -> Placing:
    """Return the longest stretch of speech in a word, or the word where it has none."""
    if placing.end_ms <= placing.start_ms:
        return placing
    parts = clip_all(speech, Span(placing.start_ms, placing.end_ms))
    if not parts:
        return placing
    longest = max(parts, key=lambda part: part.duration_ms)
    return replace(placing, start_ms=longest.start_ms, end_ms=longest.end_ms)


def _between_anchors(
    words: Sequence[Word],
    found: Sequence[Placing | None],
    speech: Sequence[Span],
    duration_ms: int,
) -> tuple[Word, ...]:
    """Return *words* with their places, those without support spread between those with."""
    placed: list[Word] = []
    for first, last, is_supported in _runs(found):
        if is_supported:
            placed += [_aligned(words[i], found[i]) for i in range(first, last)]
            continue
        start = placed[-1].end_ms if placed else 0
        after = found[last] if last < len(words) else None
        end = max(after.start_ms if after else duration_ms, start + 1)
        placed += _estimated(words[first:last], Span(start, end), speech)
    return tuple(placed)


def _closed_up(words: Sequence[Word], speech: Sequence[Span]) -> tuple[Word, ...]:
    """Return *words* with those beside a loss drawn to where the rest of their sentence is.

    Where words were said that the text lacks, the model stretches a word beside them over those,
    or leaves the first word of the next sentence behind.
    """
    closed = [_trimmed(word, begins=begins) for word, begins in _with_begins(words)]
    for index in reversed(range(len(words) - 1)):
        word, after = closed[index], closed[index + 1]
        start = max(word.start_ms, after.start_ms - most_ms(word.text))
        if (word.confidence or 0) >= SUPPORTED or start == word.start_ms:
            continue
        begins = index == 0 or closed[index - 1].text.endswith(ENDS)
        skipped_ms = total_ms(clip_all(speech, Span(word.start_ms, start)))
        if skipped_ms >= LEFT_MS // 2 or (begins and start - word.end_ms >= LEFT_MS // 2):
            closed[index] = replace(
                word, start_ms=start, end_ms=after.start_ms, timing=Timing.ESTIMATED
            )
    return tuple(closed)


def _with_begins(words: Sequence[Word]) -> Iterator[tuple[Word, bool]]:
    """Yield each word, and whether a sentence begins with it."""
    begins = True
    for word in words:
        yield word, begins
        begins = word.text.endswith(ENDS)


def _trimmed(word: Word, *, begins: bool) -> Word:
    """Return a word that lasts too long without the end that is beside another sentence."""
    most = most_ms(word.text)
    if word.end_ms - word.start_ms <= most:
        return word
    if begins:
        return replace(word, start_ms=word.end_ms - most)
    return replace(word, end_ms=word.start_ms + most) if word.text.endswith(ENDS) else word


def _runs(found: Sequence[Placing | None]) -> Iterator[tuple[int, int, bool]]:
    """Yield stretches of words, from and to, and whether their places are to be believed."""
    known = [placing or Placing(0, 0, 0.0) for placing in found]
    good = [p.end_ms > p.start_ms and _support(known, i) >= SUPPORTED for i, p in enumerate(known)]
    runs: list[tuple[int, int, bool]] = []
    for index, is_good in enumerate(good):
        if runs and runs[-1][2] == is_good:
            runs[-1] = (runs[-1][0], index + 1, is_good)
        else:
            runs.append((index, index + 1, is_good))
    for first, last, is_good in runs:
        brief = last - first < LEAST_RUN and all(p.end_ms > p.start_ms for p in known[first:last])
        yield first, last, is_good or brief


def _aligned(word: Word, placing: Placing | None) -> Word:
    if placing is None:
        raise ValueError("a word without a place is not aligned")
    start = placing.start_ms
    end = max(placing.end_ms, start + 1)
    return replace(
        word,
        start_ms=start,
        end_ms=end,
        confidence=round(placing.score, 3),
        timing=Timing.ALIGNED,
    )


def _estimated(words: Sequence[Word], span: Span, speech: Sequence[Span]) -> list[Word]:
    """Return *words* spread over the speech in *span*."""
    inside = [
        Span(s.start_ms - span.start_ms, s.end_ms - span.start_ms) for s in clip_all(speech, span)
    ]
    times = spread(" ".join(word.text for word in words), inside, span.duration_ms)
    return [
        replace(
            word,
            start_ms=time.start_ms + span.start_ms,
            end_ms=time.end_ms + span.start_ms,
            confidence=None,
            timing=Timing.ESTIMATED,
        )
        for word, time in zip(words, times, strict=True)
    ]


def _unworded(words: Sequence[Word], speech: Sequence[Span]) -> Iterator[Span]:
    """Yield where there is more speech than the words between two that are sure can fill."""
    reached, unsure_ms = 0, 0.0
    whole = speech[-1].end_ms
    for word in words:
        most = most_ms(word.text)
        if (word.confidence or 0) < SUPPORTED:
            unsure_ms += most / 2
            continue
        yield from _lost(speech, reached, max(word.start_ms, word.end_ms - most), unsure_ms)
        reached, unsure_ms = min(word.end_ms, word.start_ms + most), 0.0
    yield from _lost(speech, reached, whole, unsure_ms)


def _unsupported(words: Sequence[Word]) -> Iterator[Unsupported]:
    for is_aligned, run in groupby(words, key=lambda word: word.timing is Timing.ALIGNED):
        guessed = list(run)
        if not is_aligned and len(guessed) >= LEAST_UNSUPPORTED:
            start = guessed[0].start_ms
            yield Unsupported(Span(start, max(guessed[-1].end_ms, start + 1)), len(guessed))


def _lost(speech: Sequence[Span], start_ms: int, end_ms: int, filled_ms: float) -> Iterator[Span]:
    """Yield the speech between two moments where words of *filled_ms* leave much of it."""
    if end_ms <= start_ms:
        return
    free = clip_all(speech, Span(start_ms, end_ms))
    if total_ms(free) - filled_ms >= UNWORDED_MS:
        yield Span(free[0].start_ms, free[-1].end_ms)


def most_ms(text: str) -> int:
    """Return the longest that one takes to say a word."""
    return WORD_MS + round(LETTER_MS * sound_of(text))
