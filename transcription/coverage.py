"""How much of a recording is in its transcript, to the millisecond."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hearings.spans import Span, clip_all, gaps, intersect, total_ms, union

NOT_SENT = "not sent"
# Speech that no chunk covers: a fault of the plan, shown rather than counted as silence.


@dataclass(frozen=True, slots=True)
class Piece:
    """What became of one stretch that was to be transcribed."""

    span: Span
    reason: str | None
    # Why there is no text for it; None where there is.


@dataclass(frozen=True, slots=True)
class Missing:
    """A stretch whose words are not in the transcript."""

    span: Span
    reason: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """A recording as *transcribed*, *silence* and *missing*, which share it without a rest."""

    speech: tuple[Span, ...]
    # Where the analysis heard speech.
    transcribed: tuple[Span, ...]
    # Speech in what came back with a result.
    silence: tuple[Span, ...]
    # Without speech, and not missing.
    missing: tuple[Missing, ...]
    # In order and disjoint.

    @property
    def speech_ms(self) -> int:
        return total_ms(self.speech)

    @property
    def transcribed_ms(self) -> int:
        return total_ms(self.transcribed)

    @property
    def silence_ms(self) -> int:
        return total_ms(self.silence)

    @property
    def missing_ms(self) -> int:
        return total_ms(gap.span for gap in self.missing)


def coverage_of(*, duration_ms: int, speech: Iterable[Span], pieces: Sequence[Piece]) -> Coverage:
    """Return what became of each millisecond.

    A piece without text is missing as a whole, its pauses too, save what a finished neighbour
    covers. The same stretch is never missing twice: the earlier piece's reason stands.
    """
    whole = Span(0, duration_ms)
    heard = union(clip_all(speech, whole))
    done = union(clip_all((piece.span for piece in pieces if piece.reason is None), whole))
    transcribed = intersect(heard, done)
    not_sent = intersect(heard, gaps((piece.span for piece in pieces), whole))
    missing = _joined(
        [*_without_text(pieces, gaps(done, whole)), *(Missing(span, NOT_SENT) for span in not_sent)]
    )
    settled = [*transcribed, *(gap.span for gap in missing)]
    return Coverage(heard, transcribed, gaps(settled, whole), missing)


def _without_text(pieces: Sequence[Piece], undone: tuple[Span, ...]) -> Iterator[Missing]:
    """Yield what of *undone* each piece without text was to cover, the first one first."""
    reached_ms = 0
    for piece in sorted(pieces, key=lambda piece: piece.span):
        if piece.reason is None or piece.span.end_ms <= reached_ms:
            continue
        own = Span(max(piece.span.start_ms, reached_ms), piece.span.end_ms)
        for span in clip_all(undone, own):
            yield Missing(span, piece.reason)
        reached_ms = own.end_ms


def _joined(found: Iterable[Missing]) -> tuple[Missing, ...]:
    """Return gaps in order; those that touch and have the same reason become one."""
    joined: list[Missing] = []
    for gap in sorted(found, key=lambda gap: gap.span):
        last = joined[-1] if joined else None
        if last and last.reason == gap.reason and last.span.end_ms == gap.span.start_ms:
            joined[-1] = Missing(Span(last.span.start_ms, gap.span.end_ms), gap.reason)
        else:
            joined.append(gap)
    return tuple(joined)
