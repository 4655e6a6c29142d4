"""Which windows a model on this machine hears a second time, how, and which reading wins.

Whisper now and then leaves out what was said between two pauses, most often a bare answer in a roll
call, or says a phrase over and over. Whether it does depends on where its window begins: cut in
another pause, the same sound is mostly heard. All of this is decided from the window alone, so a
recording in many chunks still gets the words that it gets in one. Pure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hearings.spans import Span, clip_all, gaps, total_ms, union
from transcription.phrases import sound_of
from transcription.words import Word

HOLE_MS = 700
# Speech between two words that neither covers; a hesitation that is rightly left out is shorter.
SOUNDS_MS = 300
LETTER_MS = 90
# A word is said in so much and so much a letter, before its end: where it starts is less sure.
REACH_MS = 100
# Times of words and of speech differ by less.
RUN_UP_MS = 8_000
# So long before a hole, or after one, a window is cut at first; roll calls are best heard from
# before they begin.
SETTLED_MS = 400
# A second reading has to cover so much more speech than the first.
COMPRESSED = 2.4
UNLIKELY = -1.0
# Whisper's own warnings: its text compresses better, or is less likely (mean log-probability).
LESS_LIKELY = 0.3
# A second reading may be so much less likely than the first and still win.
LEAST_PIECE_MS = 1_000
# No window is cut into shorter ones.


@dataclass(frozen=True, slots=True)
class Reading:
    """What one window became."""

    span: Span
    words: tuple[Word, ...]
    # In the order spoken, counted from where the window's span is counted from.
    logprob: float
    # The mean of the log-probabilities of what was written.
    compression: float
    # How well the text compresses.

    @property
    def is_suspect(self) -> bool:
        return self.compression > COMPRESSED or self.logprob < UNLIKELY


def ways_to_cut(reading: Reading, speech: Sequence[Span]) -> tuple[tuple[Span, Span], ...]:
    """Return the ways to cut a doubtful window in two, the best first; none where all is well.

    A window with a hole is cut in a pause some seconds before it, then in the one just before it,
    then in the one just after. Where the window begins with the hole, no words are before it that
    would help to hear it, so it is cut some seconds after it at first. One without a hole is cut
    nearest its middle.
    """
    hole = max(_holes(reading, speech), key=lambda lost: lost.duration_ms, default=None)
    if hole is None and not reading.is_suspect:
        return ()
    window = reading.span
    inner = range(window.start_ms + LEAST_PIECE_MS, window.end_ms - LEAST_PIECE_MS + 1)
    cuts = [pause.middle_ms for pause in gaps(speech, window) if pause.middle_ms in inner]
    wanted = _wanted(hole, reading.words) if hole else [window.middle_ms]
    found = [min(cuts, key=lambda cut: abs(cut - at)) for at in wanted if cuts]
    return tuple(
        (Span(window.start_ms, cut), Span(cut, window.end_ms)) for cut in dict.fromkeys(found)
    )


def _wanted(hole: Span, words: Sequence[Word]) -> list[int]:
    """Return about where a window with a hole is cut, the best first."""
    if any(word.start_ms < hole.start_ms for word in words):
        return [hole.start_ms - RUN_UP_MS, hole.start_ms, hole.end_ms]
    return [hole.end_ms + RUN_UP_MS, hole.end_ms, hole.start_ms]


def is_better(first: Reading, second: Sequence[Reading], speech: Sequence[Span]) -> bool:
    """Tell whether the pieces of a window were heard better than the window as a whole."""
    if any(reading.is_suspect for reading in second):
        return False
    if first.is_suspect:
        return True
    likely = _mean_logprob(second) >= first.logprob - LESS_LIKELY
    won_ms = _lost_ms([first], speech) - _lost_ms(second, speech)
    return likely and won_ms >= SETTLED_MS


def _mean_logprob(readings: Sequence[Reading]) -> float:
    words = sum(len(reading.words) for reading in readings)
    return sum(reading.logprob * len(reading.words) for reading in readings) / max(words, 1)


def _holes(reading: Reading, speech: Sequence[Span]) -> Iterator[Span]:
    """Yield the stretches between words in which people speak for long enough to say one."""
    for gap in gaps(_covered(reading.words), reading.span):
        lost = clip_all(speech, gap)
        if total_ms(lost) >= HOLE_MS:
            yield Span(lost[0].start_ms, lost[-1].end_ms)


def _lost_ms(readings: Sequence[Reading], speech: Sequence[Span]) -> int:
    """Return how much speech has no words."""
    return sum(
        total_ms(clip_all(speech, gap))
        for reading in readings
        for gap in gaps(_covered(reading.words), reading.span)
    )


def _covered(words: Sequence[Word]) -> tuple[Span, ...]:
    """Return where *words* sound."""
    return union(
        Span(
            max(0, word.start_ms - REACH_MS, word.end_ms - _longest_ms(word)),
            word.end_ms + REACH_MS,
        )
        for word in words
    )


def _longest_ms(word: Word) -> int:
    return SOUNDS_MS + round(LETTER_MS * sound_of(word.text))
