"""The check of a recording, by one process at a time: a worker, or the command that filed it."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.utils import timezone

from hearings import intake
from hearings.models import CheckStatus, Hearing
from hearings.validation import Finding
from transcription.alone import alone, is_held

logger = logging.getLogger(__name__)


def check(
    hearing: Hearing,
    *,
    on_progress: Callable[[int], None] | None = None,
    overrule: bool = False,
) -> tuple[Finding, ...] | None:
    """Have the recording checked; None, at once, where another process is at it."""
    with alone(_name(hearing)) as is_ours:
        if not is_ours:
            logger.info("hearing %s is being checked by another process", hearing.pk)
            return None
        return intake.check(
            hearing,
            limits=settings.RECORDING_LIMITS,
            today=timezone.localdate(),
            on_progress=on_progress,
            overrule=overrule,
        )


def wait_while_others_check(hearing: Hearing) -> None:
    """Return when the hearing's check has ended, or its process has."""
    while _is_held(hearing):
        time.sleep(settings.LEASE.poll_seconds)
    hearing.refresh_from_db()


def awaited() -> list[int]:
    """Return the ids of hearings that wait for a check and that nobody checks."""
    waiting = Hearing.objects.filter(check_status=CheckStatus.CHECKING)
    return [hearing.pk for hearing in waiting if not _is_held(hearing)]


def _is_held(hearing: Hearing) -> bool:
    return is_held(_name(hearing))


def _name(hearing: Hearing) -> str:
    return f"check-{hearing.pk}"
