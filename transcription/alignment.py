"""True times for words of an engine that gives none: found in the sound, window by window. Pure.

A model on this machine (`engines.aligner`) says where in twenty seconds of sound each word of a
text is, and how well the sound supports it. It is given more text than the window holds: what is
not said there gathers at the window's end, without length, so the next window begins with it. A
window ends in a pause and the next begins there; so no error outlives its window. Long silences are
left out: the model would stretch words over them.

What the sound does not support is no anchor. A text that lacks what was said, or has what was not,
leaves such stretches between anchors; their words get estimates, and the speech without words is
reported.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from hearings.spans import Span, clip_all, total_ms, union
from transcription import writing
from transcription.phrases import sound_of
from transcription.timing import spread_words
from transcription.word_search import LEFT_MS, SUPPORTED, Listen, Placing, Search, support
from transcription.words import Timing, Word

UNWORDED_MS = 1_200
# So much speech between words may be more than hesitation.
LEAST_HEARD = 3
# Words that are heard in a stretch for which there are none: fewer may be made up.
LEAST_RUN = 4
# Words in a row without support whose times are nothing but a guess.
LEAST_UNSUPPORTED = 6
# So many in a row were not said; fewer may be a name that the model does not know.
ENDS = (".", "?", "!", ".”", '."', ".)", *writing.ENDS)
# Of a sentence.
LETTER_MS = 90
WORD_MS = 300
# A word takes at most so long, and so much more for each letter.


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


def align(
    words: Sequence[Word], *, speech: Sequence[Span], duration_ms: int, listen: Listen
) -> Alignment:
    """Return *words* with times found by *listen*. All times count from the slice's start."""
    spoken = union(clip_all(speech, Span(0, max(duration_ms, 1))))
    if not words or not spoken:
        return Alignment(tuple(words), spoken if not words else ())
    found = Search(words, spoken, duration_ms, listen).placings()
    placed = _between_anchors(words, _snapped(found, spoken), spoken, duration_ms)
    closed = _closed_up(placed, spoken)
    return Alignment(closed, tuple(_unworded(closed, spoken)), tuple(_unsupported(placed)))


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
    good = [p.end_ms > p.start_ms and support(known, i) >= SUPPORTED for i, p in enumerate(known)]
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
    times = spread_words([word.text for word in words], inside, span.duration_ms)
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


def confirmed(
    found: Alignment, *, speech: Sequence[Span], hear: Callable[[Span], str]
) -> Alignment:
    """Return *found* with only that speech without words in which *hear* hears words too.

    Laughter, applause and a voice far off sound like speech and have none.
    """

    def has_words(span: Span) -> bool:
        # A model that begins within a sentence may stop at its end and leave out all that follows.
        is_heard = len(writing.words_in(hear(span))) >= LEAST_HEARD
        return is_heard or any(map(has_words, halves(span, speech)))

    return replace(found, unworded=tuple(filter(has_words, found.unworded)))


def halves(unworded: Span, speech: Sequence[Span]) -> tuple[Span, ...]:
    """Return two parts of speech without words, cut in a pause; none where one would be brief."""
    spoken = clip_all(speech, unworded)
    cuts = [
        at
        for at in range(1, len(spoken))
        if min(total_ms(spoken[:at]), total_ms(spoken[at:])) >= UNWORDED_MS
    ]
    if not cuts:
        return ()
    at = min(cuts, key=lambda cut: abs(spoken[cut].start_ms - unworded.middle_ms))
    parts = (spoken[:at], spoken[at:])
    return tuple(Span(part[0].start_ms, part[-1].end_ms) for part in parts)


def most_ms(text: str) -> int:
    """Return the longest that one takes to say a word."""
    return WORD_MS + round(LETTER_MS * sound_of(text))
