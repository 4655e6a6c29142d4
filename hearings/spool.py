"""The decoded sound of a recording, kept for a while, so that slices need no second decoding.

A help, never a need: where there is no room or no right to write, or the disk fails, there is no
spool, and slices are cut by ffmpeg. So nothing here raises OSError.

It is written in a leased folder of the scratch space and kept there, as ``SHA256.pcm``, or as
``SHA256-TRACK.pcm`` where a recording has several sounds, once it is whole. A closed hearing's
sound lies there too; see `scratch` for who may look in.
"""

import contextlib
import errno
import logging
import os
from collections.abc import Callable, Iterator

from hearings import scratch
from hearings.ffmpeg import BYTES_PER_MS
from hearings.policies import CleanUp, ScratchPolicy
from hearings.scratch import KEPT, PART
from hearings.spans import Span

logger = logging.getLogger(__name__)

TakeSound = Callable[[bytes], None]
# Gets the next samples, 16 kHz mono s16le.


def key(sha256: str, track: str) -> str:
    """Return what a sound is kept as: one sound of a recording is never taken for another."""
    return f"{sha256}-{track}" if track else sha256


def recording_of(name: str) -> str:
    """Return the SHA-256 of the recording whose sound is kept as *name*."""
    return name.partition("-")[0]


@contextlib.contextmanager
def kept(policy: ScratchPolicy, name: str) -> Iterator[TakeSound]:
    """Give a function that takes the sound *name* (see `key`) of a recording from its start.

    What it took becomes the recording's spool when the block ends, unless by an error.
    """
    spool = _Writing(policy, name)
    try:
        yield spool.write
        spool.finish()
    finally:
        spool.give_up()


def read(policy: ScratchPolicy, name: str, span: Span, *, duration_ms: int | None) -> bytes | None:
    """Return the samples of *span*, silence past the end, or None where they are not kept.

    A spool that is not *duration_ms* long is of another analysis and not used.
    """
    with (
        contextlib.suppress(OSError),
        scratch.opened(policy) as folder,
        scratch.held(folder, _file_name(name)) as descriptor,
        os.fdopen(descriptor, "rb", closefd=False) as spool,
    ):
        if os.fstat(descriptor).st_size // BYTES_PER_MS != duration_ms:
            return None
        os.utime(descriptor)
        spool.seek(span.start_ms * BYTES_PER_MS)
        wanted = span.duration_ms * BYTES_PER_MS
        pcm = spool.read(wanted)
        return pcm.ljust(wanted, b"\0") if pcm else None
    return None


def forget(policy: ScratchPolicy, sha256: str) -> None:
    """Delete the spools of a recording, if there are any, also from under who reads them."""
    for name in scratch.kept_names(policy):
        if recording_of(name) == sha256:
            with contextlib.suppress(OSError), scratch.opened(policy) as folder:
                os.unlink(_file_name(name), dir_fd=folder)


class _Writing:
    """One spool on its way. The first error ends it; what comes after is not kept."""

    def __init__(self, policy: ScratchPolicy, name: str) -> None:
        self._closing = contextlib.ExitStack()
        self._file: int | None = None
        if policy.clean_up is CleanUp.IMMEDIATE:
            return
        with self._given_up_on_error():
            self._name, self._part = _file_name(name), f"{name}{PART}"
            self._lease = self._closing.enter_context(scratch.leased(policy))
            self._file = self._lease.create(self._part)
            self._closing.callback(os.close, self._file)

    def write(self, sound: bytes) -> None:
        if self._file is not None:
            with self._given_up_on_error():
                self._lease.make_room(len(sound))
                rest = memoryview(sound)
                while rest:
                    rest = rest[os.write(self._file, rest) :]

    def finish(self) -> None:
        """Make it the recording's spool, once its bytes are sure to be on the disk."""
        if self._file is not None:
            with self._given_up_on_error():
                os.fsync(self._file)
                self._lease.keep(self._part, self._name)

    def give_up(self) -> None:
        """End the lease; what did not become a spool goes with it."""
        self._file = None
        with contextlib.suppress(OSError):
            self._closing.close()

    @contextlib.contextmanager
    def _given_up_on_error(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            logger.info("The decoded sound is not kept; slices take longer. %s", error)
            self.give_up()


def _file_name(name: str) -> str:
    if not name.replace("-", "", 1).isalnum():
        raise FileNotFoundError(errno.ENOENT, "The recording has no SHA-256.")
    return name + KEPT
