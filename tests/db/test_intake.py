"""A recording comes in whole or not at all, once, and is judged by what it sounds like."""

import errno
import hashlib
import io
import os
import threading
import wave
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.storage import FileSystemStorage
from django.db import connection, transaction
from django.db.models.signals import pre_save
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from hearings import intake, removal
from hearings.ffmpeg import FfmpegMissing
from hearings.models import CheckStatus, Hearing, RecordingAnalysis, recording_path
from hearings.policies import RecordingLimits
from hearings.signals import hearing_accepted
from tests.factories import make_hearing

TODAY = date(2026, 3, 12)
LIMITS = RecordingLimits()
SAMPLE = Path(__file__).resolve().parents[2] / "sample" / "hearing.mp3"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def accepted() -> Iterator[list[Hearing]]:
    """Give the hearings that were announced as accepted."""
    heard: list[Hearing] = []

    def receive(hearing: Hearing, **_: Any) -> None:
        heard.append(hearing)

    hearing_accepted.connect(receive)
    yield heard
    hearing_accepted.disconnect(receive)


def described(**values: Any) -> Hearing:
    return Hearing(**{"title": "Oversight of the Mint", "date": TODAY, **values})


def tone(seconds: float = 6, *, hertz: float = 440) -> bytes:
    """Return a WAV file."""
    moments = np.arange(int(seconds * 16_000)) / 16_000
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes((np.sin(moments * hertz * 6.2832) * 9_000).astype("<i2").tobytes())
    return buffer.getvalue()


def store(content: bytes, name: str = "hearing.wav", **values: Any) -> Hearing:
    return intake.store(described(**values), io.BytesIO(content), name=name, limits=LIMITS)


def check(hearing: Hearing, **values: Any) -> dict[str, str]:
    findings = intake.check(hearing, **{"limits": LIMITS, "today": TODAY, **values})
    return {finding.code: finding.severity.value for finding in findings}


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


def test_a_good_recording_is_accepted_with_its_analysis(accepted: list[Hearing]) -> None:
    hearing = store(tone(8))

    findings = check(hearing)

    assert findings == {
        "no_speech": "warning",
        "committee_missing": "warning",
        "witnesses_missing": "warning",
    }
    assert hearing.is_accepted
    hearing.refresh_from_db()
    assert hearing.is_accepted
    assert hearing.duration_ms == hearing.analysis.duration_ms == 8_000
    assert hearing.analysis.mean_dbfs == pytest.approx(-14.2, abs=0.2)
    assert {row.code: row.severity for row in hearing.findings.all()} == findings
    assert accepted == [hearing]


def test_the_sample_hearing_is_accepted() -> None:
    hearing = store(SAMPLE.read_bytes())

    assert check(hearing) == {"committee_missing": "warning", "witnesses_missing": "warning"}
    assert len(hearing.analysis.speech_spans) > 10


@pytest.mark.parametrize(
    ("content", "limits", "code"),
    [
        (b"a text, not a recording", LIMITS, "unreadable"),
        (tone(4.9), LIMITS, "too_short"),
        (tone(30), RecordingLimits(max_duration_ms=10_000), "too_long"),
        (tone(), RecordingLimits(max_sample_rate=8_000), "sample_rate_too_high"),
        (tone(), RecordingLimits(max_streams=0), "too_many_streams"),
    ],
)
def test_a_bad_recording_is_refused_with_a_finding(
    content: bytes, limits: RecordingLimits, code: str, accepted: list[Hearing]
) -> None:
    hearing = store(content)

    findings = check(hearing, limits=limits)

    hearing.refresh_from_db()
    assert findings[code] == "error"
    assert hearing.check_status == CheckStatus.REFUSED
    assert hearing.findings.get(code=code).advice
    assert accepted == []


def test_a_bad_description_is_refused_although_the_sound_is_good() -> None:
    hearing = store(tone(), date=date(1820, 1, 1))

    assert check(hearing)["date"] == "error"
    assert hearing.check_status == CheckStatus.REFUSED
    assert hearing.duration_ms == 6_000


def test_a_probable_duplicate_is_told_by_its_title() -> None:
    make_hearing(title="oversight of the mint", date=TODAY)

    assert check(store(tone()))["probable_duplicate"] == "warning"


def test_a_recording_that_is_filed_twice_after_all_is_refused() -> None:
    hearing = store(tone())
    make_hearing(title="Twin", recording_sha256=hearing.recording_sha256)

    assert check(hearing)["same_recording"] == "error"
    assert "filed as “Twin”" in hearing.findings.get(code="same_recording").message


def test_checking_twice_finds_the_same_once(accepted: list[Hearing]) -> None:
    hearing = store(tone())

    first, second = check(hearing), check(Hearing.objects.get(pk=hearing.pk))

    assert first == second
    assert hearing.findings.count() == len(first)
    assert RecordingAnalysis.objects.count() == 1


def test_a_check_after_the_first_replaces_what_it_found() -> None:
    hearing = store(tone())
    check(hearing, limits=RecordingLimits(min_duration_ms=60_000))
    assert hearing.check_status == CheckStatus.REFUSED

    check(hearing)

    hearing.refresh_from_db()
    assert hearing.is_accepted
    assert not hearing.findings.filter(code="too_short").exists()


def test_a_recording_that_cannot_be_read_any_more_loses_its_analysis() -> None:
    hearing = store(tone())
    check(hearing)
    Path(hearing.recording.path).unlink()

    assert check(hearing)["file_missing"] == "error"
    hearing.refresh_from_db()
    assert hearing.check_status == CheckStatus.REFUSED
    assert hearing.duration_ms is None
    assert not RecordingAnalysis.objects.exists()


def test_a_host_without_ffmpeg_leaves_the_hearing_unchecked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hearing = store(tone())
    monkeypatch.setenv("PATH", "")

    with pytest.raises(FfmpegMissing):
        check(hearing)

    hearing.refresh_from_db()
    assert hearing.check_status == CheckStatus.CHECKING
    assert not hearing.findings.exists()


def test_a_hearing_deleted_meanwhile_stays_deleted(accepted: list[Hearing]) -> None:
    hearing = store(tone())

    check(hearing, on_progress=lambda _ms: Hearing.objects.all().delete())

    assert not Hearing.objects.exists()
    assert not RecordingAnalysis.objects.exists()
    assert accepted == []


def test_a_recording_replaced_meanwhile_is_not_judged_by_the_old_one(
    accepted: list[Hearing],
) -> None:
    hearing = store(tone())
    other = recording_path(hearing, "x")

    check(hearing, on_progress=lambda _ms: Hearing.objects.update(recording=other))

    hearing.refresh_from_db()
    assert hearing.check_status == CheckStatus.CHECKING
    assert accepted == []


def test_progress_is_told_in_milliseconds() -> None:
    told: list[int] = []

    check(store(tone(25)), on_progress=told.append)

    assert told == [20_000, 25_000]


def test_no_transaction_is_open_while_the_recording_is_read(transactional_db: None) -> None:
    open_while_reading: list[bool] = []

    check(
        store(tone()), on_progress=lambda _ms: open_while_reading.append(connection.in_atomic_block)
    )

    assert open_while_reading == [False]
