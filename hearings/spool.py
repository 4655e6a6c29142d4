"""The decoded sound of a recording, kept for a while, so that slices need no second decoding.

A help, never a need: where there is no room or no right to write, or the disk fails, there is no
spool, and slices are cut by ffmpeg. So nothing here raises OSError.

A closed hearing's sound lies in it, maybe below a folder that all users share. So its folder must
be ours and nobody else's, is opened once, and all files are reached from that descriptor, without
following a link. ``SHA256.pcm`` is whole: it got this name after its bytes were on the disk.
``SHA256.….part`` is being written, and locked by its writer for as long as that lives.
"""

import contextlib
import errno
import fcntl
import logging
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hearings.ffmpeg import BYTES_PER_MS
from hearings.policies import ScratchPolicy
from hearings.spans import Span

logger = logging.getLogger(__name__)

_WHOLE, _PART = ".pcm", ".part"

TakeSound = Callable[[bytes], None]
# Gets the next samples, 16 kHz mono s16le.


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    byte_count: int
    used_at: float
    # Seconds since 1970: last written or, of a spool, read.


@contextlib.contextmanager
def kept(policy: ScratchPolicy, sha256: str) -> Iterator[TakeSound]:
    """Give a function that takes the sound of the recording *sha256* from its start.

    What it took becomes the recording's spool when the block ends, unless by an error.
    """
    spool = _Writing(policy, sha256)
    try:
        yield spool.write
        spool.finish()
    finally:
        spool.give_up()


def read(policy: ScratchPolicy, sha256: str, span: Span, *, duration_ms: int) -> bytes | None:
    """Return the samples of *span*, silence past the end, or None where they are not kept.

    A spool that is not *duration_ms* long is of another analysis and not used.
    """
    with contextlib.suppress(OSError), _opened(policy) as folder:
        descriptor = os.open(_name(sha256), os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
        with os.fdopen(descriptor, "rb") as spool:
            if os.fstat(descriptor).st_size // BYTES_PER_MS != duration_ms:
                return None
            os.utime(descriptor)
            spool.seek(span.start_ms * BYTES_PER_MS)
            wanted = span.duration_ms * BYTES_PER_MS
            pcm = spool.read(wanted)
            return pcm.ljust(wanted, b"\0") if pcm else None
    return None


def forget(policy: ScratchPolicy, sha256: str) -> None:
    """Delete the spool of a recording, if there is one."""
    with contextlib.suppress(OSError), _opened(policy) as folder:
        os.unlink(_name(sha256), dir_fd=folder)


def tried(policy: ScratchPolicy) -> int:
    """Write a small file to the folder and delete it; return how many bytes lie there.

    Unlike all else here it tells why not. Raises OSError.
    """
    Path(policy.folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    with _opened(policy) as folder:
        name = f"tried.{secrets.token_hex(8)}{_PART}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        descriptor = os.open(name, flags, 0o600, dir_fd=folder)
        try:
            with contextlib.suppress(FileNotFoundError):
                # Gone already where a sweep took it for what a dead writer left.
                os.unlink(name, dir_fd=folder)
            os.write(descriptor, bytes(1))
        finally:
            os.close(descriptor)
        return sum(file.byte_count for file in _files(folder))


class _Writing:
    """One spool on its way. The first error ends it; what comes after is not kept."""

    def __init__(self, policy: ScratchPolicy, sha256: str) -> None:
        self._policy = policy
        self._closing = contextlib.ExitStack()
        self._file: int | None = None
        with self._given_up_on_error():
            self._name = _name(sha256)
            self._part = f"{sha256}.{secrets.token_hex(8)}{_PART}"
            Path(policy.folder).mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder = self._closing.enter_context(_opened(policy))
            _sweep(self._folder, policy)
            self._file = self._created()

    def write(self, sound: bytes) -> None:
        if self._file is not None:
            with self._given_up_on_error():
                _make_room(self._folder, self._policy, len(sound))
                rest = memoryview(sound)
                while rest:
                    rest = rest[os.write(self._file, rest) :]

    def finish(self) -> None:
        """Make it the recording's spool, once its bytes are sure to be on the disk."""
        if self._file is not None:
            with self._given_up_on_error():
                os.fsync(self._file)
                os.rename(self._part, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder)

    def give_up(self) -> None:
        """Close it; delete what did not become a spool."""
        if self._file is not None:
            self._file = None
            with contextlib.suppress(OSError):
                os.unlink(self._part, dir_fd=self._folder)
        with contextlib.suppress(OSError):
            self._closing.close()

    def _created(self) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        descriptor = os.open(self._part, flags, 0o600, dir_fd=self._folder)
        self._closing.callback(os.close, descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return descriptor

    @contextlib.contextmanager
    def _given_up_on_error(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            logger.info("The decoded sound is not kept; slices take longer. %s", error)
            self.give_up()


def _name(sha256: str) -> str:
    if not sha256.isalnum():
        raise FileNotFoundError(errno.ENOENT, "The recording has no SHA-256.")
    return sha256 + _WHOLE


@contextlib.contextmanager
def _opened(policy: ScratchPolicy) -> Iterator[int]:
    """Give a descriptor of the folder. Raises OSError, also where others could reach into it."""
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


def _files(folder: int) -> list[_File]:
    """Return what lies in the folder, the longest unused first."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                facts = entry.stat(follow_symlinks=False)
                found.append(_File(entry.name, facts.st_size, facts.st_mtime))
    return sorted(found, key=lambda file: file.used_at)


def _make_room(folder: int, policy: ScratchPolicy, wanted: int) -> None:
    """Delete the longest unused spools until *wanted* bytes fit. Raises OSError."""
    files = _files(folder)
    disk = os.fstatvfs(folder)
    free = disk.f_bavail * disk.f_frsize - policy.left_free_bytes
    missing = wanted - min(free, policy.max_bytes - sum(file.byte_count for file in files))
    spools = [file for file in files if file.name.endswith(_WHOLE)]
    if missing > sum(spool.byte_count for spool in spools):
        raise OSError(errno.ENOSPC, "There is no room for it", policy.folder)
    for spool in spools:
        if missing <= 0:
            return
        with contextlib.suppress(FileNotFoundError):
            os.unlink(spool.name, dir_fd=folder)
        missing -= spool.byte_count


def _sweep(folder: int, policy: ScratchPolicy) -> None:
    """Delete what nobody has used for long, and what a dead writer left."""
    long_ago = time.time() - policy.kept_seconds
    for file in _files(folder):
        ours = file.name.endswith((_WHOLE, _PART))
        with contextlib.suppress(FileNotFoundError):
            if ours and (file.used_at < long_ago or _is_orphan(folder, file.name)):
                os.unlink(file.name, dir_fd=folder)


def _is_orphan(folder: int, name: str) -> bool:
    """Say whether *name* was being written by a process that is no more."""
    if not name.endswith(_PART):
        return False
    descriptor = os.open(name, os.O_RDWR | os.O_NOFOLLOW, dir_fd=folder)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
