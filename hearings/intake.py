"""How a recording comes in: store → analyse → validate → accept or refuse with findings."""

import contextlib
import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import BinaryIO

import structlog
from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import Storage
from django.db import connection, transaction

from hearings import validation
from hearings.analysis import Analysis, TooLong, analyse
from hearings.ffmpeg import FfmpegMissing, MediaError, NoAudio, Probe, probe
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
from hearings.validation import Description, Finding, StreamFacts

log = structlog.get_logger(__name__)

_BLOCK_BYTES = 1024 * 1024
_NAME_LENGTH = 300
_OTHERS_COMPARED = 200

OnProgress = Callable[[int], None]
# Gets the milliseconds decoded so far.


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


class DiskFull(Exception):
    """There is no room for the recording; nothing of it was kept."""


class _Incoming(File):  # type: ignore[type-arg]  # generic in the stubs only
    """A source that is measured and hashed while the storage copies it."""

    def __init__(self, source: BinaryIO, limits: RecordingLimits) -> None:
        super().__init__(source, name="recording")
        self._source = source
        self._limits = limits
        self._sha256 = hashlib.sha256()
        self.byte_count = 0

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        while block := self._source.read(chunk_size or _BLOCK_BYTES):
            self.byte_count += len(block)
            if self.byte_count > self._limits.max_bytes:
                raise Refused((validation.too_large(self._limits),))
            self._sha256.update(block)
            yield block


def store(
    hearing: Hearing, source: BinaryIO, *, name: str, limits: RecordingLimits | None = None
) -> Hearing:
    """File *source* as the recording of *hearing* and save the row as CHECKING.

    *name* is what the uploader called it; shown, never used as a path. The bytes are on the disk
    before the row says so. Raises Refused, RecordingKnown or DiskFull, and then keeps nothing.
    Call it outside a transaction: copying is slow, and a rollback would leave the file behind.
    """
    limits = limits or settings.RECORDING_LIMITS
    storage = hearing.recording.storage
    target = recording_path(hearing, name)
    with _removed_on_failure(storage, target):
        incoming = _copied(source, storage, target, limits)
        with transaction.atomic():
            _hold(incoming.sha256)
            if known := _filed(incoming.sha256, besides=hearing):
                raise RecordingKnown(known)
            hearing.recording.name = target
            hearing.recording_name = Path(name).name[:_NAME_LENGTH]
            hearing.recording_bytes = incoming.byte_count
            hearing.recording_sha256 = incoming.sha256
            hearing.check_status = CheckStatus.CHECKING
            hearing.duration_ms = None
            hearing.save()
    return hearing


def check(
    hearing: Hearing,
    *,
    limits: RecordingLimits,
    today: date,
    on_progress: OnProgress | None = None,
) -> tuple[Finding, ...]:
    """Analyse and judge the recording, store what was found, accept or refuse.

    May run twice, and at once: each run finds the same. Where the hearing was deleted or got
    another recording meanwhile, nothing is stored. Raises FfmpegMissing: that is not the
    recording's fault, and the hearing stays CHECKING.
    """
    analysis, findings = _examine(hearing, limits, on_progress)
    findings += validation.description_findings(
        _described(hearing), today=today, others=_others(hearing)
    )
    current = _settle(hearing, analysis, findings)
    if current is not None and current.is_accepted:
        hearing_accepted.send(sender=Hearing, hearing=current)
    return findings


def _copied(source: BinaryIO, storage: Storage, target: str, limits: RecordingLimits) -> _Incoming:
    incoming = _Incoming(source, limits)
    try:
        storage.save(target, incoming)
        _flush(storage, target)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull(
                "There is no room left for the recording. Free some space where recordings are"
                " kept, then upload it again."
            ) from error
        raise
    if findings := validation.file_findings(incoming.byte_count, limits):
        raise Refused(findings)
    return incoming


def _flush(storage: Storage, name: str) -> None:
    """Wait until file and folder are on the disk. Remote storages see to that themselves."""
    try:
        path = Path(storage.path(name))
    except NotImplementedError:
        return
    for place in (path, path.parent):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _removed_on_failure(storage: Storage, name: str) -> Iterator[None]:
    kept = False
    try:
        yield
        kept = True
    finally:
        if not kept:
            storage.delete(name)


def _hold(sha256: str) -> None:
    """Let one transaction at a time file the same recording.

    SQLite's IMMEDIATE transactions do it by themselves.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int(sha256[:15], 16)])


def _filed(sha256: str, *, besides: Hearing) -> Hearing | None:
    return Hearing.objects.filter(recording_sha256=sha256).exclude(pk=besides.pk).first()


def _examine(
    hearing: Hearing, limits: RecordingLimits, on_progress: OnProgress | None
) -> tuple[Analysis | None, tuple[Finding, ...]]:
    """Read the recording. Without an analysis, the findings say why there is none."""
    path = Path(hearing.recording.path)
    if not path.exists():
        missing = "The recording is no longer where it was stored."
        return None, (validation.unreadable_file("file_missing", missing),)
    try:
        claims = probe(path)
        if findings := _stream_findings(claims, limits):
            return None, findings
        analysis = analyse(path, limits=limits, claims=claims, on_progress=on_progress)
    except FfmpegMissing:
        raise
    except TooLong:
        return None, (validation.too_long(limits),)
    except NoAudio as error:
        return None, (validation.unreadable_file("no_audio", str(error)),)
    except MediaError as error:
        return None, (validation.unreadable_file("unreadable", str(error)),)
    return analysis, (
        *validation.duration_findings(analysis.duration_ms, limits),
        *validation.sound_findings(analysis.speech, analysis.unreadable),
    )


def _stream_findings(claims: Probe, limits: RecordingLimits) -> tuple[Finding, ...]:
    used = claims.audio[0] if claims.audio else None
    facts = StreamFacts(
        stream_count=claims.stream_count,
        channels=used.channels if used else 0,
        sample_rate=used.sample_rate if used else 0,
    )
    return validation.stream_findings(facts, limits)


def _described(hearing: Hearing) -> Description:
    committee = hearing.committee.code if hearing.committee else None
    return Description(hearing.title, committee, hearing.date)


def _others(hearing: Hearing) -> list[Description]:
    same_day = Hearing.objects.filter(date=hearing.date).exclude(pk=hearing.pk)
    return [_described(other) for other in same_day.select_related("committee")[:_OTHERS_COMPARED]]


def _settle(
    hearing: Hearing, analysis: Analysis | None, findings: tuple[Finding, ...]
) -> Hearing | None:
    """Write the outcome in one transaction; None where there is no such recording any more."""
    with transaction.atomic():
        current = (
            Hearing.objects.select_for_update()
            .filter(pk=hearing.pk, recording=hearing.recording.name)
            .first()
        )
        if current is None:
            log.info("check_outdated", hearing=hearing.pk)
            return None
        _store_analysis(current, analysis)
        _replace_findings(current, findings)
        refused = validation.is_refused(findings)
        current.check_status = CheckStatus.REFUSED if refused else CheckStatus.ACCEPTED
        current.duration_ms = analysis.duration_ms if analysis else None
        current.save(update_fields=["check_status", "duration_ms"])
    hearing.check_status, hearing.duration_ms = current.check_status, current.duration_ms
    return current


def _store_analysis(hearing: Hearing, analysis: Analysis | None) -> None:
    if analysis is None:
        RecordingAnalysis.objects.filter(hearing=hearing).delete()
        return
    RecordingAnalysis.objects.update_or_create(
        hearing=hearing,
        defaults={
            "duration_ms": analysis.duration_ms,
            "mean_dbfs": analysis.mean_dbfs,
            "peak_dbfs": analysis.peak_dbfs,
            "speech": to_json(analysis.speech),
            "unreadable": to_json(analysis.unreadable),
        },
    )


def _replace_findings(hearing: Hearing, findings: tuple[Finding, ...]) -> None:
    hearing.findings.all().delete()
    ValidationFinding.objects.bulk_create(
        ValidationFinding(
            hearing=hearing,
            code=finding.code,
            severity=finding.severity.value,
            message=finding.message,
            advice=finding.advice,
            measured=finding.measured,
            needed=finding.needed,
        )
        for finding in findings
    )
