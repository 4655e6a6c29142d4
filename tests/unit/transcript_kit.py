"""A transcript as values, complete enough to be written in every format."""

from datetime import UTC, date, datetime, timedelta

from hearings.spans import Span
from tests.factories import words_of
from transcription.coverage import Piece, coverage_of
from transcription.exports.transcript import (
    HearingFacts,
    RunFacts,
    Transcript,
    TranscriptSegment,
)

STARTED = datetime(2026, 3, 12, 15, 0, tzinfo=UTC)

RUN = RunFacts(
    id=7,
    engine="whisper",
    model="base",
    language="en",
    status="complete",
    method="parallel",
    started_at=STARTED,
    finished_at=STARTED + timedelta(seconds=12.5),
    chunks=2,
    chunks_failed=0,
    validation_score=None,
    billed_seconds=0.0,
    cost_usd=0.0,
)


def segment(text: str, *, start_ms: int = 0, each_ms: int = 200) -> TranscriptSegment:
    words = words_of(text, start_ms=start_ms, each_ms=each_ms)
    return TranscriptSegment(start_ms, words[-1].end_ms, text, None, None, (), words)


def transcript(
    *segments: TranscriptSegment,
    duration_ms: int = 60_000,
    speech: tuple[Span, ...] | None = None,
    pieces: tuple[Piece, ...] | None = None,
) -> Transcript:
    whole = Span(0, duration_ms)
    hearing = HearingFacts(
        slug="oversight",
        title="Oversight of the “Weather” Service",
        committee_code="SCOM",
        committee_name="Committee on Commerce",
        date=date(2026, 3, 12),
        duration_ms=duration_ms,
        recording_sha256="ab" * 32,
    )
    speech = (whole,) if speech is None else speech
    coverage = coverage_of(
        duration_ms=duration_ms,
        speech=speech,
        pieces=(Piece(whole, None),) if pieces is None else pieces,
        # As if the rest of the speech had words too: no test has to write all that was said.
        heard=[*speech, *(Span(each.start_ms, each.end_ms) for each in segments)],
    )
    return Transcript(hearing, RUN, coverage, segments)
