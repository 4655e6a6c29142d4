"""An installation with something wrong of each kind, for tests of the storage check."""

import hashlib
import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings

from hearings import scratch
from hearings.models import Hearing
from tests.factories import make_chunk, make_hearing, make_run
from transcription.clock import database_clock
from transcription.models import Attempt, Run

LONG_AGO = timedelta(days=2)


def kept_hearing(content: bytes = b"sound", **values: Any) -> Hearing:
    """Return a hearing whose recording is as its row says."""
    sha256 = hashlib.sha256(content).hexdigest()
    return make_hearing(content=content, recording_sha256=sha256, **values)


def file_of(hearing: Hearing) -> Path:
    return Path(hearing.recording.path)


def aged(path: Path, *, by: timedelta = LONG_AGO) -> Path:
    """Have the file look as if it was last written so long ago."""
    then = (database_clock() - by).timestamp()
    os.utime(path, (then, then))
    return path


def stray_recording(*, by: timedelta = LONG_AGO, name: str = "") -> Path:
    """Return a file in storage that no row names."""
    folder = Path(settings.MEDIA_ROOT) / "recordings"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name or uuid4().hex)
    path.write_bytes(b"nobody's")
    return aged(path, by=by)


def stray_upload(*, by: timedelta = LONG_AGO) -> Path:
    """Return what is left of an upload whose web server was killed."""
    path = Path(settings.FILE_UPLOAD_TEMP_DIR or "") / f"tmp{uuid4().hex[:8]}.upload.mp3"
    path.write_bytes(b"half of it")
    return aged(path, by=by)


def answer(run: Run | None = None) -> tuple[Attempt, Path]:
    """Return a call and the file of its answer."""
    call = Attempt.objects.create(
        chunk=make_chunk(run or make_run()),
        claim=1,
        status=Attempt.Status.OK,
        holder="h",
        audio_sha256="ab" * 32,
        audio_ms=1000,
        audio_bytes=10,
        engine="openai",
        started_at=database_clock(),
        finished_at=database_clock(),
    )
    return call, stray_answer(f"{call.pk}-{'ab' * 6}.json")


def stray_answer(name: str = f"987654-{'cd' * 6}.json", *, by: timedelta = LONG_AGO) -> Path:
    folder = Path(settings.RECEIPTS_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("{}")
    return aged(path, by=by)


def stray_scratch() -> Path:
    """Return a file that a dead process left in its scratch folder."""
    with scratch.leased(settings.SCRATCH):
        pass
    path = Path(settings.SCRATCH.folder) / "pool-1" / "left.part"
    path.write_bytes(b"half")
    return path


@dataclass(frozen=True, slots=True)
class Wrong:
    """Everything that can be wrong, each once."""

    missing: Hearing
    unreadable: Hearing
    changed: Hearing
    recording: Path
    young: Path
    foreign: Path
    upload: Path
    answer: Path
    scratch: Path

    @property
    def deletable(self) -> tuple[Path, ...]:
        return (self.recording, self.upload, self.answer, self.scratch)


def everything_wrong() -> Wrong:
    missing, unreadable, changed = (
        kept_hearing(f"sound of {title}".encode(), title=title)
        for title in ("Missing", "Unreadable", "Changed")
    )
    file_of(missing).unlink()
    file_of(unreadable).unlink()
    file_of(unreadable).mkdir()  # what even the administrator of the machine cannot read
    file_of(changed).write_bytes(b"SOUND of Changed")
    return Wrong(
        missing,
        unreadable,
        changed,
        recording=stray_recording(),
        young=stray_recording(by=timedelta(hours=23)),
        foreign=stray_recording(name="read me.txt"),
        upload=stray_upload(),
        answer=stray_answer(),
        scratch=stray_scratch(),
    )
