"""Answers as they came, one file a call, safe on the disk before anything is made of them.

What was paid for must outlive a worker that dies between the answer and its row. So the room for
an answer is taken before its call is made, as a file that is locked for as long as its process
lives; what a dead one left is nobody's.
"""

import contextlib
import fcntl
import os
import re
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from uuid import uuid4

from django.conf import settings

from hearings import room
from hearings.room import DiskFull, Need
from transcription.models import Attempt

ANSWER_BYTES = 1024 * 1024 + 64 * 1024
# Taken for one: the most that is read of an answer, and what a file system needs besides.
GO_ON_BYTES = 4 * ANSWER_BYTES
# What must be free before a run that found no room goes on: several chunks are sent at once.
_NAME = re.compile(r"(\d+)-([0-9a-f]{12})\.json")
# See `path_of`.
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class _Reservation:
    path: Path
    descriptor: int
    # Open and locked.


_reservation: ContextVar[_Reservation | None] = ContextVar("reservation", default=None)


@contextlib.contextmanager
def reserved() -> Iterator[None]:
    """Hold room for one answer during the block; `keep` writes into it. Raises DiskFull."""
    with contextlib.ExitStack() as held:
        try:
            reservation = held.enter_context(_taken(ANSWER_BYTES))
        except OSError as error:
            raise DiskFull(_complaint(error)) from error
        token = _reservation.set(reservation)
        held.callback(_reservation.reset, token)
        yield


def keep(call: Attempt, body: bytes) -> Path:
    """Store *body*; on return it survives a power cut. Raises OSError."""
    path = path_of(call)
    with contextlib.ExitStack() as held:
        space = _reservation.get() or held.enter_context(_taken(len(body)))
        _reservation.set(None)
        with open(space.descriptor, "r+b", closefd=False) as file:
            file.write(body)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
        space.path.replace(path)
        _sync(path.parent)
    return path


def lack() -> DiskFull | None:
    """Return why a run that found no room for its answers cannot go on yet; None where it can."""
    try:
        with _taken(GO_ON_BYTES):
            return None
    except OSError as error:
        return DiskFull(_complaint(error))


def sweep() -> int:
    """Delete the files that dead processes were writing or held as room; return how many."""
    return sum(_deleted(path) for path in _folder().glob("*.tmp"))


@dataclass(frozen=True, slots=True)
class Unnamed:
    """A file among the receipts that no call has."""

    path: Path
    byte_count: int
    changed_at: float
    # Seconds since 1970.
    is_ours: bool
    # By its name.


def unnamed() -> Iterator[Unnamed]:
    """Yield the files that no call names, and those that dead processes left. Raises OSError."""
    if not _folder().is_dir():
        return
    with os.scandir(_folder()) as entries:
        files = (Path(entry.path) for entry in entries if entry.is_file(follow_symlinks=False))
        for path in _without_call(files):
            is_room = path.suffix == ".tmp"
            if is_room and not _is_orphan(path):
                continue
            with contextlib.suppress(FileNotFoundError):
                facts = path.stat()
                is_ours = is_room or bool(_NAME.fullmatch(path.name))
                yield Unnamed(path, facts.st_size, facts.st_mtime, is_ours)


def forget(names: Iterable[str]) -> int:
    """Delete files by their names, as far as they are here and nobody's; return how many."""
    here = (path for name in names if (path := _folder() / name).is_file())
    return sum(_deleted(path) for path in _without_call(here))


def read(call: Attempt) -> bytes | None:
    """Return the answer of a call; None where none is kept on this host."""
    try:
        return path_of(call).read_bytes()
    except OSError:
        return None


def path_of(call: Attempt) -> Path:
    """Return where the answer of a call is, or would be.

    The sound is in the name: where a database was put back to an earlier state, the same number
    may come to mean another call.
    """
    return _folder() / f"{call.pk}-{call.audio_sha256[:12]}.json"


def _without_call(files: Iterator[Path]) -> Iterator[Path]:
    """Yield those that no call names. One query for many."""
    while paths := list(islice(files, _AT_ONCE)):
        calls = {path: _NAME.fullmatch(path.name) for path in paths}
        keys = [int(call[1]) for call in calls.values() if call]
        sounds = Attempt.objects.filter(pk__in=keys).values_list("pk", "audio_sha256")
        known = {(pk, sha256[:12]) for pk, sha256 in sounds}
        yield from (
            p for p, call in calls.items() if not call or (int(call[1]), call[2]) not in known
        )


def _is_orphan(path: Path) -> bool:
    """Say whether no living process holds this file as room for an answer."""
    with contextlib.suppress(OSError), _seized(path):
        return True
    return False


def _deleted(path: Path) -> bool:
    """Delete a file unless a living process holds it; say whether it is gone by that."""
    with contextlib.suppress(OSError), _seized(path):
        path.unlink()
        return True
    return False


@contextlib.contextmanager
def _seized(path: Path) -> Iterator[None]:
    """Hold the file for the block. Raises OSError where another process holds it."""
    with path.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _folder() -> Path:
    return Path(settings.RECEIPTS_DIR)


@contextlib.contextmanager
def _taken(byte_count: int) -> Iterator[_Reservation]:
    """Hold a locked file of this length, ours alone, for the block. Raises OSError."""
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{uuid4().hex}.tmp"
    descriptor = _created(path)
    try:
        _allocate(descriptor, byte_count)
        yield _Reservation(path, descriptor)
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _created(path: Path) -> int:
    """Return a descriptor of a new file with its lock. Raises OSError."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if path.exists():  # else a sweep came between the two
            return descriptor
        os.close(descriptor)


def _allocate(descriptor: int, byte_count: int) -> None:
    """Take room on the disk for a file that is still empty. Raises OSError."""
    if not byte_count:
        return
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, byte_count)
        return
    os.write(descriptor, bytes(byte_count))
    os.lseek(descriptor, 0, os.SEEK_SET)


def _complaint(error: OSError) -> str:
    need = Need("the answers of engines", _folder(), GO_ON_BYTES)
    if room.is_full(error):
        return room.sentence(need, free=room.free_bytes(need.folder))
    return (
        f"Disk fails: {need.what} are kept in {need.folder}, which cannot be written: "
        f"{error.strerror}."
    )


def _sync(folder: Path) -> None:
    """Make a rename in *folder* last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
