"""What became of each second of a recording: transcribed, without speech, or missing and why."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hearings.spans import Span, clip_all, gaps, intersect, parts_in, total_ms, union
from transcription.plausibility import LEAST_SPEECH_MS

SILENCE_MS = 10_000
# A silence so long is marked where the text is read.
APART_MS = 3_000
# Speech on two sides of a longer silence belongs to two stretches.
HOLE_MS = 5_000
# Speech between words that is missing: times of words may be estimates.
NOT_SENT = "not sent"
# Speech that no chunk covers: a fault of the plan, shown rather than counted as silence.
UNREADABLE = "The recording cannot be read here."
NOT_ASKED = "Not asked for."
NO_WORDS = "It sounds like speech here, but no words came back."


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
    """A recording as *transcribed*, *silence* and *missing*, each told apart by itself.

    What nobody *asked* for is none of these.
    """

    duration_ms: int
    speech: tuple[Span, ...]
    # Where the analysis heard speech.
    transcribed: tuple[Span, ...]
    # Speech in what came back with a result, and where words are besides.
    silence: tuple[Span, ...]
    # Without speech, and not missing.
    missing: tuple[Missing, ...]
    # In order and disjoint.
    not_asked: tuple[Span, ...] = ()
    # Outside the stretch that was asked for.
    cut_off_ms: int = 0
    # What the file promises after its end, and does not hold; no part of the duration.

    @property
    def speech_ms(self) -> int:
        return total_ms(self.speech)

    @property
    def transcribed_ms(self) -> int:
        return sum(span.duration_ms for span in self.transcribed)

    @property
    def silence_ms(self) -> int:
        return sum(span.duration_ms for span in self.silence)

    @property
    def missing_ms(self) -> int:
        return sum(gap.span.duration_ms for gap in self.missing)

    @property
    def not_asked_ms(self) -> int:
        return sum(span.duration_ms for span in self.not_asked)

    @property
    def without_text(self) -> tuple[Missing, ...]:
        """Return all that has no text though it may have words: missing, or not asked for."""
        outside = (Missing(span, NOT_ASKED) for span in self.not_asked)
        return tuple(sorted([*self.missing, *outside], key=lambda gap: gap.span))

    @property
    def unaccounted_ms(self) -> int:
        """What none of them holds; negative where two hold the same. Either is a fault."""
        told_ms = self.transcribed_ms + self.silence_ms + self.missing_ms + self.not_asked_ms
        return self.duration_ms - told_ms


def coverage_of(  # noqa: PLR0913 (each is known from elsewhere)
    *,
    duration_ms: int,
    speech: Iterable[Span],
    pieces: Sequence[Piece],
    heard: Iterable[Span],
    unreadable: Iterable[Span] = (),
    unworded: Iterable[Span] = (),
    asked: Span | None = None,
) -> Coverage:
    """Return what became of each millisecond.

    *heard* is where the transcript has words, *unworded* where it was found to lack some, *asked*
    the stretch that was asked for, None for all.

    A piece without text is missing as a whole, its pauses too, save what a finished neighbour
    covers; so is what cannot be read, whatever was made of it. Of a finished piece, speech is
    transcribed where words are near. The same stretch is never missing twice: what cannot be read
    comes first, then the earlier piece's reason.
    """
    everything = Span(0, duration_ms)
    whole = asked or everything
    spoken = union(clip_all(speech, whole))
    done = union(clip_all((piece.span for piece in pieces if piece.reason is None), whole))
    words = intersect(clip_all(heard, whole), done)
    damage = union(unreadable)
    not_sent = intersect(spoken, gaps((piece.span for piece in pieces), whole))
    wordless, nothing_said = _without_words(intersect(spoken, done), words)
    missing = _apart(
        [Missing(span, UNREADABLE) for span in clip_all(damage, whole)],
        _without_text(pieces, gaps(done, whole)),
        (Missing(span, NOT_SENT) for span in not_sent),
        (Missing(span, NO_WORDS) for span in union([*wordless, *clip_all(unworded, whole)])),
    )
    lost = [gap.span for gap in missing]
    promised_ms = max((span.end_ms for span in damage), default=0)
    quiet = intersect(gaps([*spoken, *words], whole), gaps(lost, whole))
    return Coverage(
        duration_ms=duration_ms,
        speech=spoken,
        transcribed=intersect(
            [*intersect(spoken, done), *words], gaps([*lost, *nothing_said], whole)
        ),
        silence=union([*quiet, *intersect(nothing_said, gaps(lost, whole))]),
        missing=missing,
        not_asked=gaps([whole], everything),
        cut_off_ms=max(0, promised_ms - duration_ms),
    )


def long_silences(coverage: Coverage, heard: Iterable[Span]) -> tuple[Span, ...]:
    """Return the silences worth a mark, without what an engine *heard* in them all the same."""
    wordless = intersect(coverage.silence, gaps(heard, Span(0, max(coverage.duration_ms, 1))))
    return tuple(span for span in wordless if span.duration_ms >= SILENCE_MS)


def _without_words(spoken: Sequence[Span], words: Sequence[Span]) -> tuple[list[Span], list[Span]]:
    """Return where finished speech has no words: what is missing, and what was no speech.

    A stretch of speech that stands apart and has not one word is missing, or a cough where it is
    short. Between words a hole has to be longer: times of words are not exact.
    """
    missing: list[Span] = []
    nothing_said: list[Span] = []
    stretches = union(spoken, bridge_ms=APART_MS)
    with_words = parts_in(words, stretches)
    for (stretch, inside), (_, said) in zip(parts_in(spoken, stretches), with_words, strict=True):
        if said:
            missing += _holes(inside, said, stretch)
        elif total_ms(inside) >= LEAST_SPEECH_MS:
            missing.append(stretch)
        else:
            nothing_said += inside
    return missing, nothing_said


def _holes(spoken: Sequence[Span], words: Sequence[Span], stretch: Span) -> Iterator[Span]:
    for _, lost in parts_in(spoken, gaps(words, stretch)):
        if total_ms(lost) >= HOLE_MS:
            yield Span(lost[0].start_ms, lost[-1].end_ms)


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


def _apart(*ranked: Iterable[Missing]) -> tuple[Missing, ...]:
    """Return gaps in order, each without what a gap of an earlier rank has."""
    found: list[Missing] = []
    for gaps_of_a_kind in ranked:
        taken = [gap.span for gap in found]
        found += [
            Missing(span, gap.reason) for gap in gaps_of_a_kind for span in gaps(taken, gap.span)
        ]
    return _joined(found)


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
