"""What the machine gives: ffmpeg, scratch space, memory, room on its disks."""

from pathlib import Path

from django.conf import settings

from hearings import ffmpeg as ffmpeg_adapter
from hearings import room
from hearings import scratch as scratch_space
from hearings.ffmpeg import MediaError
from transcription import memory as host_memory
from transcription.health import Seen, State, worst

LEAST_MEMORY_BYTES = 500 * 1000**2
HIGHEST_MEMORY_PERCENT = 85.0
ROOM_BYTES, LEAST_FREE_BYTES = 2 * 1000**3, 64 * 1024**2
# Below the one somebody should look; below the other runs are about to pause.
MB, GB = 1000**2, 1000**3
MIB = 1024**2
# As in the settings.


def ffmpeg() -> Seen:
    """Start both programs."""
    try:
        versions = {name: ffmpeg_adapter.version(name) for name in ("ffmpeg", "ffprobe")}
    except (MediaError, OSError) as error:
        return Seen(State.FAILED, f"It does not run: {error}")
    dumb = [name for name, version in versions.items() if not version]
    if dumb:
        return Seen(State.FAILED, f"{' and '.join(dumb)} cannot be started or tells no version.")
    return Seen(State.OK, f"Version {versions['ffmpeg']} runs.")


def scratch() -> Seen:
    """Write to the folder, and see how much lies in it."""
    policy = settings.SCRATCH
    if not policy.max_bytes:
        return Seen(State.OK, "Not used: SCRATCH_LIMIT_MB is 0.")
    try:
        used = scratch_space.tried(policy)
    except OSError as error:
        return Seen(State.WARNING, f"{policy.folder} cannot be used: {error.strerror}.")
    told = f"{used / MIB:,.0f} of {policy.max_bytes / MIB:,.0f} MB are used in {policy.folder}."
    if used > policy.max_bytes:
        return Seen(State.WARNING, told, "Delete what in this folder is not of this program.")
    return Seen(State.OK, told)


def memory() -> Seen:
    """See how much of the memory of the machine, or of its container, is left."""
    available = host_memory.available()
    return memory_seen(available, 100 * (1 - available / host_memory.of_machine()))


def memory_seen(available_bytes: int, percent: float) -> Seen:
    told = f"{available_bytes / MB:,.0f} MB are available; {percent:.0f} % is in use."
    if available_bytes < LEAST_MEMORY_BYTES:
        return Seen(State.FAILED, told)
    return Seen(State.WARNING if percent >= HIGHEST_MEMORY_PERCENT else State.OK, told)


def disk() -> Seen:
    """See how much room there is in each folder, or where it will be made."""
    folders = {
        "recordings": Path(settings.MEDIA_ROOT),
        "answers": Path(settings.RECEIPTS_DIR),
        "scratch": Path(settings.SCRATCH.folder),
    }
    return worst([room_seen(what, room.free_bytes(folder)) for what, folder in folders.items()])


def room_seen(what: str, free_bytes: int) -> Seen:
    told = f"{free_bytes / GB:,.1f} GB are free for {what}."
    if free_bytes < LEAST_FREE_BYTES:
        return Seen(State.FAILED, told)
    return Seen(State.OK if free_bytes >= ROOM_BYTES else State.WARNING, told)
