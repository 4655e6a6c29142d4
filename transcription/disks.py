"""Whether the disks of this host have room for what a run writes, and what is told where not."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from django.conf import settings

from hearings import room, scratch
from hearings.room import DiskFull, Need
from transcription import receipts
from transcription.work import Work

SCRATCH_BYTES = 1024 * 1024
# With less, the disk of the scratch folder is full: nothing that needs a temporary file would work.
GO_ON_BYTES = 4 * SCRATCH_BYTES
# What must be free there before a run goes on that found it full.


@contextmanager
def ready_for(work: Work) -> Iterator[None]:
    """Have room for all that *work* may have to write during the block. Raises DiskFull.

    The answer of a call that is paid for has its room taken before the call is made.
    """
    if _scratch_is_full():
        scratch.free_all(settings.SCRATCH)
        if _scratch_is_full():
            raise DiskFull(_scratch_sentence())
    if not work.is_hosted:
        yield
        return
    with _room_for_the_answer():
        yield


@contextmanager
def _room_for_the_answer() -> Iterator[None]:
    with ExitStack() as held:
        try:
            held.enter_context(receipts.reserved())
        except DiskFull:
            folder = Path(settings.RECEIPTS_DIR)
            if not scratch.free_all(settings.SCRATCH, for_folder=folder).kept:
                raise
            held.enter_context(receipts.reserved())
        yield


def lack(*, is_hosted: bool) -> DiskFull | None:
    """Return why runs that found no room on this host cannot go on yet; None where they can.

    Those of the embedded engine have no answers to keep.
    """
    if settings.SCRATCH.max_bytes:
        with suppress(OSError):
            if full := room.lack(_scratch_need()):
                return full
    return receipts.lack() if is_hosted else None


def _scratch_is_full() -> bool:
    policy = settings.SCRATCH
    with suppress(OSError):  # a folder that cannot be reached is not used, and not needed
        return bool(policy.max_bytes) and room.free_bytes(Path(policy.folder)) < SCRATCH_BYTES
    return False


def _scratch_sentence() -> str:
    need = _scratch_need()
    return room.sentence(need, free=room.free_bytes(need.folder))


def _scratch_need() -> Need:
    return Need("temporary files", Path(settings.SCRATCH.folder), GO_ON_BYTES)
