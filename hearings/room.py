"""Room on the disks, and the sentence that says where it is lacking."""

import errno
import os
from dataclasses import dataclass
from pathlib import Path

_MB = 1024 * 1024
_UPLOAD_TENTHS = 22
# Of its own size that must be free for an upload: as it comes in, as it is kept, and a tenth of
# each for what is made from it.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class Need:
    """What a folder must be able to take."""

    what: str
    # What lies there, as the subject of a sentence: "The answers of engines".
    folder: Path
    byte_count: int


class DiskFull(Exception):
    """There is no room for what is to be written; the message says where, and what to do."""


def is_full(error: OSError) -> bool:
    """Say whether *error* means that a disk, a quota or a file can take no more."""
    return error.errno in _FULL


def free_bytes(folder: Path) -> int:
    """Return what the disk of *folder* can take, which need not be there yet. Raises OSError."""
    disk = os.statvfs(nearest(folder))
    return disk.f_bavail * disk.f_frsize


def upload_bytes(byte_count: int) -> int:
    """Return what must be free before an upload of so many bytes is taken."""
    return -(-byte_count * _UPLOAD_TENTHS // 10)


def most_upload_bytes(free: int) -> int:
    """Return the length of the largest upload that so much room is enough for."""
    return free * 10 // _UPLOAD_TENTHS


def is_one_disk(one: Path, other: Path) -> bool:
    """Say whether what is deleted in one folder makes room in the other. Raises OSError."""
    return nearest(one).stat().st_dev == nearest(other).stat().st_dev


def lack(need: Need) -> DiskFull | None:
    """Return what to tell a person where the disk has no room for *need*."""
    free = free_bytes(need.folder)
    return None if free >= need.byte_count else DiskFull(sentence(need, free=free))


def sentence(need: Need, *, free: int) -> str:
    """Say that the disk is full, which, and how much is needed there."""
    return f"Disk full: {need.what} are kept in {need.folder}, {amounts(need.byte_count, free)}."


def amounts(needed: int, free: int) -> str:
    """Say what is needed and what is there, as the end of a sentence about a folder."""
    return f"where {-(-needed // _MB):,} MB are needed and {free // _MB:,} MB are free"


def nearest(folder: Path) -> Path:
    """Return *folder* or, while it is not there, the one that it will be in."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
