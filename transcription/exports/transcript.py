"""A transcript as values: what the exports and the pages render."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from hearings.spans import Span
from transcription.coverage import Coverage
from transcription.names import Correction
from transcription.words import Word


@dataclass(frozen=True, slots=True)
class HearingFacts:
    """What was transcribed."""

    slug: str
    title: str
    committee_code: str
    # Empty where no committee is known.
    committee_name: str
    date: date
    duration_ms: int
    recording_sha256: str


@dataclass(frozen=True, slots=True)
class RunFacts:
    """How it was transcribed."""

    id: int
    engine: str
    model: str
    language: str
    status: str
    method: str
    started_at: datetime | None
    finished_at: datetime | None
    chunks: int
    chunks_failed: int
    # Ended without a result.
    validation_score: int | None
    # Percent; None where it was not measured. So are the next two.
    billed_seconds: float | None
    cost_usd: float | None
    seams_ms: tuple[int, ...] = ()
    # Where pieces that were heard apart touch or overlap, in order.
    track: str = ""
    # The sound of the recording that was heard (`hearings.tracks`); empty: the only one.
    stretch: Span | None = None
    # What was asked for of the recording; None: all of it.

    @property
    def processing_seconds(self) -> float | None:
        """From the first claim to the end; None before."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class TranscriptSegment:
    """One sentence or so."""

    start_ms: int
    end_ms: int
    text: str
    # Its words, joined.
    speaker: str | None
    confidence: float | None
    flags: tuple[str, ...]
    words: tuple[Word, ...]
    corrections: tuple[Correction, ...] = ()
    # Names that may be misspelt; for those who can put them right.


@dataclass(frozen=True, slots=True)
class Transcript:
    """All that is known of one run's text.

    Segments are in order and do not overlap; one may go through them as often as one likes.
    """

    hearing: HearingFacts
    run: RunFacts
    coverage: Coverage
    segments: Iterable[TranscriptSegment]
