"""What the queue's workers run, by dotted name. Each may run twice, late, or never."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from hearings import intake
from hearings.models import Hearing
from transcription import limiter
from transcription.chunk_job import ChunkJob
from transcription.clock import database_clock
from transcription.leases import LeaseKeeper

logger = logging.getLogger(__name__)


def transcribe_due_chunks() -> int:
    """Transcribe what is due until nothing is, or the job's time is over. Return how many."""
    return ChunkJob(clock=database_clock, lease=settings.LEASE, rate=settings.RATE).run()


def check_recording(hearing_id: int) -> None:
    """Analyse and validate a recording that was uploaded."""
    hearing = Hearing.objects.unchecked().filter(pk=hearing_id).first()
    if hearing is None:
        logger.info("hearing %s needs no check: done already, or deleted", hearing_id)
        return
    with one_at_a_time(hearing) as is_ours:
        if is_ours:
            today = datetime.now(ZoneInfo(settings.TIME_ZONE)).date()
            intake.check(hearing, limits=settings.RECORDING_LIMITS, today=today)
        else:
            logger.info("hearing %s is being checked by another worker", hearing_id)


@contextmanager
def one_at_a_time(hearing: Hearing) -> Iterator[bool]:
    """Say whether this process may check *hearing*; nobody else may during the block."""
    limit = limiter.Limit(f"check-{hearing.pk}", 1)
    policy = settings.LEASE
    held = limiter.acquire(limit, now=database_clock(), lease_seconds=policy.lease_seconds)
    if held is None:
        yield False
        return
    with LeaseKeeper(clock=database_clock, policy=policy) as keeper, keeper.holding(held):
        yield True
    limiter.forget(limit.name)
