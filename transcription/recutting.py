"""Chunks cut anew in the middle of a run: halved for a server, or into windows for Whisper."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from hearings.models import RecordingAnalysis
from hearings.spans import Span, clip_all
from transcription import planning
from transcription.engines.base import Capabilities
from transcription.models import Chunk, ChunkStatus, Run
from transcription.planning import PlannedChunk

logger = logging.getLogger(__name__)

LEAST_HALVED_MS = 4_000
# What is shorter is not cut in two.


def split(
    chunk: Chunk,
    *,
    now: datetime,
    error: str = "",
    known: Mapping[str, object] | None = None,
    **fields: int,
) -> bool:
    """Replace a held chunk by its halves, which get *fields*. False where it is too short.

    *error* is kept with it, why it was cut, and what is *known* of it.
    """
    if chunk.span.duration_ms < LEAST_HALVED_MS:
        return False
    analysis = RecordingAnalysis.objects.filter(hearing=chunk.run.hearing_id)
    speech = analysis.speech_in(chunk.span)
    halves = planning.halves(chunk.span, speech, settings.CHUNKING)
    with transaction.atomic():
        if not chunk.supersede(now=now, error=error, **(known or {})):
            return True  # another's by now, who decides
        inherited = {"reshaped": chunk.reshaped, "rejected": chunk.rejected}
        _replace(chunk, halves, encoding=chunk.encoding, **inherited | fields)
    logger.info("chunk cut in two")
    return True


def fit_to(run: Run, capabilities: Capabilities, *, slots: int, now: datetime) -> None:
    """Cut what nobody has done or holds as suits another engine. Call it in a transaction."""
    left = run.chunks.to_hear().filter(
        status__in=[ChunkStatus.WAITING, ChunkStatus.FAILED, ChunkStatus.NEEDS_PERSON]
    )
    for chunk in left.select_related("run__hearing"):
        speech = run.hearing.analysis.speech_in(chunk.span)
        plan = planning.plan(speech, chunk.end_ms, capabilities, settings.CHUNKING, slots=slots)
        pieces = [_inside(piece, chunk.span) for piece in plan.chunks]
        superseded = left.filter(pk=chunk.pk).update(
            status=ChunkStatus.SUPERSEDED, finished_at=now, not_before=None
        )
        if superseded:
            _replace(chunk, pieces)


def _inside(piece: PlannedChunk, span: Span) -> PlannedChunk:
    """Return *piece* without what it takes from beyond *span*."""
    (clipped,) = clip_all([piece.span], span)
    return PlannedChunk(clipped, tuple(clip_all(piece.windows, span)))


def _replace(chunk: Chunk, pieces: Iterable[PlannedChunk], **fields: object) -> Sequence[Chunk]:
    last = Chunk.objects.filter(run=chunk.run_id).aggregate(Max("index"))["index__max"]
    return Chunk.objects.bulk_create(
        Chunk(
            run_id=chunk.run_id,
            parent=chunk,
            index=last + number,
            generation=chunk.generation + 1,
            start_ms=piece.span.start_ms,
            end_ms=piece.span.end_ms,
            windows=[[w.start_ms, w.end_ms] for w in piece.windows],
            **fields,
        )
        for number, piece in enumerate(pieces, start=1)
    )
