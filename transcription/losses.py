"""What looking for an answer's words in its sound says against it. Pure."""

from collections.abc import Iterator, Sequence

from hearings.spans import Span, clip_all, total_ms
from transcription.alignment import Alignment
from transcription.plausibility import Doubt, Suspicion


def contradictions(found: Alignment, *, speech: Sequence[Span]) -> tuple[Suspicion, ...]:
    """Return a suspicion for each stretch of *speech* without words, and of words without it."""
    return (*_lost(found, speech), *_unheard(found))


def _lost(found: Alignment, speech: Sequence[Span]) -> Iterator[Suspicion]:
    for span in found.unworded:
        seconds = total_ms(clip_all(speech, span)) / 1000
        told = f"{seconds:.0f} s of speech have no words here."
        yield Suspicion(_part_of(span, speech), span, told)


def _unheard(found: Alignment) -> Iterator[Suspicion]:
    for stretch in found.unsupported:
        told = f"{stretch.words} words in a row are not what is heard here."
        yield Suspicion(Doubt.INVENTED, stretch.span, told)


def _part_of(span: Span, speech: Sequence[Span]) -> Doubt:
    if span.end_ms >= speech[-1].end_ms:
        return Doubt.TAIL
    return Doubt.HEAD if span.start_ms <= speech[0].start_ms else Doubt.MIDDLE
