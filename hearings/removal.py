"""How a recording goes: with its hearing, for another one, or alone once its period is over.

::

    tx: the hearing's row held → what was made from the recording goes, or refuses (`InUse`)
        → Removal: who, when, what → the hearing, or its old recording's findings → COMMIT
    then: the file is deleted, and the removal says so

A recording whose period is over (`expire`) leaves what was made from it.

Who dies in between leaves a removal whose file is not gone; `sweep` finds it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.core.files.storage import Storage
from django.db import transaction

from hearings import intake, scratch, spool
from hearings.models import Hearing, RecordingAnalysis, Removal
from hearings.signals import recording_leaving

log = structlog.get_logger(__name__)

BY_COMMAND = "command line"
BY_ITSELF = "retention period"
# Who it was where nobody was signed in.


class InUse(Exception):
    """Something works with the recording; the message says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """What goes with a recording and what stays of it, as sentences."""

    went: str
    stays: str = ""


def delete(hearing: Hearing, *, by: Any = None, account: Account | None = None) -> None:
    """Delete a hearing with everything of it, and, once that is certain, its recording.

    *account* is what the person was told. Raises InUse, and then nothing is gone.
    """
    with transaction.atomic():
        held = _leaving(hearing)
        if held is None:
            return
        _record(held, Removal.Act.DELETED, account, by=by)
        held.delete()


def replace(
    hearing: Hearing, recording: intake.Received, *, by: Any, account: Account | None = None
) -> Hearing:
    """Give a hearing another recording in the place of its own, to be checked anew.

    To be called within `intake.received`. Raises InUse, intake.RecordingKnown (its own too) or
    Hearing.DoesNotExist, and then everything is as it was.
    """
    with transaction.atomic():
        held = _leaving(hearing)
        if held is None:
            raise Hearing.DoesNotExist
        if held.recording_sha256 == recording.sha256:
            raise intake.RecordingKnown(held)
        _record(held, Removal.Act.REPLACED, account, by=by)
        held.findings.all().delete()
        RecordingAnalysis.objects.filter(hearing=held).delete()
        return intake.file(held, recording)


def expire(hearing: Hearing, *, why: str, now: datetime) -> None:
    """Remove the recording of *hearing*, whose row the caller's transaction holds; all else stays.

    *why* goes on a sentence for people: “It was removed …”.
    """
    account = Account(f"The recording, {why}.", "The transcript, and all else of the hearing.")
    with transaction.atomic():
        _record(hearing, Removal.Act.EXPIRED, account, otherwise=BY_ITSELF)
        hearing.recording.name = ""
        hearing.recording_removed_at, hearing.recording_removed_why = now, why
        hearing.save(update_fields=["recording", "recording_removed_at", "recording_removed_why"])


def sweep() -> int:
    """Delete the files of removed recordings that are still there; return how many removals."""
    return sum(_swept(removal) for removal in Removal.objects.filter(is_file_gone=False))


def forget_unowned_sound() -> int:
    """Delete decoded sound on this host whose recording is nobody's any more; return how many."""
    kept = {spool.recording_of(name) for name in scratch.kept_names(settings.SCRATCH)}
    owned = Hearing.objects.filter(recording_sha256__in=kept)
    unowned = kept - set(owned.values_list("recording_sha256", flat=True))
    for sha256 in unowned:
        spool.forget(settings.SCRATCH, sha256)
    return len(unowned)


def _leaving(hearing: Hearing) -> Hearing | None:
    """Hold the hearing's row and have all go that was made from its recording."""
    held = Hearing.objects.select_for_update().filter(pk=hearing.pk).first()
    if held is not None:
        recording_leaving.send(sender=Hearing, hearing=held)
    return held


def _record(
    hearing: Hearing,
    act: Removal.Act,
    account: Account | None,
    *,
    by: Any = None,
    otherwise: str = BY_COMMAND,
) -> None:
    """Write down who removes what; once that is certain, have the files go."""
    told = account or Account("The recording, and all that was made from it.")
    removal = Removal.objects.create(
        act=act,
        hearing=None if act == Removal.Act.DELETED else hearing,
        title=hearing.title,
        date=hearing.date,
        recording=hearing.recording.name or "",
        recording_name=hearing.recording_name,
        recording_bytes=hearing.recording_bytes,
        recording_sha256=hearing.recording_sha256,
        what_went=told.went,
        what_stays=told.stays,
        removed_by=by,
        removed_name=by.get_username() if by else otherwise,
        is_file_gone=not hearing.recording,  # after a retention period
    )
    # Where it fails, the workers' own sweep does it.
    transaction.on_commit(lambda: _gone(removal), robust=True)


def _gone(removal: Removal) -> None:
    spool.forget(settings.SCRATCH, removal.recording_sha256)
    if not removal.is_file_gone:
        _swept(removal)


def _swept(removal: Removal) -> bool:
    storage: Storage = Hearing().recording.storage
    if not Hearing.objects.filter(recording=removal.recording).exists():
        try:
            storage.delete(removal.recording)
        except OSError as error:
            log.warning("removed_recording_stays", removal=removal.pk, error=str(error))
            return False
    Removal.objects.filter(pk=removal.pk).update(is_file_gone=True)
    return True
