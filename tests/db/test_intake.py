"""A recording comes in whole or not at all, once, and is judged by what it sounds like."""

import errno
import hashlib
import io
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.db import connection, transaction
from django.db.models.signals import pre_save
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from hearings import intake, removal
from hearings.models import CheckStatus, Hearing
from hearings.policies import RecordingLimits
from tests.db.intake_kit import LIMITS, described, store, tone

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_stored_recording_is_the_source_byte_for_byte_under_a_name_of_ours() -> None:
    content = tone()

    hearing = store(content, "../../C:\\witness list\n😀.wav")

    hearing.refresh_from_db()
    stored = Path(hearing.recording.path)
    assert stored.read_bytes() == content
    assert hearing.recording_sha256 == hashlib.sha256(content).hexdigest()
    assert hearing.recording_bytes == len(content)
    assert hearing.recording_name == "C:\\witness list\n😀.wav"
    assert stored.name.isalnum()
    assert hearing.check_status == CheckStatus.CHECKING


def test_file_and_folders_are_on_the_disk_before_a_row_says_stored(
    media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    sync = os.fsync

    def noted_sync(descriptor: int) -> None:
        sync(descriptor)
        place = Path(f"/proc/self/fd/{descriptor}").readlink()
        order.append(f"fsync {place.name if place.is_dir() else place.stat().st_size}")

    def noted_statement(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith('INSERT INTO "hearings_hearing"'):
            order.append("row")
        return execute(sql, *rest)

    monkeypatch.setattr(os, "fsync", noted_sync)
    with connection.execute_wrapper(noted_statement):
        store(tone())

    folders = ["fsync recordings", f"fsync {media.name}"]
    assert order == [f"fsync {len(tone())}", *folders, "row"]


def test_a_long_name_is_shortened_for_show() -> None:
    assert len(store(tone(), "a" * 900).recording_name) == 300


def test_a_recording_is_copied_in_blocks_never_whole() -> None:
    class Source(io.BytesIO):
        asked: list[int | None] = []  # noqa: RUF012 (one test, one source)

        def read(self, size: int | None = -1) -> bytes:
            self.asked.append(size)
            return super().read(size)

    source = Source(bytes(3_000_000))
    intake.store(described(), source, name="x", limits=LIMITS)

    assert all(size is not None and 0 < size <= 1024 * 1024 for size in source.asked)


@pytest.mark.parametrize(
    ("size", "code"), [(0, "file_empty"), (2_001, "file_too_large"), (9_000_000, "file_too_large")]
)
def test_a_file_that_cannot_be_taken_leaves_nothing_behind(
    size: int, code: str, media: Path
) -> None:
    limits = RecordingLimits(max_bytes=2_000)

    with pytest.raises(intake.Refused) as refusal:
        intake.store(described(), io.BytesIO(bytes(size)), name="x", limits=limits)

    assert [finding.code for finding in refusal.value.findings] == [code]
    assert not Hearing.objects.exists()
    assert files_in(media) == []


class FailingStorage(FileSystemStorage):
    """Writes a part of what it is given, then fails as the kernel does."""

    error = errno.ENOSPC

    def _save(self, name: str, content: Any) -> str:
        path = Path(self.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(next(iter(content.chunks(1_000))))
        raise OSError(self.error, os.strerror(self.error))


class BrokenStorage(FailingStorage):
    error = errno.EIO


@pytest.mark.parametrize(
    ("storage", "raised", "message"),
    [(FailingStorage, intake.DiskFull, "no room left"), (BrokenStorage, OSError, "put/output")],
)
def test_a_failing_disk_leaves_nothing_behind(
    storage: type, raised: type[Exception], message: str, media: Path, settings: Settings
) -> None:
    backend = {"BACKEND": f"{__name__}.{storage.__name__}"}
    settings.STORAGES = {**settings.STORAGES, "default": backend}

    with pytest.raises(raised, match=message):
        store(tone())

    assert not Hearing.objects.exists()
    assert files_in(media) == []


def test_a_source_that_breaks_off_leaves_nothing_behind(media: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        intake.store(described(), Broken(), name="x", limits=LIMITS)

    assert files_in(media) == []


def test_a_row_that_cannot_be_saved_leaves_no_file(media: Path) -> None:
    def refuse(sender: Any, **_: Any) -> None:
        raise RuntimeError("no")

    pre_save.connect(refuse, sender=Hearing)
    with pytest.raises(RuntimeError):
        store(tone())
    pre_save.disconnect(refuse, sender=Hearing)

    assert files_in(media) == []


def test_the_same_recording_is_filed_once(media: Path) -> None:
    first = store(tone(), title="First")

    with pytest.raises(intake.RecordingKnown, match="already filed as “First”") as known:
        store(tone(), title="Second")

    assert known.value.hearing == first
    assert files_in(media) == [Path(first.recording.path)]


@pytest.mark.django_db(transaction=True)
def test_the_same_recording_twice_at_once_is_filed_once(media: Path) -> None:
    content, together = tone(), threading.Barrier(2)
    outcomes: list[type] = []

    def hold_the_door(sender: Any, **_: Any) -> None:
        with suppress(threading.BrokenBarrierError):
            together.wait(timeout=1)

    def upload() -> None:
        try:
            outcomes.append(type(store(content)))
        except intake.RecordingKnown as known:
            outcomes.append(type(known))
        finally:
            connection.close()

    pre_save.connect(hold_the_door, sender=Hearing)
    threads = [threading.Thread(target=upload) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pre_save.disconnect(hold_the_door, sender=Hearing)

    assert sorted(kind.__name__ for kind in outcomes) == ["Hearing", "RecordingKnown"]
    assert Hearing.objects.count() == len(files_in(media)) == 1


def test_a_hearing_and_its_recording_go_together(
    media: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    hearing = store(tone())

    with django_capture_on_commit_callbacks(execute=True):
        removal.delete(hearing)

    assert not Hearing.objects.exists()
    assert files_in(media) == []


def test_a_recording_stays_where_its_deletion_is_rolled_back(
    media: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    hearing = store(tone())

    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        removal.delete(Hearing.objects.get(pk=hearing.pk))
        transaction.set_rollback(True)

    assert Hearing.objects.filter(pk=hearing.pk).exists()
    assert files_in(media) == [Path(hearing.recording.path)]
