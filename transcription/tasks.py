"""What the queue's workers run, by dotted name. Each may run twice, late, or never."""

import logging

from django.conf import settings

from hearings.models import Hearing
from transcription import checking, job_reports, storage_job
from transcription.chunk_job import ChunkJob
from transcription.clock import database_clock
from transcription.watchdog import Event

logger = logging.getLogger(__name__)


def transcribe_due_chunks() -> int:
    """Transcribe what is due until nothing is, or the job's time is over. Return how many."""
    with job_reports.at_work():
        return ChunkJob(clock=database_clock, lease=settings.LEASE, rate=settings.RATE).run()


def check_recording(hearing_id: int) -> None:
    """Analyse and validate a recording that was uploaded."""
    hearing = Hearing.objects.unchecked().filter(pk=hearing_id).first()
    if hearing is None:
        logger.info("hearing %s needs no check: done already, or deleted", hearing_id)
        return
    with job_reports.at_work():
        checking.check(hearing)


def check_storage() -> None:
    """Go on with the check of the storage that a person asked for."""
    with job_reports.at_work():
        storage_job.go_on(clock=database_clock)


def answer_canary() -> None:
    """Tell the supervisor of this cluster that its workers take jobs."""
    job_reports.say(Event.CANARY)
