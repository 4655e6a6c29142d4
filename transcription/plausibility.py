"""Does an answer fit the sound that it claims to be of? Pure.

A suspicion is no proof: the answer is kept, and a person is shown what was noticed. So the limits
stand well outside of what honest answers show, and a loss that is smaller is not seen here. Where
an engine gives no times, only the amount of text can be judged, not where it is missing.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

from hearings.spans import Span, clip_all, gaps, total_ms, union
from transcription import writing
from transcription.phrases import (
    SOUNDS,
    is_credit,
    is_filler,
    is_sign_off,
    other_language,
    sound_of,
    tokens_of,
)
from transcription.repetition import list_in, loop_in, monotony_in
from transcription.words import Timing, Word


class Doubt(StrEnum):
    """What makes an answer suspect."""

    EMPTY = "empty"
    HEAD = "head missing"
    MIDDLE = "middle missing"
    TAIL = "tail missing"
    SPARSE = "too little text"
    INVENTED = "too much text"
    CEILING = "cut off by the engine"
    LOOP = "loop"
    ECHO = "echo of the hints"
    STOCK = "stock phrase"
    LANGUAGE = "another language"
    DISPLACED = "perhaps elsewhere"
    UNSURE = "the engine is unsure"


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One thing that does not fit."""

    doubt: Doubt
    span: Span | None
    # Where, from the slice's start; None where that is not known.
    sentence: str
    # What was noticed, for a person.


LEAST_SPEECH_MS = 2_000
# Less may be a cough.
HOLE_MS = 3_000
# Speech without a word. Laughter may be as long; honest answers have 1.1 s at most.
SOUNDS_MS, LETTER_MS = 1_000, 90
# A word is said in less, or less a letter, at either side of a stretch that its times span.
LETTERS_PER_SECOND = 8.0
# Of speech. Readings, hearings and council meetings have 10.5 to 18 in any 15 seconds.
UNSURE_MS = 4_000
# Of any slice may be no speech at all, or hesitation.
RELATIVE_PACE = 0.72
UNFINISHED_PACE = 0.80
MOST_RELATIVE_PACE = 1.4
# Shares of what the recording has elsewhere; honest half minutes have 0.88 to 1.16, and the
# slowest speaker among faster ones 0.79.
# The second where the text ends within a sentence, as a text does that was cut off.
RELATIVE_SPEECH_MS = 30_000
# Less speech is too different from the rest.
MOST_LETTERS_PER_SECOND = 26.0
# Faster than anyone reads aloud.
SPARE_LETTERS = 40.0
# That may be said where no speech was heard.
BESIDE_MS = 1_000
# Times of words and of speech differ by less.
WORDS_BESIDE = 8
# Said where nobody speaks.
TOKENS_PER_WORD = 1.3
CEILING_REACHED = 0.85
# Of the engine's ceiling; the tokens are reckoned, not counted.
QUOTED_WORDS = 12
# Of a phrase, in a sentence for a person.
ECHOED_WORDS = 8
# A hint of this length as a sentence of its own.
LEAST_CONFIDENCE = 0.3
# Of the words of a whole answer, on average. Speech has 0.5 and more, also far from the microphone
# in a noisy hall; what comes of music has 0.04 to 0.13.
SOUND_WORDS = 3
# In one pair of brackets.
ENDS = (".", "?", "!", "…", ".”", '."', ".)", "♪", *writing.ENDS)


@dataclass(frozen=True)
class _Answer:
    """The answer with what it is measured against."""

    words: tuple[Word, ...]
    # Without “[Music]” and the like.
    speech: tuple[Span, ...]
    whole: Span
    tokens: tuple[str, ...]
    at: tuple[int, ...]
    # For each token, the index of its word.

    @property
    def is_placed(self) -> bool:
        return all(word.timing is Timing.ENGINE for word in self.words)

    @property
    def speech_ms(self) -> int:
        return total_ms(self.speech)

    @property
    def is_unfinished(self) -> bool:
        """The text has sentences, and ends within one."""
        closed = [word.text.endswith(ENDS) for word in self.words]
        return any(closed) and not closed[-1]

    def span(self, first: int, last: int) -> Span | None:
        """Return where the words from *first* to *last* are, where that is known."""
        if not self.is_placed:
            return None
        start = max(0, self.words[first].start_ms)
        return Span(start, max(start + 1, self.words[last].end_ms))

    def span_of_tokens(self, first: int, last: int) -> Span | None:
        return self.span(self.at[first], self.at[last])

    def sentences(self) -> Iterator[tuple[int, int]]:
        """Yield the first and the last word of each sentence."""
        first = 0
        for index, word in enumerate(self.words):
            if word.text.endswith(ENDS) or index == len(self.words) - 1:
                yield first, index
                first = index + 1

    def text(self, first: int = 0, last: int | None = None) -> str:
        end = len(self.words) if last is None else last + 1
        return writing.joined([word.text for word in self.words[first:end]])


def pace_of(words: Sequence[Word], speech: Sequence[Span]) -> float | None:
    """Return letters a second of speech; None where there is too little speech to tell.

    The median over a recording's chunks is the *usual_pace* of `suspicions`.
    """
    speech_ms = total_ms(speech)
    if speech_ms < RELATIVE_SPEECH_MS:
        return None
    return _sound(words) * 1000 / speech_ms


def suspicions(  # noqa: PLR0913 # everything that is known of one answer
    words: Sequence[Word],
    *,
    speech: Sequence[Span],
    duration_ms: int,
    language: str,
    prompted: Sequence[str] = (),
    output_ceiling_tokens: int | None = None,
    usual_pace: float | None = None,
) -> tuple[Suspicion, ...]:
    """Return what does not fit between *words* and the *speech* of a slice; mostly nothing.

    *words* and *speech* count from the slice's start. *language* is ISO 639-1. *prompted* is what
    the engine was told beforehand. *output_ceiling_tokens* is the most that it writes, *usual_pace*
    what `pace_of` gives for the rest of the recording.
    """
    whole = Span(0, max(duration_ms, 1))
    spoken = _without_sounds(words)
    pairs = [(t, i) for i, word in enumerate(spoken) for t in tokens_of(word.text)]
    tokens, at = tuple(t for t, _ in pairs), tuple(i for _, i in pairs)
    answer = _Answer(spoken, union(clip_all(speech, whole)), whole, tokens, at)
    if not tokens:
        return tuple(_empty(answer))
    return (
        *_holes(answer),
        *_sparse(answer, usual_pace),
        *_invented(answer, usual_pace),
        *_cut_off(answer, output_ceiling_tokens),
        *_loops(answer),
        *_echoes(answer, prompted),
        *_stock(answer),
        *_language(answer, language),
        *_unsure(answer),
    )


def _empty(answer: _Answer) -> Iterator[Suspicion]:
    if answer.speech_ms >= LEAST_SPEECH_MS:
        where = Span(answer.speech[0].start_ms, answer.speech[-1].end_ms)
        sentence = f"{_seconds(answer.speech_ms)} of speech came back without a word."
        yield Suspicion(Doubt.EMPTY, where, sentence)


def _holes(answer: _Answer) -> Iterator[Suspicion]:
    """Yield stretches of speech between words. A word that spans one does not fill it."""
    if not answer.is_placed:
        return
    covered = [span for word in answer.words for span in _sounding(word)]
    for gap in (gap for gap in gaps(covered, answer.whole) if gap.duration_ms >= HOLE_MS):
        lost = clip_all(answer.speech, gap)
        if total_ms(lost) < HOLE_MS:
            continue
        where = Span(lost[0].start_ms, lost[-1].end_ms)
        told = f"{_seconds(total_ms(lost))} of speech came back without words."
        if gap.end_ms == answer.whole.end_ms:
            doubt = Doubt.TAIL
        else:
            doubt = Doubt.MIDDLE if gap.start_ms else Doubt.HEAD
        yield Suspicion(doubt, where, told)


def _sounding(word: Word) -> Iterator[Span]:
    start, end = max(0, word.start_ms), max(0, word.end_ms)
    longest = max(SOUNDS_MS, round(LETTER_MS * sound_of(word.text)))
    if start < end:
        yield Span(start, min(end, start + longest))
        yield Span(max(start, end - longest), end)


def _sparse(answer: _Answer, usual_pace: float | None) -> Iterator[Suspicion]:
    sound, speech_ms = _sound(answer.words), answer.speech_ms
    amount = f"{_seconds(speech_ms)} of speech came back with {_words(len(answer.words))}"
    share = _share_of(usual_pace, answer)
    if sound * 1000 < LETTERS_PER_SECOND * (speech_ms - UNSURE_MS):
        yield Suspicion(Doubt.SPARSE, None, f"{amount}.")
    elif share is not None and share < (UNFINISHED_PACE if answer.is_unfinished else RELATIVE_PACE):
        told = f"{amount}, {share:.0%} of what this recording has elsewhere."
        yield Suspicion(Doubt.SPARSE, None, told)


def _invented(answer: _Answer, usual_pace: float | None) -> Iterator[Suspicion]:
    most = MOST_LETTERS_PER_SECOND * answer.speech_ms / 1000 + SPARE_LETTERS
    share = _share_of(usual_pace, answer)
    amount = f"{_seconds(answer.speech_ms)} of speech came back with {_words(len(answer.words))}"
    if _sound(answer.words) > most:
        yield Suspicion(Doubt.INVENTED, None, f"{amount}, more than anyone says.")
    elif share is not None and share > MOST_RELATIVE_PACE:
        told = f"{amount}, {share:.0%} of what this recording has elsewhere."
        yield Suspicion(Doubt.INVENTED, None, told)
    for first, last in _runs_beside(answer):
        if last - first + 1 >= WORDS_BESIDE:
            told = f"{_words(last - first + 1)} came back for a stretch where nobody speaks."
            yield Suspicion(Doubt.INVENTED, answer.span(first, last), told)


def _share_of(usual_pace: float | None, answer: _Answer) -> float | None:
    """Return the answer's pace as a share of the usual one, where both can be told."""
    pace = pace_of(answer.words, answer.speech)
    return pace / usual_pace if pace is not None and usual_pace else None


def _runs_beside(answer: _Answer) -> Iterator[tuple[int, int]]:
    """Yield the first and last of words in a row that are far from any speech."""
    if not answer.is_placed:
        return
    near = union(
        Span(max(0, span.start_ms - BESIDE_MS), span.end_ms + BESIDE_MS) for span in answer.speech
    )
    starts = [span.start_ms for span in near]
    first: int | None = None
    for index, word in enumerate(answer.words):
        at = bisect_right(starts, word.middle_ms) - 1
        if at >= 0 and word.middle_ms <= near[at].end_ms:
            if first is not None:
                yield first, index - 1
            first = None
        elif first is None:
            first = index
    if first is not None:
        yield first, len(answer.words) - 1


def _cut_off(answer: _Answer, ceiling: int | None) -> Iterator[Suspicion]:
    """Yield where the text is as long as the engine writes at most, and stops early."""
    if ceiling is None or len(answer.tokens) * TOKENS_PER_WORD < CEILING_REACHED * ceiling:
        return
    last = answer.words[-1]
    end_ms = max(0, last.end_ms)
    left = Span(end_ms, answer.whole.end_ms) if end_ms < answer.whole.end_ms else None
    unsaid_ms = total_ms(clip_all(answer.speech, left)) if left and answer.is_placed else 0
    if unsaid_ms >= LEAST_SPEECH_MS or not last.text.endswith(ENDS):
        amount = f"The text stops early after {_words(len(answer.words))}"
        told = f"{amount}, about as many as the engine writes."
        yield Suspicion(Doubt.CEILING, left if unsaid_ms else None, told)


def _loops(answer: _Answer) -> Iterator[Suspicion]:
    if loop := loop_in(answer.tokens):
        phrase = answer.tokens[loop.start : loop.start + loop.period]
        shown = writing.joined(phrase[:QUOTED_WORDS]) + " …" * bool(phrase[QUOTED_WORDS:])
        told = f"“{shown}” comes {loop.times} times in a row."
        where = answer.span_of_tokens(loop.start, loop.start + loop.length - 1)
        yield Suspicion(Doubt.LOOP, where, told)
    elif stretch := monotony_in(answer.tokens):
        told = f"{_words(stretch[1] - stretch[0] + 1)} in a row repeat the same few."
        yield Suspicion(Doubt.LOOP, answer.span_of_tokens(*stretch), told)


def _echoes(answer: _Answer, prompted: Sequence[str]) -> Iterator[Suspicion]:
    hints = [hint for hint in (tuple(tokens_of(text)) for text in prompted) if hint]
    if listed := list_in(answer.tokens, hints):
        told = "The text lists the hints that the engine was given, in their order."
        yield Suspicion(Doubt.ECHO, answer.span_of_tokens(*listed), told)
        return
    for hint in hints:
        place = _sentence_of(answer, hint) if len(hint) >= ECHOED_WORDS else None
        if place is not None:
            told = f"A sentence is a hint that the engine was given: “{answer.text(*place)}”"
            yield Suspicion(Doubt.ECHO, answer.span(*place), told)
            return


def _sentence_of(answer: _Answer, hint: tuple[str, ...]) -> tuple[int, int] | None:
    """Return the first and last word where *hint* stands between the ends of sentences."""
    for start in range(len(answer.tokens) - len(hint) + 1):
        if answer.tokens[start] == hint[0] and answer.tokens[start : start + len(hint)] == hint:
            first, last = answer.at[start], answer.at[start + len(hint) - 1]
            begins = first == 0 or answer.words[first - 1].text.endswith(ENDS)
            if begins and (last == len(answer.words) - 1 or answer.words[last].text.endswith(ENDS)):
                return first, last
    return None


def _stock(answer: _Answer) -> Iterator[Suspicion]:
    sentences = list(answer.sentences())
    beside = {index for a, b in _runs_beside(answer) for index in range(a, b + 1)}
    leaving = {s for s in sentences if is_sign_off(answer.text(*s))}
    farewell_words = sum(last - first + 1 for first, last in leaving)
    for first, last in sentences:
        text = answer.text(first, last)
        unheard = beside.issuperset(range(first, last + 1))
        sign_off = (first, last) in leaving and (
            len(leaving) > 1 or 3 * farewell_words > len(answer.words)
        )
        known = is_filler(text) or (first, last) in leaving
        if is_credit(text) or sign_off or (unheard and known):
            told = f"“{text}” is a phrase that speech models write where nobody speaks."
            yield Suspicion(Doubt.STOCK, answer.span(first, last), told)
            return
    if all(is_filler(answer.text(*sentence)) for sentence in sentences):
        yield from _nothing_but_filler(answer)


def _nothing_but_filler(answer: _Answer) -> Iterator[Suspicion]:
    """Yield where a whole answer of “Thank you.” is said too fast or too slowly to be one."""
    sound, seconds = _sound(answer.words), answer.speech_ms / 1000
    if sound > MOST_LETTERS_PER_SECOND * seconds or sound < LETTERS_PER_SECOND / 2 * (seconds - 2):
        told = f"{_seconds(answer.speech_ms)} of speech came back as “{answer.text()[:60]}” alone."
        yield Suspicion(Doubt.STOCK, None, told)


def _language(answer: _Answer, language: str) -> Iterator[Suspicion]:
    if told := other_language(answer.tokens, language):
        sentence = f"The text does not seem to be in the language “{language}”: {told}."
        yield Suspicion(Doubt.LANGUAGE, None, sentence)


def _unsure(answer: _Answer) -> Iterator[Suspicion]:
    known = [word.confidence for word in answer.words if word.confidence is not None]
    if known and fmean(known) < LEAST_CONFIDENCE:
        told = "The engine is unsure of nearly every word: it may have heard something else."
        yield Suspicion(Doubt.UNSURE, None, told)


def _without_sounds(words: Sequence[Word]) -> tuple[Word, ...]:
    """Return *words* without “[Music]”, “(applause)” and the like, and bare marks."""
    kept: list[Word] = []
    inside: list[Word] = []
    for word in words:
        if inside or word.text.startswith(("[", "(", "*", "♪")):
            inside.append(word)
            if not {*tokens_of(word.text)} <= SOUNDS or len(inside) > SOUND_WORDS:
                kept.extend(inside)
                inside = []
            elif word.text.rstrip(".,!").endswith(("]", ")", "*", "♪")):
                inside = []
        else:
            kept.append(word)
    return tuple(word for word in (*kept, *inside) if tokens_of(word.text))


def _sound(words: Sequence[Word]) -> float:
    return sum(sound_of(word.text) for word in words)


def _seconds(duration_ms: int) -> str:
    return f"{duration_ms / 1000:.0f} s"


def _words(count: int) -> str:
    return "1 word" if count == 1 else f"{count} words"
