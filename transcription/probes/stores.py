"""Where things last: the database, and the folders of recordings and answers."""

import os
import time
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db import Error, connection, transaction

from hearings.models import Hearing
from transcription.health import Seen, State, worst
from transcription.models import Slot

SLOW_SECONDS = 1.0
# A database that takes longer for so little will not keep up.


def database() -> Seen:
    """Write a row, read it, and take it back."""
    began = time.monotonic()
    name = f"health-{uuid4().hex}"
    try:
        with transaction.atomic():
            Slot.objects.create(limit=name, number=0)
            is_there = Slot.objects.filter(limit=name).exists()
            transaction.set_rollback(True)
    except Error as error:
        return Seen(State.FAILED, f"{connection.display_name} does not work: {_first_line(error)}")
    milliseconds = (time.monotonic() - began) * 1000
    told = f"{connection.display_name} wrote, read and took back a row in {milliseconds:.0f} ms."
    if not is_there:
        return Seen(State.FAILED, f"{connection.display_name} did not find a row just written.")
    return Seen(State.OK if milliseconds < SLOW_SECONDS * 1000 else State.WARNING, told)


def storage() -> Seen:
    """Write, sync, read and delete a small file in each folder that must last."""
    recordings = Path(settings.MEDIA_ROOT)
    if not recordings.exists() and Hearing.objects.exists():
        # It would be made anew and look well, with no recording in it.
        lost = f"The folder of recordings is missing: {recordings}"
        seen = Seen(State.FAILED, lost, "Mount its disk again, or bring it back from a back-up.")
    else:
        seen = _tried(recordings, "Recordings")
    return worst([seen, _tried(Path(settings.RECEIPTS_DIR), "Answers")])


def _tried(folder: Path, what: str) -> Seen:
    content = os.urandom(64)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_same = _kept(folder / f".health-{uuid4().hex}", content) == content
    except (FileExistsError, NotADirectoryError):
        return Seen(State.FAILED, f"{what} cannot be kept in {folder}: it is not a folder.")
    except OSError as error:
        return Seen(State.FAILED, f"{what} cannot be kept in {folder}: {error.strerror}.")
    if not is_same:
        return Seen(State.FAILED, f"{what}: {folder} gives back other bytes than were written.")
    return Seen(State.OK, f"{what}: a file was written, read and deleted in {folder}.")


def _kept(path: Path, content: bytes) -> bytes:
    """Return what a new file gives back once its bytes are on the disk. Raises OSError.

    It loses its name before it is written, so that whoever is killed here leaves nothing.
    """
    with path.open("x+b") as file:
        path.unlink()
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        file.seek(0)
        return file.read()


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
