"""Work whose holder is gone: put back, with what it was sending settled."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from transcription import limiter, receipts
from transcription.calling import charged
from transcription.concluding import conclude
from transcription.engines.base import AnswerUnusable
from transcription.engines.registry import engine_for
from transcription.holders import is_gone
from transcription.logs import log_fields
from transcription.models import Attempt, Chunk, ChunkStatus, Run, RunStatus
from transcription.retrying import maybe_paid

logger = logging.getLogger(__name__)

CALL_MARGIN_SECONDS = 30.0
# After a call's deadline, until its answer is recorded.
LOST = "The worker died during the call."
GIVEN_UP = "Worker after worker died or broke off on this stretch. Their log says why."


def recover_stalled(*, now: datetime) -> int:
    """Put back the chunks whose holder is gone, end the calls and runs that nobody ended.

    A lease that is over frees its chunk; so does a holder on this host whose process has ended,
    without the wait. Returns how many chunks were put back.
    """
    recovered = sum(
        _put_back(chunk, now=now)
        for chunk in Chunk.objects.filter(status=ChunkStatus.RUNNING).select_related("run")
        if (chunk.lease_until and chunk.lease_until <= now) or is_gone(chunk.holder)
    )
    _settle_strays(now=now)
    limiter.free_slots_of_the_dead()
    unfinished = Run.objects.filter(status__in=[*Run.WORKING, RunStatus.MERGING])
    for run in unfinished.select_related("hearing"):
        try:
            conclude(run, now=now)
        except (ValueError, TypeError, KeyError):  # one run's rows must not keep others waiting
            logger.exception("run %s could not be concluded", run.pk)
    return recovered


def _put_back(chunk: Chunk, *, now: datetime) -> bool:
    """Free a chunk whose holder is gone. What it was sending may have to be paid for."""
    with log_fields(run=chunk.run_id, chunk=chunk.index), transaction.atomic():
        if not _is_held_as_seen(chunk):
            return False
        open_calls = chunk.attempts.filter(status=Attempt.Status.SENDING, claim=chunk.claims)
        settled = [_settle(attempt, chunk.run, now=now) for attempt in open_calls]
        paid = any(settled)
        logger.info("the chunk's holder is gone")
        if chunk.losses + 1 >= settings.RETRY.max_losses and chunk.is_heard:
            return chunk.finish(chunk.words, now=now)  # with its words, and estimates as times
        if chunk.losses + 1 >= settings.RETRY.max_losses:
            return chunk.give_up(error=GIVEN_UP, now=now)
        if paid and chunk.ambiguous + 1 >= settings.RETRY.max_ambiguous:
            return chunk.ask_person(error=f"{LOST} {maybe_paid(chunk.ambiguous + 1)}")
        return chunk.put_back(
            not_before=None,
            losses=chunk.losses + 1,
            ambiguous=chunk.ambiguous + paid,
        )


def _settle_strays(*, now: datetime) -> None:
    """End the calls that nobody waits for any more: their chunk was cancelled, or is another's.

    On its own host a worker that ended is seen; any other has until its call must be over.
    """
    over = now - timedelta(seconds=settings.API_TIMEOUT_SECONDS + CALL_MARGIN_SECONDS)
    is_awaited = Q(chunk__status=ChunkStatus.RUNNING, chunk__claims=F("claim"))
    sending = Attempt.objects.filter(status=Attempt.Status.SENDING).exclude(is_awaited)
    for attempt in sending.select_related("chunk__run"):
        if attempt.started_at > over and not is_gone(attempt.holder):
            continue
        chunk = attempt.chunk
        with log_fields(run=chunk.run_id, chunk=chunk.index), transaction.atomic():
            logger.info("nobody waits for call %s any more", attempt.pk)
            if _settle(attempt, chunk.run, now=now):
                Chunk.objects.filter(pk=chunk.pk).update(ambiguous=F("ambiguous") + 1)


def _is_held_as_seen(chunk: Chunk) -> bool:
    """Hold the chunk's row until the transaction ends; False where it has changed hands.

    Somebody else may have put it back since the look, and another worker be calling for it.
    """
    held = Chunk.objects.filter(pk=chunk.pk, status=ChunkStatus.RUNNING, token=chunk.token)
    lease = held.order_by().select_for_update().values_list("lease_until", flat=True)
    return list(lease) == [chunk.lease_until]


def _settle(attempt: Attempt, run: Run, *, now: datetime) -> bool:
    """End a call whose worker is gone; say whether it may have to be paid for in vain.

    Where its answer is kept here, it was not: the next who takes the chunk finds it.
    """
    engine = engine_for(attempt.engine or run.engine, attempt.model or run.model)
    if (body := receipts.read(attempt)) is not None:
        try:
            heard = engine.read(body, speech=(), duration_ms=attempt.audio_ms)
        except AnswerUnusable:
            logger.warning("the kept answer of call %s cannot be used", attempt.pk)
        else:
            paid = charged(attempt, heard, engine.capabilities)
            attempt.end(Attempt.Status.OK, now=now, **paid)
            return False
    is_hosted = engine.capabilities.is_hosted
    is_lost = attempt.end(Attempt.Status.LOST, now=now, may_be_billed=is_hosted, error=LOST)
    return is_lost and is_hosted
