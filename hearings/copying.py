"""Copies a stream into storage: measured and hashed on the way, on the disk before it says so."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.core.files.base import File
from django.core.files.storage import Storage

_BLOCK_BYTES = 1024 * 1024


class TooLarge(Exception):
    """The stream is longer than it may be; the rest of it was not read."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What went into storage."""

    byte_count: int
    sha256: str


def copy(source: BinaryIO, storage: Storage, location: str, *, max_bytes: int) -> Copied:
    """Copy *source* to *location*. Raises TooLarge or OSError, and may then leave a part there."""
    measured = _Measured(source, max_bytes)
    storage.save(location, measured)
    _flush(storage, location)
    return Copied(measured.byte_count, measured.sha256.hexdigest())


class _Measured(File):  # type: ignore[type-arg]  # generic in the stubs only
    """A source that is measured and hashed while the storage reads it."""

    def __init__(self, source: BinaryIO, max_bytes: int) -> None:
        super().__init__(source, name="recording")
        self._source = source
        self._max_bytes = max_bytes
        self.sha256 = hashlib.sha256()
        self.byte_count = 0

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        while block := self._source.read(chunk_size or _BLOCK_BYTES):
            self.byte_count += len(block)
            if self.byte_count > self._max_bytes:
                raise TooLarge
            self.sha256.update(block)
            yield block


def _flush(storage: Storage, location: str) -> None:
    """Wait until file and folders are on the disk. Remote storages see to that themselves."""
    try:
        path = Path(storage.path(location))
    except NotImplementedError:
        return
    for place in (path, path.parent, path.parent.parent):  # the folder may be new itself
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
