"""The scratch space of a host: a few folders that are leased in turn, and what is kept of them.

::

    SCRATCH_DIR/            must be ours and nobody else's; opened once, no link is followed
      pool-1/ … pool-N/     leased: whoever writes holds the lock of the folder, which the kernel
                            frees when its process ends, however it ends
      SHA256.pcm            kept: whole, since it was renamed to here after its bytes were on the
                            disk; locked, and so left alone, while somebody reads it

What a lease leaves in its folder goes at its end, and where its process died, with the next sweep.
What is kept goes as `CleanUp` says. When there is no room, the longest unused goes first; when
the disk is full, all goes that nobody holds. All errors are OSError.
"""

import contextlib
import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hearings import room
from hearings.policies import CleanUp, ScratchPolicy

KEPT, PART = ".pcm", ".part"
_POOL = "pool-"


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    byte_count: int
    used_at: float
    # Seconds since 1970: last written or, where it is kept, read.


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep deleted."""

    orphans: int = 0
    # Files that dead processes left.
    kept: int = 0
    # Files that were kept until now.


class Lease:
    """A folder that is ours alone until the lease ends; then it is empty."""

    def __init__(self, policy: ScratchPolicy, scratch: int, folder: int) -> None:
        self._policy = policy
        self._scratch = scratch
        self._folder = folder
        # Descriptors, open for as long as the lease lasts.

    def create(self, name: str) -> int:
        """Return a descriptor of a new file to write, to be closed by the caller."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        return os.open(name, flags, 0o600, dir_fd=self._folder)

    def make_room(self, byte_count: int) -> None:
        """Delete the longest unused of what is kept until so many bytes fit."""
        missing = _missing(self._scratch, self._policy, byte_count)
        if missing <= 0:
            return
        kept = _kept(self._scratch)
        fits = missing <= sum(file.byte_count for file in kept)
        if fits:
            _evict(self._scratch, kept, missing)
            fits = _missing(self._scratch, self._policy, byte_count) <= 0  # some may be held
        if not fits:
            raise OSError(errno.ENOSPC, "There is no room for it", self._policy.folder)

    def keep(self, name: str, as_name: str) -> None:
        """Take a finished file out of the lease, once its bytes are on the disk."""
        os.rename(name, as_name, src_dir_fd=self._folder, dst_dir_fd=self._scratch)


@contextlib.contextmanager
def leased(policy: ScratchPolicy) -> Iterator[Lease]:
    """Hold a folder of the pool for the block; it is empty at the start and at the end."""
    Path(policy.folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    with opened(policy) as scratch:
        _sweep(scratch, policy)
        with _free_folder(scratch, policy) as folder:
            try:
                yield Lease(policy, scratch, folder)
            finally:
                _empty(folder)


@contextlib.contextmanager
def opened(policy: ScratchPolicy) -> Iterator[int]:
    """Give a descriptor of the scratch folder. It is refused where others could reach into it."""
    folder = os.open(policy.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        found = os.fstat(folder)
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
            raise PermissionError(
                errno.EPERM, "It must belong to this user and have mode 700", policy.folder
            )
        yield folder
    finally:
        os.close(folder)


@contextlib.contextmanager
def held(scratch: int, name: str) -> Iterator[int]:
    """Give a descriptor of a kept file to read; meanwhile nobody deletes it to make room."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=scratch)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield descriptor
    finally:
        os.close(descriptor)


def tried(policy: ScratchPolicy) -> int:
    """Lease a folder and write a byte there; return how many bytes lie in the scratch space."""
    with leased(policy) as lease, opened(policy) as scratch:
        descriptor = lease.create("tried" + PART)
        try:
            os.write(descriptor, bytes(1))
        finally:
            os.close(descriptor)
        return _used_bytes(scratch)


def sweep(policy: ScratchPolicy) -> Swept:
    """Delete what the dead left and what is kept for too long, or too much for the disk."""
    with contextlib.suppress(FileNotFoundError), opened(policy) as scratch:
        return _sweep(scratch, policy)
    return Swept()


def free_all(policy: ScratchPolicy, *, for_folder: Path | None = None) -> Swept:
    """Delete everything that nobody holds: the disk is full.

    Nothing is deleted where that makes no room for *for_folder*, which is on another disk.
    """
    with contextlib.suppress(OSError), opened(policy) as scratch:
        if for_folder and not room.is_one_disk(Path(policy.folder), for_folder):
            return Swept()
        orphans = _empty_orphans(scratch)
        return Swept(orphans, sum(_remove(scratch, file.name) for file in _kept(scratch)))
    return Swept()


def kept_names(policy: ScratchPolicy) -> list[str]:
    """Return what is kept, without its ending."""
    with contextlib.suppress(OSError), opened(policy) as scratch:
        return [file.name.removesuffix(KEPT) for file in _kept(scratch)]
    return []


def orphaned(policy: ScratchPolicy) -> list[tuple[str, int]]:
    """Return what dead processes left: path and length of each file. Raises OSError."""
    found = []
    with contextlib.suppress(FileNotFoundError), opened(policy) as scratch:
        for name in _pool(scratch):
            with contextlib.suppress(BlockingIOError), _locked_folder(scratch, name) as folder:
                place = Path(policy.folder) / name
                found += [(str(place / file.name), file.byte_count) for file in _files(folder)]
    return found


def _sweep(scratch: int, policy: ScratchPolicy) -> Swept:
    orphans = _empty_orphans(scratch)
    long_ago = time.time() - policy.kept_seconds
    goes_at_once = policy.clean_up is CleanUp.IMMEDIATE
    old = [file for file in _kept(scratch) if goes_at_once or file.used_at < long_ago]
    gone = sum(_remove(scratch, file.name) for file in old)
    missing = _missing(scratch, policy, 0)
    return Swept(orphans, gone + _evict(scratch, _kept(scratch), missing))


def _empty_orphans(scratch: int) -> int:
    """Empty the folders of the pool that no living process holds."""
    gone = 0
    for name in _pool(scratch):
        with contextlib.suppress(OSError), _locked_folder(scratch, name) as folder:
            gone += _empty(folder)
    return gone


@contextlib.contextmanager
def _free_folder(scratch: int, policy: ScratchPolicy) -> Iterator[int]:
    """Hold the first folder of the pool that nobody holds, made where it is missing."""
    with contextlib.ExitStack() as held:
        for number in range(1, policy.folders + 1):
            name = f"{_POOL}{number}"
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=scratch)
            with contextlib.suppress(BlockingIOError):
                folder = held.enter_context(_locked_folder(scratch, name))
                _empty(folder)
                break
        else:
            raise OSError(errno.EBUSY, f"All {policy.folders} folders are in use", policy.folder)
        yield folder


@contextlib.contextmanager
def _locked_folder(scratch: int, name: str) -> Iterator[int]:
    """Hold the lock of a folder for the block. Raises BlockingIOError where somebody does."""
    folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=scratch)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield folder
    finally:
        os.close(folder)


def _pool(scratch: int) -> list[str]:
    with os.scandir(scratch) as entries:
        return [e.name for e in entries if e.name.startswith(_POOL) and not e.is_symlink()]


def _files(folder: int) -> list[_File]:
    """Return the files that lie in the folder itself, the longest unused first."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                if not entry.is_dir(follow_symlinks=False):
                    facts = entry.stat(follow_symlinks=False)
                    found.append(_File(entry.name, facts.st_size, facts.st_mtime))
    return sorted(found, key=lambda file: file.used_at)


def _kept(scratch: int) -> list[_File]:
    return [file for file in _files(scratch) if file.name.endswith(KEPT)]


def _used_bytes(scratch: int) -> int:
    """Return what lies in the scratch folder and in its pool."""
    total = sum(file.byte_count for file in _files(scratch))
    for name in _pool(scratch):
        with contextlib.suppress(OSError):
            folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=scratch)
            try:
                total += sum(file.byte_count for file in _files(folder))
            finally:
                os.close(folder)
    return total


def _missing(scratch: int, policy: ScratchPolicy, wanted: int) -> int:
    """Return how many bytes have to go before *wanted* fit; negative where more would."""
    disk = os.fstatvfs(scratch)
    free = disk.f_bavail * disk.f_frsize - policy.left_free_bytes
    return wanted - min(free, policy.max_bytes - _used_bytes(scratch))


def _evict(scratch: int, kept: list[_File], missing: int) -> int:
    """Delete the longest unused until nothing is *missing*; return how many went."""
    gone = 0
    for file in kept:
        if missing <= 0:
            break
        if _remove(scratch, file.name):
            missing -= file.byte_count
            gone += 1
    return gone


def _remove(scratch: int, name: str) -> bool:
    """Delete a kept file that nobody holds; say whether it is gone by us."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=scratch)
    except FileNotFoundError:
        return False
    except OSError:  # a link, which is nobody's
        os.unlink(name, dir_fd=scratch)
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(name, dir_fd=scratch)
    except (BlockingIOError, FileNotFoundError):
        return False
    finally:
        os.close(descriptor)
    return True


def _empty(folder: int) -> int:
    """Delete the files of a folder whose lock is ours; return how many there were."""
    gone = 0
    for file in _files(folder):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(file.name, dir_fd=folder)
            gone += 1
    return gone
