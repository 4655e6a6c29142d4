"""Reads a run's rows into the values that exports and pages render."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hearings.models import Hearing
from hearings.spans import Span, union
from transcription.bills import bill_of
from transcription.coverage import Coverage, Piece, coverage_of
from transcription.exports.transcript import (
    HearingFacts,
    RunFacts,
    Transcript,
    TranscriptSegment,
)
from transcription.models import Chunk, ChunkStatus, Run, RunStatus, Segment
from transcription.names import Correction
from transcription.planning import seams
from transcription.words import Word

__all__ = ["Transcript", "coverage_of_run", "transcript_of"]

READ_AT_ONCE = 200
# Rows of sentences, which are far larger than what becomes of them.
NOT_TRANSCRIBED = "not transcribed"
ENDED_WITHOUT_RESULT = (ChunkStatus.FAILED, ChunkStatus.NEEDS_PERSON)
PUBLIC_REASONS = {
    ChunkStatus.FAILED: "This stretch could not be transcribed.",
    ChunkStatus.NEEDS_PERSON: "Whether this stretch is tried again is yet to be decided.",
}
# Without what a server answered and what may have been paid.


class StoredSegments:
    """The sentences of a run, a few rows at a time: never all words of hours at once."""

    def __init__(self, run: Run, *, for_public: bool) -> None:
        self._run = run
        self._for_public = for_public

    def __iter__(self) -> Iterator[TranscriptSegment]:
        rows = self._run.segments.order_by("index").iterator(chunk_size=READ_AT_ONCE)
        return (_segment(row, for_public=self._for_public) for row in rows)


def transcript_of(run: Run, *, for_public: bool = False) -> Transcript:
    """Return what is known of *run*, whose hearing was analysed. At most six queries.

    Its sentences are read each time that somebody goes through them, with a further query.
    *for_public* leaves out the errors of chunks and what names may be: they are for those who can
    do something.
    """
    chunks = _chunks(run)
    coverage = _coverage(run, chunks, _heard(run), for_public=for_public)
    return Transcript(
        _hearing_facts(run.hearing, coverage.duration_ms),
        _run_facts(run, chunks),
        coverage,
        StoredSegments(run, for_public=for_public),
    )


def coverage_of_run(
    run: Run, *, heard: Sequence[Span] | None = None, for_public: bool = False
) -> Coverage:
    """Return what became of each millisecond of the recording so far. At most four queries.

    *heard* is where its sentences are, where the caller has them; it saves a query.
    """
    if heard is None:
        heard = _heard(run)
    return _coverage(run, _chunks(run), heard, for_public=for_public)


def _heard(run: Run) -> list[Span]:
    return [Span(*times) for times in run.segments.values_list("start_ms", "end_ms")]


def _chunks(run: Run) -> Sequence[Chunk]:
    fields = ("run_id", "start_ms", "end_ms", "status", "error", "unworded", "windows")
    return list(run.chunks.current().only(*fields).order_by("start_ms"))


def _coverage(
    run: Run, chunks: Sequence[Chunk], heard: Sequence[Span], *, for_public: bool
) -> Coverage:
    if not run.has_text:
        # What finished chunks heard is made into sentences at the end.
        heard = [chunk.span for chunk in chunks if chunk.status == ChunkStatus.DONE]
    known = _sound_of(run, chunks, heard)
    if run.is_retried:
        pieces = _pieces_of_before(chunks, heard)
    else:
        pieces = [Piece(chunk.span, _reason(chunk, for_public=for_public)) for chunk in chunks]
    return coverage_of(
        duration_ms=known.duration_ms,
        speech=known.speech,
        pieces=pieces,
        heard=heard,
        unreadable=known.unreadable,
        unworded=[span for chunk in chunks for span in chunk.unworded_spans],
        asked=run.stretch,
    )


def _pieces_of_before(chunks: Sequence[Chunk], heard: Sequence[Span]) -> list[Piece]:
    """Return what there is of each chunk while a retry is under way.

    The text is of before that, whatever has become of the chunks since.
    """
    said = union(heard)
    ends = [span.end_ms for span in said]

    def has_words(span: Span) -> bool:
        at = bisect_right(ends, span.start_ms)
        return at < len(said) and said[at].start_ms < span.end_ms

    return [
        Piece(chunk.span, None if has_words(chunk.span) else NOT_TRANSCRIBED) for chunk in chunks
    ]


@dataclass(frozen=True, slots=True)
class _Sound:
    """What is known of the sound that a run heard."""

    duration_ms: int
    speech: tuple[Span, ...]
    unreadable: tuple[Span, ...]


def _sound_of(run: Run, chunks: Sequence[Chunk], heard: Sequence[Span]) -> _Sound:
    """Return the analysis, or, where another sound is the hearing's by now, what the run shows.

    The analysis is of that other sound then: people speak elsewhere in it, and it may be longer.
    """
    if run.is_of_present_sound:
        analysis = run.hearing.analysis
        return _Sound(analysis.duration_ms, analysis.speech_spans, analysis.unreadable_spans)
    ends = [chunk.end_ms for chunk in chunks]
    ends += [span.end_ms for span in heard] + [run.to_ms or 0, run.hearing.duration_ms or 0]
    return _Sound(max(ends), tuple(heard), ())


def _reason(chunk: Chunk, *, for_public: bool) -> str | None:
    """Return why *chunk* has no text, or None where it has."""
    if chunk.status == ChunkStatus.DONE:
        return None
    if chunk.status not in ENDED_WITHOUT_RESULT:
        return NOT_TRANSCRIBED
    if for_public:
        return PUBLIC_REASONS[ChunkStatus(chunk.status)]
    return chunk.error or NOT_TRANSCRIBED


def _hearing_facts(hearing: Hearing, duration_ms: int) -> HearingFacts:
    committee = hearing.committee
    return HearingFacts(
        slug=hearing.slug,
        title=hearing.title,
        committee_code=committee.code if committee else "",
        committee_name=committee.name if committee else "",
        date=hearing.date,
        duration_ms=duration_ms,
        recording_sha256=hearing.recording_sha256,
    )


def _run_facts(run: Run, chunks: Sequence[Chunk]) -> RunFacts:
    bill = bill_of(run)
    return RunFacts(
        id=run.pk,
        engine=run.engine,
        model=run.model,
        language=run.language,
        # What is retried is no status of a text: it lacks what it lacked.
        status=RunStatus.INCOMPLETE if run.is_retried else run.status,
        method=run.method,
        started_at=run.started_at,
        finished_at=run.finished_at,
        chunks=len(chunks),
        chunks_failed=sum(chunk.status in ENDED_WITHOUT_RESULT for chunk in chunks),
        validation_score=run.validation_score,
        billed_seconds=None if bill.audio_ms is None else bill.audio_ms / 1000,
        cost_usd=None if bill.usd is None else float(bill.usd),
        seams_ms=seams(piece for chunk in chunks for piece in chunk.window_spans or (chunk.span,)),
        track=run.track,
        stretch=run.stretch,
    )


def _segment(row: Segment, *, for_public: bool) -> TranscriptSegment:
    proposed = () if for_public else row.corrections
    return TranscriptSegment(
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        text=row.text,
        speaker=row.speaker,
        confidence=row.confidence,
        flags=tuple(row.flags),
        words=tuple(Word.from_json(word) for word in row.words),
        corrections=tuple(Correction.from_json(found) for found in proposed),
    )
