"""The end of a run: its transcript is made from what its chunks heard, and stored."""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from transcription import limiter
from transcription.logs import log_fields
from transcription.merging import Part, merge
from transcription.models import Chunk, ChunkStatus, Run, RunStatus, Segment
from transcription.sentences import Sentence, sentences

logger = logging.getLogger(__name__)


def conclude(run: Run, *, now: datetime) -> bool:
    """Make the transcript once no chunk is left to do. True where this call did it.

    May be called by anyone at any time: it looks at the rows, and only one caller wins.
    """
    if run.status in Run.WORKING and (stage := _stage(run)) != run.status:
        run.move(to=stage, now=now)
    if run.status != RunStatus.MERGING:
        return False
    chunks = list(run.chunks.current().select_related("parent"))
    done = [chunk for chunk in chunks if chunk.status == ChunkStatus.DONE]
    segments = _segments(run, [*done, *_second_best(chunks)])
    with transaction.atomic():
        if not run.move(to=_ending(len(done), len(chunks)), now=now, reason=_why(chunks)):
            return False
        run.segments.all().delete()
        Segment.objects.bulk_create(segments, batch_size=500)
    limiter.forget(run.limit_name)
    with log_fields(hearing=run.hearing.slug, run=run.pk):
        logger.info("run ended: %s, %s segments", run.status, len(segments))
    return True


def _stage(run: Run) -> RunStatus:
    """Return what is left to do: words to be heard, times to be found, or nothing."""
    left = run.chunks.unsettled()
    if left.to_hear().exists():
        return RunStatus.TRANSCRIBING
    return RunStatus.ALIGNING if left.exists() else RunStatus.MERGING


def _second_best(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Return failed chunks with the words of the doubtful answer that they should have replaced.

    They stay failed, and a gap that can be retried; what is known is shown with its doubts.
    """
    found = []
    for chunk in chunks:
        source = chunk if chunk.result else chunk.parent
        if chunk.status == ChunkStatus.DONE or source is None or not source.doubts:
            continue
        inside = [w for w in source.words if chunk.start_ms <= w.middle_ms < chunk.end_ms]
        chunk.result = [word.to_json() for word in inside]
        chunk.doubts = source.doubts
        found.append(chunk)
    return found


def _ending(done: int, planned: int) -> RunStatus:
    if done == planned:
        return RunStatus.COMPLETE
    return RunStatus.INCOMPLETE if done else RunStatus.FAILED


def _why(chunks: Sequence[Chunk]) -> str:
    errors = {chunk.error: None for chunk in chunks if chunk.error}
    return " ".join(errors)


def _segments(run: Run, chunks: Sequence[Chunk]) -> list[Segment]:
    words = merge([Part(chunk.span, chunk.words) for chunk in chunks])
    return [
        Segment(
            run=run,
            index=index,
            start_ms=sentence.start_ms,
            end_ms=sentence.end_ms,
            text=sentence.text,
            speaker=sentence.speaker,
            confidence=sentence.confidence,
            flags=_doubts(chunks, sentence),
            words=[word.to_json() for word in sentence.words],
        )
        for index, sentence in enumerate(sentences(words))
    ]


def _doubts(chunks: Sequence[Chunk], sentence: Sentence) -> list[str]:
    """Return what does not fit in the answers that a sentence is from."""
    middle = (sentence.start_ms + sentence.end_ms) // 2
    return [
        doubt
        for chunk in chunks
        if chunk.start_ms <= middle < chunk.end_ms
        for doubt in chunk.doubts
    ]
