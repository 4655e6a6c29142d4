"""What looking for an answer's words in its sound says against it. Pure."""

from collections.abc import Iterator, Sequence
from itertools import chain

from hearings.spans import Span, clip_all, total_ms
from transcription.alignment import Alignment
from transcription.phrases import sound_of
from transcription.plausibility import Doubt, Suspicion
from transcription.sentences import Sentence, sentences
from transcription.words import Word

BESIDE = 2
# Sentences on each side of a loss that may have been placed where the missing ones were said.
LEAST_HEARD = 0.05
# Score of a word that is heard at all: "Senator" at another senator's name has more, the name none.


def contradictions(found: Alignment, *, speech: Sequence[Span]) -> tuple[Suspicion, ...]:
    """Return a suspicion for each stretch of *speech* without words, and of words without it.

    And for each sentence beside them that may have been said at another moment.
    """
    return (*_lost(found, speech), *_unheard(found), *_displaced(found))


def _lost(found: Alignment, speech: Sequence[Span]) -> Iterator[Suspicion]:
    for span in found.unworded:
        seconds = total_ms(clip_all(speech, span)) / 1000
        told = f"{seconds:.0f} s of speech have no words here."
        yield Suspicion(_part_of(span, speech), span, told)


def _unheard(found: Alignment) -> Iterator[Suspicion]:
    for stretch in found.unsupported:
        told = f"{stretch.words} words in a row are not what is heard here."
        yield Suspicion(Doubt.INVENTED, stretch.span, told)


def _displaced(found: Alignment) -> Iterator[Suspicion]:
    """Yield the sentences beside a loss with a word that is not heard where they are.

    Roll calls and thanks are alike: the model finds a sentence where the missing one was said.
    """
    unsaid = [stretch.span for stretch in found.unsupported]
    spans = [*found.unworded, *unsaid]
    said = sentences(found.words) if spans else ()
    beside = set(chain.from_iterable(_beside(span, said) for span in spans))
    for index, sentence in enumerate(said):
        is_doubted = any(_meets(sentence, span) for span in unsaid)
        if index in beside and not is_doubted and not all(map(_is_heard, sentence.words)):
            told = (
                "Some of these words are not heard here: beside missing words they may have been "
                "said some seconds earlier or later."
            )
            yield Suspicion(Doubt.DISPLACED, Span(sentence.start_ms, sentence.end_ms), told)


def _beside(span: Span, said: Sequence[Sentence]) -> range:
    """Return the indices of the sentences in *span* and of two on each side."""
    first = sum(sentence.end_ms <= span.start_ms for sentence in said)
    after = sum(sentence.start_ms < span.end_ms for sentence in said)
    return range(first - BESIDE, after + BESIDE)


def _meets(sentence: Sentence, span: Span) -> bool:
    return Span(sentence.start_ms, sentence.end_ms).overlaps(span)


def _is_heard(word: Word) -> bool:
    """Tell whether a word is heard at its place; a dash between words is nowhere."""
    return not sound_of(word.text) or (word.confidence or 0) >= LEAST_HEARD


def _part_of(span: Span, speech: Sequence[Span]) -> Doubt:
    if span.end_ms >= speech[-1].end_ms:
        return Doubt.TAIL
    return Doubt.HEAD if span.start_ms <= speech[0].start_ms else Doubt.MIDDLE
