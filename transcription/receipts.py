"""Answers as they came, one file a call, safe on the disk before anything is made of them.

What was paid for must outlive a worker that dies between the answer and its row.
"""

import os
from pathlib import Path

from django.conf import settings


def keep(attempt_id: int, body: bytes) -> Path:
    """Store *body*; on return it survives a power cut. Raises OSError."""
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = path_of(attempt_id)
    unfinished = path.with_suffix(".json.tmp")
    with open(unfinished, "wb", opener=_for_us_alone) as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    _sync(folder)
    return path


def path_of(attempt_id: int) -> Path:
    """Return where the answer of a call is, or would be."""
    return _folder() / f"{attempt_id}.json"


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "receipts"


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync(folder: Path) -> None:
    """Make a rename in *folder* last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
