"""How a recording comes in: store → analyse → validate → accept or refuse with findings."""

import contextlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

import structlog
from django.conf import settings
from django.core.files.storage import Storage
from django.db import connection, transaction
from django.utils import timezone

from hearings import lost_recording, room, scratch, spool, tracks, validation
from hearings.analysis import OnProgress, OnSound
from hearings.copying import Copied, TooLarge, copy
from hearings.examination import Examined, examined
from hearings.ffmpeg import probe
from hearings.findings import description_findings, store_findings
from hearings.models import (
    CheckStatus,
    Hearing,
    RecordingAnalysis,
    ValidationFinding,
    recording_path,
)
from hearings.policies import RecordingLimits
from hearings.signals import hearing_accepted
from hearings.spans import to_json
from hearings.validation import Finding

log = structlog.get_logger(__name__)

_NAME_LENGTH = 300


class Refused(Exception):
    """The recording cannot be taken; nothing of it was kept."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(" ".join(finding.message for finding in findings))
        self.findings = findings


class RecordingKnown(Exception):
    """The same recording, byte for byte, is already filed."""

    def __init__(self, hearing: Hearing) -> None:
        super().__init__(f"This recording is already filed as “{hearing}”.")
        self.hearing = hearing
        self.is_put_back = False
        # It had been removed, or was damaged, and what was handed in took its place.


class DiskFull(room.DiskFull):
    """There is no room for the recording; nothing of it was kept."""

    def __init__(self, *, folder: Path | None = None, needed_bytes: int | None = None) -> None:
        where = f"Uploads come in through {folder}"
        if folder is None:
            folder = Path(settings.MEDIA_ROOT)
            where = f"Recordings are kept in {folder}"
        if needed_bytes is not None:
            where += f", {room.amounts(needed_bytes, room.free_bytes(folder))}"
        super().__init__(
            "Disk full. There is no room left for the recording. "
            f"{where}. Free some space there, then upload it again."
        )


@dataclass(frozen=True, slots=True)
class Received:
    """A recording in storage that is no hearing's yet."""

    location: str
    # Where storage has it.
    name: str
    # As the uploader called it; shown, never used as a path.
    byte_count: int
    sha256: str


def store(
    hearing: Hearing, source: BinaryIO, *, name: str, limits: RecordingLimits | None = None
) -> Hearing:
    """File *source* as the recording of *hearing* and save the row as CHECKING.

    *name* is what the uploader called it; shown, never used as a path. The bytes are on the disk
    before the row says so. Raises Refused, RecordingKnown or DiskFull, and then keeps nothing.
    Call it outside a transaction: copying is slow, and a rollback would leave the file behind.
    """
    with received(source, name=name, limits=limits) as recording, transaction.atomic():
        return file(hearing, recording)


@contextlib.contextmanager
def received(
    source: BinaryIO, *, name: str, limits: RecordingLimits | None = None
) -> Iterator[Received]:
    """Have *source* in storage for the block, in which `file` may make it a hearing's.

    After the block only what a row names is kept, so an error in it leaves no file; a
    RecordingKnown puts a recording back that its hearing lacks. Raises Refused or DiskFull. To be
    entered outside a transaction, as `store`.
    """
    storage = Hearing().recording.storage
    location = recording_path(Hearing(), name)
    with _removed_unless_filed(storage, location):
        copied = _copied(source, storage, location, limits or settings.RECORDING_LIMITS)
        shown = Path(name).name[:_NAME_LENGTH]
        try:
            yield Received(location, shown, copied.byte_count, copied.sha256)
        except RecordingKnown as known:
            known.is_put_back = lost_recording.put_back(known.hearing, location)
            raise


def file(hearing: Hearing, recording: Received) -> Hearing:
    """Make *recording* the hearing's and save the row as CHECKING. Raises RecordingKnown.

    To be called in a transaction: until its end nobody else may file the same recording.
    """
    _hold(recording.sha256)
    if known := _filed(recording.sha256, besides=hearing):
        raise RecordingKnown(known)
    _forget_sound_on_commit(hearing.recording_sha256)
    hearing.recording.name = recording.location
    hearing.recording_name = recording.name
    hearing.recording_bytes = recording.byte_count
    hearing.recording_sha256 = recording.sha256
    hearing.recording_stored_at = timezone.now()
    hearing.recording_removed_at, hearing.recording_removed_why = None, ""
    hearing.check_status = CheckStatus.CHECKING
    hearing.duration_ms = None
    hearing.tracks = []
    if hearing.pk:  # what was chosen of another recording
        hearing.track = ""
    hearing.save()
    return hearing


def track_of(path: Path, wanted: str) -> str:
    """Return the track *wanted* of the recording at *path* as a hearing's is written.

    Raises NoSuchTrack, with what there is, and MediaError.
    """
    return tracks.chosen(wanted, probe(path).audio)


def choose_track(hearing: Hearing, track: str) -> bool:
    """Make *track* (see `track_of`) the hearing's, to be checked anew; "" for the loudest.

    False where it is that already, so that nothing is to be read.
    """
    with transaction.atomic():
        current = Hearing.objects.select_for_update().get(pk=hearing.pk)
        is_new = current.track != track
        current.track = track
        if is_new and current.is_accepted and current.analysis.track == track:
            # It was heard unasked; now somebody has said so.
            current.findings.filter(code=validation.SEVERAL_TRACKS).delete()
            is_new = False
        if is_new:
            _forget_sound_on_commit(current.recording_sha256)
            current.check_status, current.duration_ms = CheckStatus.CHECKING, None
        current.save(update_fields=["track", "check_status", "duration_ms"])
    hearing.refresh_from_db(fields=["track", "check_status", "duration_ms"])
    return is_new


def check(
    hearing: Hearing,
    *,
    limits: RecordingLimits,
    today: date,
    on_progress: OnProgress | None = None,
    overrule: bool = False,
) -> tuple[Finding, ...]:
    """Analyse and judge the recording, store what was found, accept or refuse.

    With *overrule* a person goes on in spite of what may be overruled; it becomes a warning.

    May run twice, and at once: each run finds the same. Where the hearing was deleted or got
    another recording meanwhile, nothing is stored. Raises FfmpegMissing: that is not the
    recording's fault, and the hearing stays CHECKING.
    """
    found = _examine(hearing, limits, on_progress)
    as_edited = Hearing.objects.filter(pk=hearing.pk).first() or hearing
    findings = found.findings + description_findings(as_edited, today=today)
    if overrule:
        findings = validation.overruled(findings)
    current = _settle(hearing, found, findings)
    if current is None or not current.is_accepted:
        spool.forget(settings.SCRATCH, hearing.recording_sha256)
    else:
        hearing_accepted.send(sender=Hearing, hearing=current)
    return findings


def check_description(hearing: Hearing, *, today: date) -> None:
    """Judge what is said of the hearing anew after an edit; the recording is not read again.

    What was refused for its description alone is accepted once that is right.
    """
    with transaction.atomic():
        current = Hearing.objects.select_for_update().get(pk=hearing.pk)
        if current.check_status == CheckStatus.CHECKING:
            return
        current.findings.filter(code__in=validation.DESCRIPTION_CODES).delete()
        store_findings(current, description_findings(current, today=today))
        errors = current.findings.filter(severity=ValidationFinding.Severity.ERROR)
        refused = errors.exclude(code__in=validation.STORAGE_CODES).exists()
        becomes_accepted = not (refused or current.is_accepted)
        current.check_status = CheckStatus.REFUSED if refused else CheckStatus.ACCEPTED
        current.save(update_fields=["check_status"])
    if becomes_accepted:
        hearing_accepted.send(sender=Hearing, hearing=current)


def lack_of_room(byte_count: int, *, arrived_bytes: int = 0) -> DiskFull | None:
    """Return why there is no room for a recording of so many bytes; None where there is.

    *arrived_bytes* of what it needs lie on the disk of the recordings already. Gives up kept sound
    where that helps.
    """
    media, needed = Path(settings.MEDIA_ROOT), room.upload_bytes(byte_count) - arrived_bytes
    if room.free_bytes(media) >= needed:
        return None
    scratch.free_all(settings.SCRATCH, for_folder=media)
    return None if room.free_bytes(media) >= needed else DiskFull(needed_bytes=needed)


def _copied(source: BinaryIO, storage: Storage, location: str, limits: RecordingLimits) -> Copied:
    length = _length(source) or 0
    if length > limits.max_bytes:
        raise Refused((validation.too_large(limits),))
    if full := lack_of_room(length, arrived_bytes=length if _is_beside(source) else 0):
        raise full
    try:
        copied = copy(source, storage, location, max_bytes=limits.max_bytes)
    except TooLarge as error:
        raise Refused((validation.too_large(limits),)) from error
    except OSError as error:
        if room.is_full(error):
            storage.delete(location)  # what is free without the part of it
            raise DiskFull(needed_bytes=_length(source)) from error
        raise
    if findings := validation.file_findings(copied.byte_count, limits):
        raise Refused(findings)
    return copied


def _length(source: BinaryIO) -> int | None:
    """Return how many bytes *source* has; None where only its end would tell."""
    with contextlib.suppress(OSError, AttributeError):
        if source.seekable():
            begin = source.tell()
            end = source.seek(0, os.SEEK_END)
            source.seek(begin)
            return end
    return None


def _is_beside(source: BinaryIO) -> bool:
    """Say whether *source* is a file on the disk of the recordings."""
    with contextlib.suppress(OSError, AttributeError):
        media = room.nearest(Path(settings.MEDIA_ROOT))
        return os.fstat(source.fileno()).st_dev == media.stat().st_dev
    return False


@contextlib.contextmanager
def _removed_unless_filed(storage: Storage, location: str) -> Iterator[None]:
    try:
        yield
    finally:
        if not Hearing.objects.filter(recording=location).exists():
            storage.delete(location)


def _hold(sha256: str) -> None:
    """Let one transaction at a time file the same recording.

    SQLite's IMMEDIATE transactions do it by themselves.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int(sha256[:15], 16)])


def _filed(sha256: str, *, besides: Hearing) -> Hearing | None:
    return Hearing.objects.filter(recording_sha256=sha256).exclude(pk=besides.pk).first()


def _examine(hearing: Hearing, limits: RecordingLimits, on_progress: OnProgress | None) -> Examined:
    """Read the recording. Without an analysis, the findings say why there is none."""
    path = Path(hearing.recording.path)
    if not path.exists():
        missing = "The recording is no longer where it was stored."
        return Examined(None, (validation.unusable("file_missing", missing),))

    def keep(track: str) -> AbstractContextManager[OnSound]:
        return spool.kept(settings.SCRATCH, spool.key(hearing.recording_sha256, track))

    return examined(path, wanted=hearing.track, limits=limits, on_progress=on_progress, keep=keep)


def _forget_sound_on_commit(sha256: str) -> None:
    """Delete the decoded sound of a recording that is going, once that is certain."""
    transaction.on_commit(lambda: spool.forget(settings.SCRATCH, sha256))


def _settle(hearing: Hearing, found: Examined, findings: tuple[Finding, ...]) -> Hearing | None:
    """Write the outcome in one transaction; None where there is no such recording any more."""
    with transaction.atomic():
        current = (
            Hearing.objects.select_for_update()
            .filter(pk=hearing.pk, recording=hearing.recording.name, track=hearing.track)
            .first()
        )
        if current is None:
            log.info("check_outdated", hearing=hearing.pk)
            return None
        _store_analysis(current, found)
        current.findings.all().delete()
        store_findings(current, findings)
        refused = validation.is_refused(findings)
        current.check_status = CheckStatus.REFUSED if refused else CheckStatus.ACCEPTED
        current.duration_ms = found.analysis.duration_ms if found.analysis else None
        current.tracks = [choice.to_json() for choice in found.choices]
        current.save(update_fields=["check_status", "duration_ms", "tracks"])
    hearing.check_status, hearing.duration_ms = current.check_status, current.duration_ms
    hearing.tracks = current.tracks
    return current


def _store_analysis(hearing: Hearing, found: Examined) -> None:
    if (analysis := found.analysis) is None:
        RecordingAnalysis.objects.filter(hearing=hearing).delete()
        return
    RecordingAnalysis.objects.update_or_create(
        hearing=hearing,
        defaults={
            "track": found.track,
            "duration_ms": analysis.duration_ms,
            "mean_dbfs": analysis.mean_dbfs,
            "peak_dbfs": analysis.peak_dbfs,
            "speech": to_json(analysis.speech),
            "unreadable": to_json(analysis.unreadable),
        },
    )
