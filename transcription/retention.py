"""The retention period: after it recordings go, and their transcripts stay.

Never of a hearing with a run that works, waits or is paused, nor before its transcript is
complete (`expiry` has the rule). Who begins a run holds the hearing's row, and so does who removes
its recording: whoever comes second sees what the first did.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from hearings import removal
from hearings.models import CheckStatus, Hearing
from hearings.policies import RetentionPolicy
from transcription.expiry import Expiry, RunFacts, expiry
from transcription.models import Run, RunStatus

logger = logging.getLogger(__name__)


def apply(*, now: datetime, most: int | None = None) -> Iterator[Hearing]:
    """Remove recordings whose period is over, *most* of them; yield each hearing once it is done.

    Nothing happens where RETENTION_DAYS is not set.
    """
    policy: RetentionPolicy = settings.RETENTION
    if policy.period is None:
        return
    for hearing in due(policy.period, now=now)[:most]:
        if _remove(hearing.pk, policy, policy.period, now=now):
            logger.info("hearing %s: its recording is removed, as kept long enough", hearing.pk)
            yield hearing


def due(period: timedelta, *, now: datetime) -> QuerySet[Hearing]:
    """Return the hearings whose recordings may go, the oldest first."""
    since = now - period
    runs = Run.objects.filter(hearing=OuterRef("pk"))
    tried = runs.exclude(status=RunStatus.CANCELLED).order_by("-id")
    return (
        Hearing.objects.filter(
            check_status=CheckStatus.ACCEPTED,
            recording_removed_at=None,
            recording_stored_at__lte=since,
        )
        .annotate(last_tried=Subquery(tried.values("status")[:1]))
        .filter(last_tried=RunStatus.COMPLETE)
        .exclude(Exists(runs.active()))
        .exclude(Exists(runs.filter(finished_at__gt=since)))
        .order_by("recording_stored_at", "pk")
    )


def of(hearing: Hearing, period: timedelta) -> Expiry:
    """Say when the recording of *hearing* goes, or why it stays. One query."""
    runs = hearing.runs.order_by("id")
    facts = [
        RunFacts(
            is_over=run.is_terminal,
            is_complete=run.status == RunStatus.COMPLETE,
            is_cancelled=run.status == RunStatus.CANCELLED,
            finished_at=run.finished_at,
        )
        for run in runs
    ]
    return expiry(hearing.recording_stored_at, facts, period)


def _remove(pk: int, policy: RetentionPolicy, period: timedelta, *, now: datetime) -> bool:
    """Remove it if it may still go. False where somebody began a run meanwhile, or deleted it."""
    with transaction.atomic():
        hearing = Hearing.objects.select_for_update().filter(pk=pk).first()
        if hearing is None or hearing.recording_removed_at:
            return False
        goes_at = of(hearing, period).goes_at
        if goes_at is None or goes_at > now or not hearing.is_accepted:
            return False
        why = f"under the retention period of {policy.in_words}"
        removal.expire(hearing, why=why, now=now)
    return True
