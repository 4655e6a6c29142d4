"""The check of the storage that staff ask for in the admin, done by workers in pieces.

The row is the truth: each recording is noted in it as soon as it was compared, so a worker that
dies, or whose time is over, leaves the rest to another. One check at a time, and one worker at it.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import Error, IntegrityError, transaction
from django.db.models import F

from hearings.ffmpeg import MediaError
from hearings.models import StorageCheck
from hearings.storage_problems import Problem
from transcription import dispatch, storage_check
from transcription.alone import alone, is_held
from transcription.chunk_job import own_cluster
from transcription.clock import Clock
from transcription.holders import host_name

logger = logging.getLogger(__name__)

NAME = "storage-check"
MOST_TOLD = 500
# Problems of one check that are kept: a folder that is not mounted lacks everything.
KEPT_CHECKS = 20
# Earlier ones go.


def request(*, repairs: bool, by: User | None, now: datetime) -> bool:
    """Have workers check the storage. False where a check is under way already."""
    try:
        with transaction.atomic():
            StorageCheck.objects.create(repairs=repairs, requested_by=by, requested_at=now)
            # Where the queue fails, the workers' own sweep finds the row.
            transaction.on_commit(dispatch.check_storage, robust=True)
    except IntegrityError:
        return False
    return True


def is_awaited() -> bool:
    """Say whether a check was asked for and nobody is at it."""
    return _under_way() is not None and not is_held(NAME)


def go_on(*, clock: Clock) -> None:
    """Do what is left of the check, or as much as fits in a job. Nothing where another is at it."""
    with alone(NAME) as is_ours:
        check = _under_way() if is_ours else None
        if check is None:
            logger.info("no check of the storage is to be done by this worker")
            return
        try:
            is_over = _do(check, clock=clock)
        except Error:
            raise  # of the database; another worker goes on
        except (OSError, MediaError) as error:
            logger.warning("the storage cannot be checked: %s", error)
            _end(check, StorageCheck.Status.FAILED, now=clock(), reason=str(error))
            return
        except Exception as error:  # a fault of ours must not come back every two seconds
            logger.exception("the check of the storage failed")
            reason = f"An error that was not foreseen ({type(error).__name__}); the log has it."
            _end(check, StorageCheck.Status.FAILED, now=clock(), reason=reason)
            return
    if not is_over:
        dispatch.check_storage()


def problems_of(check: StorageCheck) -> list[Problem]:
    return [Problem.from_json(found) for found in check.problems]


def _under_way() -> StorageCheck | None:
    return StorageCheck.objects.filter(status=StorageCheck.Status.UNDER_WAY).first()


def _do(check: StorageCheck, *, clock: Clock) -> bool:
    """Compare recordings, then files. False where the time of this job is over first."""
    until = clock() + timedelta(seconds=settings.LEASE.job_seconds)
    rest = storage_check.kept().filter(pk__gt=check.done_until)
    for hearing in rest.iterator(chunk_size=50):
        if clock() >= until or own_cluster()[1]:
            return False
        problem = storage_check.look_at_recording(hearing, repairs=check.repairs)
        _note(check, [problem], done_until=hearing.pk, read=hearing.recording_bytes)
    found = list(storage_check.look_at_files(repairs=check.repairs, now=clock()))
    _note(check, found, too_young=found.count(None), host=host_name())
    _end(check, StorageCheck.Status.DONE, now=clock())
    return True


def _note(
    check: StorageCheck, found: Iterable[Problem | None], *, read: int | None = None, **values: Any
) -> None:
    """Add what was found to the row, as far as it is still ours to write."""
    check.problems += [problem.to_json() for problem in found if problem]
    del check.problems[MOST_TOLD:]
    if read is not None:
        values |= {
            "recordings": F("recordings") + 1,
            "recording_bytes": F("recording_bytes") + read,
        }
    under_way = StorageCheck.objects.filter(pk=check.pk, status=StorageCheck.Status.UNDER_WAY)
    under_way.update(problems=check.problems, **values)


def _end(check: StorageCheck, status: str, *, now: datetime, reason: str = "") -> None:
    under_way = StorageCheck.objects.filter(pk=check.pk, status=StorageCheck.Status.UNDER_WAY)
    under_way.update(status=status, finished_at=now, reason=reason)
    latest = StorageCheck.objects.order_by("-id").values_list("pk", flat=True)[:KEPT_CHECKS]
    StorageCheck.objects.exclude(pk__in=list(latest)).delete()
