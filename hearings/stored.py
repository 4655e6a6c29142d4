"""Compares recordings in storage with their rows, in constant memory, and marks what is wrong."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import transaction

from hearings import storage_problems
from hearings.analysis import TooLong, analyse
from hearings.ffmpeg import FfmpegMissing, MediaError, probe
from hearings.models import Hearing, ValidationFinding
from hearings.storage_problems import Problem
from hearings.validation import STORAGE_CODES

_BLOCK_BYTES = 1024 * 1024
MARKED = "Its hearing was marked with what to do."

OnBytes = Callable[[int], None]
# Gets how many bytes were read since the last call.


def examine(hearing: Hearing, *, decode: bool, on_bytes: OnBytes) -> Problem | None:
    """Return what is wrong with the recording of *hearing*. Reads all of it.

    With *decode* the sound of an accepted one is decoded too. Raises FfmpegMissing.
    """
    name, pk, title = hearing.recording.name or "", hearing.pk, hearing.title
    try:
        path = Path(hearing.recording.path)
        byte_count, sha256 = _measured(path, on_bytes)
    except FileNotFoundError:
        return storage_problems.missing(name, hearing=pk, title=title)
    except OSError as error:
        why = error.strerror or type(error).__name__
        return storage_problems.unreadable(name, why, hearing=pk, title=title)
    if sha256 != hearing.recording_sha256:
        return storage_problems.changed(
            name,
            hearing=pk,
            title=title,
            measured=f"{byte_count:,} bytes, SHA-256 {sha256}",
            needed=f"{hearing.recording_bytes:,} bytes, SHA-256 {hearing.recording_sha256}",
        )
    if decode and hearing.is_accepted and (why := _undecodable(path)):
        return storage_problems.unreadable(name, why, hearing=pk, title=title)
    return None


def mark(hearing: Hearing, problem: Problem | None) -> bool:
    """Keep *problem* as a finding of the hearing, or take back what was kept where there is none.

    False where nothing is kept: the hearing was deleted, or has another recording by now.
    """
    with transaction.atomic():
        same = Hearing.objects.select_for_update().filter(
            pk=hearing.pk, recording=hearing.recording.name
        )
        current = same.first()
        if current is None:
            return False
        current.findings.filter(code__in=STORAGE_CODES).delete()
        if problem is None:
            return False
        ValidationFinding.objects.create(
            hearing=current,
            code=f"stored_file_{problem.kind}",
            severity=ValidationFinding.Severity.ERROR,
            message=problem.message,
            advice=problem.advice,
            measured=problem.measured,
            needed=problem.needed,
        )
        return True


def _measured(path: Path, on_bytes: OnBytes) -> tuple[int, str]:
    """Return length and SHA-256 of a file. Raises OSError."""
    digest, byte_count = hashlib.sha256(), 0
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            byte_count += len(block)
            on_bytes(len(block))
    return byte_count, digest.hexdigest()


def _undecodable(path: Path) -> str:
    """Return why its sound cannot be decoded; empty where it can. Raises FfmpegMissing."""
    try:
        analyse(path, limits=settings.RECORDING_LIMITS, claims=probe(path))
    except FfmpegMissing:
        raise
    except TooLong:
        return ""  # once it was taken
    except MediaError as error:
        return str(error)
    return ""
