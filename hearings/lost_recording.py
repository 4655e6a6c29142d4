"""A hearing that lacks its recording: what is said of it, and how the recording comes back."""

import logging

from django.core.files.storage import Storage
from django.db import transaction
from django.utils import timezone

from hearings.models import Hearing
from hearings.validation import STORAGE_CODES

logger = logging.getLogger(__name__)


def put_back(hearing: Hearing, location: str) -> bool:
    """Make the file at *location*, the same bytes, the recording again where it is lacking.

    False where the hearing has its recording. To be called outside a transaction.
    """
    with transaction.atomic():
        current = Hearing.objects.select_for_update().filter(pk=hearing.pk).first()
        if current is None or not _lacks_recording(current):
            return False
        storage, former = current.recording.storage, current.recording.name
        current.recording.name = location
        current.recording_stored_at = timezone.now()
        current.recording_removed_at, current.recording_removed_why = None, ""
        current.save(
            update_fields=[
                *("recording", "recording_stored_at"),
                *("recording_removed_at", "recording_removed_why"),
            ]
        )
        current.findings.filter(code__in=STORAGE_CODES).delete()
        if former:
            transaction.on_commit(lambda: _delete(storage, former))
    logger.info("the recording of hearing %s is back", hearing.pk)
    hearing.refresh_from_db()
    return True


def complaint(hearing: Hearing) -> str:
    """Return why nothing more can be heard of *hearing*, for a person; empty where it can."""
    if hearing.recording_removed_at is None:
        return ""
    day = timezone.localtime(hearing.recording_removed_at)
    return (
        f"The recording was removed on {day:%-d %B %Y}, so nothing can be transcribed again. "
        "Upload the same recording to have its sound back."
    )


def _lacks_recording(hearing: Hearing) -> bool:
    """Say whether the recording was removed, is missing, or was found not to be as it was."""
    location = hearing.recording.name
    if not location or hearing.findings.filter(code__in=STORAGE_CODES).exists():
        return True
    return not hearing.recording.storage.exists(location)


def _delete(storage: Storage, location: str) -> None:
    """Delete a file that no row names any more; where that fails, `orphans` does it later."""
    try:
        storage.delete(location)
    except OSError as error:
        logger.warning("a recording that nobody needs cannot be deleted yet: %s", error)
