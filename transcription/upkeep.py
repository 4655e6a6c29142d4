"""What a host looks after by itself, every few seconds: its scratch space, receipts and room."""

import logging
from collections.abc import Collection
from datetime import datetime

from django.conf import settings

from hearings import removal, scratch, spool
from hearings.policies import CleanUp
from transcription import clusters, disks, pipeline, receipts, removing, retention
from transcription.engines.registry import engine_for
from transcription.holders import host_name
from transcription.models import Run, RunStatus

logger = logging.getLogger(__name__)

RECORDINGS_A_TURN = 1
# Removed when their period is over: to delete gigabytes takes a while, and others wait for it.


def look_after(*, now: datetime) -> None:
    """Delete what nobody needs, and let runs go on that a full disk stopped."""
    try:
        swept = scratch.sweep(settings.SCRATCH)
        orphans = swept.orphans + receipts.sweep()
    except OSError as error:
        logger.warning("The scratch space cannot be looked after: %s", error)
    else:
        if orphans:
            logger.info("%s files that dead processes left are deleted", orphans)
        if swept.kept:
            logger.info("the decoded sound of %s recordings is not kept longer", swept.kept)
    _forget_finished()
    list(retention.apply(now=now, most=RECORDINGS_A_TURN))
    _finish_removals(now=now)
    _go_on_where_there_is_room(now=now)


def is_over(clean_up: CleanUp, statuses: Collection[str]) -> bool:
    """Say whether decoded sound may go, as the runs of its hearing stand."""
    if not statuses or not set(statuses) <= set(Run.TERMINAL):
        return False
    if clean_up is CleanUp.ON_COMPLETION:
        return RunStatus.COMPLETE in statuses
    return clean_up is CleanUp.AFTER_USE


def _forget_finished() -> None:
    policy = settings.SCRATCH
    if policy.clean_up not in (CleanUp.AFTER_USE, CleanUp.ON_COMPLETION):
        return
    for sha256 in set(map(spool.recording_of, scratch.kept_names(policy))):
        runs = Run.objects.filter(hearing__recording_sha256=sha256)
        if is_over(policy.clean_up, list(runs.values_list("status", flat=True))):
            spool.forget(policy, sha256)
            logger.info("the decoded sound of a recording is not kept longer: its runs have ended")


def begin() -> None:
    """Delete what was removed while nobody looked after this host."""
    try:
        if gone := removing.sweep_all():
            logger.info("%s answers of removed runs are deleted", gone)
    except OSError as error:
        logger.warning("The answers of removed runs cannot be looked for: %s", error)


def _finish_removals(*, now: datetime) -> None:
    """Delete what people removed where it was not, or not on this host."""
    removal.sweep()
    removing.sweep(now=now)
    removal.forget_unowned_sound()


def _go_on_where_there_is_room(*, now: datetime) -> None:
    """Resume runs that wait for room on this host, or on one that works no more."""
    for run in Run.objects.lacking_room().select_related("hearing"):
        is_elsewhere = run.room_host != host_name()
        if is_elsewhere and clusters.works(run.room_host, now=now, policy=settings.LEASE):
            continue
        is_hosted = engine_for(run.engine, run.model).capabilities.is_hosted
        if disks.lack(is_hosted=is_hosted) is None and pipeline.resume(run, now=now):
            logger.info("run %s goes on: there is room on the disk again", run.pk)
