"""Answers as they came, one file a call, safe on the disk before anything is made of them.

What was paid for must outlive a worker that dies between the answer and its row.
"""

import os
import shutil
from pathlib import Path

from django.conf import settings

from transcription.models import Attempt

LEAST_FREE_BYTES = 64 * 1024 * 1024
# An answer is 1 MiB at most, and many are under way.


def keep(call: Attempt, body: bytes) -> Path:
    """Store *body*; on return it survives a power cut. Raises OSError."""
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = path_of(call)
    unfinished = path.with_suffix(".json.tmp")
    with open(unfinished, "wb", opener=_for_us_alone) as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    _sync(folder)
    return path


def read(call: Attempt) -> bytes | None:
    """Return the answer of a call; None where none is kept on this host."""
    try:
        return path_of(call).read_bytes()
    except OSError:
        return None


def has_room() -> bool:
    """Say whether an answer could be kept: what could not be recorded is not sent."""
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free >= LEAST_FREE_BYTES


def path_of(call: Attempt) -> Path:
    """Return where the answer of a call is, or would be.

    The sound is in the name: where a database was put back to an earlier state, the same number
    may come to mean another call.
    """
    return _folder() / f"{call.pk}-{call.audio_sha256[:12]}.json"


def _folder() -> Path:
    return Path(settings.RECEIPTS_DIR)


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync(folder: Path) -> None:
    """Make a rename in *folder* last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
