"""A disk that is really full: the run pauses, says which folder, and goes on when there is room."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pytest_django import Settings

from hearings import intake, room, spool
from hearings.models import Hearing
from hearings.policies import CleanUp, ScratchPolicy
from hearings.spans import Span
from tests.db.run_kit import TEN_SECONDS, options, recorded_hearing, silent_wav, started, work
from tests.factories import NOW, make_hearing, make_run
from tests.fake_api import FakeApi
from tests.small_disk import MB, empty, fill, free_bytes, small_disk
from transcription import pipeline, receipts, upkeep
from transcription.holders import host_name
from transcription.models import Attempt, ChunkStatus, Run, RunStatus, WorkerCluster

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("script")]

SHA = "1" * 64


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", megabytes=8) as folder:
        yield folder


@pytest.fixture(autouse=True)
def it_starts_on_any_disk(settings: Settings) -> None:
    """Have a run begin where it would be refused: its disk fills up later, elsewhere."""
    settings.READINESS = replace(settings.READINESS, disk_margin=0.0, least_disk_bytes=0)


@pytest.fixture(autouse=True)
def nobody_is_nudged(settings: Settings) -> None:
    settings.DISPATCHER = "tests.db.run_kit.NoDispatcher"


def hosted() -> Run:
    """Start a run of three chunks, each with a sound of its own."""
    wav = bytearray(silent_wav(30))
    for second in range(30):
        wav[44 + second * 32_000] = second + 1
    speech = [list(pair) for pair in TEN_SECONDS[:3]]
    hearing = make_hearing(content=bytes(wav), speech=speech, duration_ms=30_000)
    return started(hearing, options("openai"))


def assert_paused(run: Run, folder: Path) -> None:
    run.refresh_from_db()
    assert run.status == RunStatus.PAUSED
    assert run.reason.startswith("Disk full: ")
    needed = {"disk": 5, "scratch": 4}[folder.name]
    assert f"{folder}, where {needed} MB are needed and " in run.reason
    assert not run.chunks.exclude(status=ChunkStatus.WAITING).exists()


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_nothing_is_sent_whose_answer_could_not_be_kept(
    api: FakeApi, disk: Path, settings: Settings
) -> None:
    settings.RECEIPTS_DIR = disk
    fill(disk, leave=receipts.ANSWER_BYTES - 4096)
    run = hosted()

    work()

    assert_paused(run, disk)
    assert "by itself" in run.reason
    assert api.arrivals == []
    assert not Attempt.objects.exists()
    assert [path.name for path in files_in(disk)] == ["filler"]


def test_the_run_goes_on_by_itself_when_the_answers_have_room_again(
    api: FakeApi, disk: Path, settings: Settings
) -> None:
    settings.RECEIPTS_DIR = disk
    fill(disk)
    run = hosted()
    work()
    upkeep.look_after(now=NOW)
    assert_paused(run, disk)

    empty(disk)
    upkeep.look_after(now=NOW)
    work()

    run.refresh_from_db()
    assert (run.status, run.reason, run.room_host) == (RunStatus.COMPLETE, "", "")
    assert len(api.arrivals) == run.chunks.count() == len(list(disk.glob("*.json")))
    assert not list(disk.glob("*.tmp"))


def test_a_disk_that_fills_while_answers_come_keeps_those_that_were_under_way(
    api: FakeApi, disk: Path, settings: Settings
) -> None:
    settings.RECEIPTS_DIR = disk
    answer = api.answer

    def fill_and_answer(arrival: object) -> object:
        if len(api.arrivals) == 2:  # the second of three: its room is taken already
            fill(disk)
        return answer(arrival)  # type: ignore[arg-type]

    api.answer = fill_and_answer  # type: ignore[assignment]
    run = hosted()

    work()

    run.refresh_from_db()
    assert run.status == RunStatus.PAUSED
    assert len(api.arrivals) == len(list(disk.glob("*.json"))) == 2
    assert run.chunks.filter(status=ChunkStatus.DONE).count() == 2
    empty(disk)
    assert pipeline.resume(run, now=NOW)
    work()
    run.refresh_from_db()
    assert run.status == RunStatus.COMPLETE
    assert len(api.arrivals) == 3


def test_resumed_while_the_disk_is_still_full_it_pauses_again_and_sends_nothing(
    api: FakeApi, disk: Path, settings: Settings
) -> None:
    settings.RECEIPTS_DIR = disk
    fill(disk)
    run = hosted()
    work()
    run.refresh_from_db()

    assert pipeline.resume(run, now=NOW)
    work()

    assert_paused(run, disk)
    assert api.arrivals == []


def test_another_host_does_not_judge_the_disk_of_one_that_is_alive(
    api: FakeApi, disk: Path, settings: Settings
) -> None:
    run = hosted()
    elsewhere = "another:host"
    WorkerCluster.objects.create(holder=f"{elsewhere}/1/1", workers=1, started_at=NOW, seen_at=NOW)
    assert pipeline.pause(run, reason="Disk full.", now=NOW, room_host=elsewhere)

    upkeep.look_after(now=NOW)
    run.refresh_from_db()
    assert run.status == RunStatus.PAUSED

    WorkerCluster.objects.all().delete()
    upkeep.look_after(now=NOW)
    run.refresh_from_db()
    assert run.status == RunStatus.TRANSCRIBING


def test_a_run_of_the_embedded_engine_needs_no_room_for_answers(
    disk: Path, settings: Settings
) -> None:
    settings.RECEIPTS_DIR = disk
    fill(disk)
    run = started()
    pipeline.pause(run, reason="Disk full.", now=NOW, room_host=host_name())

    upkeep.look_after(now=NOW)
    work()

    run.refresh_from_db()
    assert run.status == RunStatus.COMPLETE


def test_a_run_that_a_person_cancels_waits_for_no_room() -> None:
    run = started()
    pipeline.pause(run, reason="Disk full.", now=NOW, room_host="a-host")

    assert pipeline.cancel(run, now=NOW)

    assert not Run.objects.lacking_room().exists()


def test_a_full_scratch_disk_gives_up_the_sound_that_is_kept_before_anybody_waits(
    api: FakeApi, disk: Path, settings: Settings
) -> None:
    settings.SCRATCH = policy = scratch_on(disk)
    with spool.kept(policy, SHA) as take:
        take(bytes(3 * MB))
    fill(disk)
    run = hosted()

    work()

    run.refresh_from_db()
    assert run.status == RunStatus.COMPLETE
    assert [path.name for path in files_in(disk)] == ["filler"]


def test_kept_sound_makes_room_for_answers_and_recordings_on_the_same_disk(
    api: FakeApi, disk: Path, settings: Settings
) -> None:
    settings.SCRATCH = policy = scratch_on(disk)
    settings.RECEIPTS_DIR, settings.MEDIA_ROOT = disk / "receipts", disk / "media"
    with spool.kept(policy, SHA) as take:
        take(bytes(5 * MB))

    run = hosted()  # its recording has room beside the sound
    fill(disk)
    work()
    run.refresh_from_db()
    assert run.status == RunStatus.COMPLETE

    empty(disk)
    with spool.kept(policy, SHA) as take:
        take(bytes(4 * MB))
    assert filed(silent_wav(90)).recording.size > 2 * MB
    assert spool.read(policy, SHA, Span(0, 1), duration_ms=4 * MB // 32) is None


def test_a_scratch_disk_that_others_filled_pauses_until_there_is_room(
    api: FakeApi, disk: Path, settings: Settings
) -> None:
    settings.SCRATCH = scratch_on(disk)
    (disk / "scratch").mkdir(mode=0o700)
    fill(disk)
    run = hosted()
    work()
    upkeep.look_after(now=NOW)
    assert_paused(run, disk / "scratch")
    assert api.arrivals == []

    empty(disk)
    upkeep.look_after(now=NOW)
    work()

    run.refresh_from_db()
    assert run.status == RunStatus.COMPLETE
    assert files_in(disk) == []


def test_a_full_scratch_disk_keeps_no_half_of_the_decoded_sound(
    disk: Path, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.SCRATCH = scratch_on(disk)
    fill(disk, leave=20 * 32_000)

    hearing = filed(silent_wav(30))
    intake.check(hearing, limits=settings.RECORDING_LIMITS, today=date(2026, 3, 12))

    assert [path.name for path in files_in(disk)] == ["filler"]


def test_a_recording_that_the_disk_has_no_room_for_leaves_nothing_and_is_told_where(
    disk: Path, settings: Settings
) -> None:
    settings.MEDIA_ROOT = disk
    fill(disk, leave=2 * MB)

    with pytest.raises(intake.DiskFull) as full:
        filed(silent_wav(60))

    said = str(full.value)
    assert said.startswith("Disk full. There is no room left for the recording.")
    assert f"{disk}, where 5 MB are needed and 2 MB are free" in said
    assert isinstance(full.value, room.DiskFull)
    assert not Hearing.objects.exists()
    assert [path.name for path in files_in(disk)] == ["filler"]
    assert free_bytes(disk) == 2 * MB

    empty(disk)
    assert filed(silent_wav(60)).recording.size == len(silent_wav(60))


@pytest.mark.parametrize(
    ("clean_up", "ended", "stays"),
    [
        (CleanUp.ON_PRESSURE, RunStatus.COMPLETE, True),
        (CleanUp.ON_COMPLETION, RunStatus.COMPLETE, False),
        (CleanUp.ON_COMPLETION, RunStatus.INCOMPLETE, True),
        (CleanUp.ON_COMPLETION, RunStatus.TRANSCRIBING, True),
        (CleanUp.AFTER_USE, RunStatus.INCOMPLETE, False),
        (CleanUp.AFTER_USE, RunStatus.PAUSED, True),
        (CleanUp.IMMEDIATE, None, False),
    ],
)
def test_kept_sound_goes_when_its_clean_up_says(
    clean_up: CleanUp,
    ended: RunStatus | None,
    stays: bool,
    settings: Settings,
    tmp_path: Path,
) -> None:
    policy = ScratchPolicy(folder=str(tmp_path / "scratch"), left_free_bytes=0)
    settings.SCRATCH = replace(policy, clean_up=clean_up)
    hearing = recorded_hearing(recording_sha256=SHA)
    with spool.kept(policy, SHA) as take:
        take(bytes(MB))
    if ended:
        paused = {"paused_from": RunStatus.TRANSCRIBING} if ended == RunStatus.PAUSED else {}
        make_run(hearing, status=ended, **paused)

    upkeep.look_after(now=NOW)

    assert bool(files_in(tmp_path / "scratch")) is stays


def scratch_on(disk: Path) -> ScratchPolicy:
    return ScratchPolicy(folder=str(disk / "scratch"), left_free_bytes=0)


def filed(content: bytes) -> Hearing:
    hearing = Hearing(title="Oversight of the Mint", date=date(2026, 3, 12))
    return intake.store(hearing, io.BytesIO(content), name="hearing.wav")
