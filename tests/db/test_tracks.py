"""The sound of a recording that is a hearing's: checked, kept, sliced, and chosen anew."""

import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from hearings import intake, removal, spool
from hearings.models import CheckStatus, Hearing
from hearings.policies import CleanUp, RecordingLimits, ScratchPolicy
from tests.db.run_kit import options
from tests.factories import NOW, make_chunk, make_hearing, make_run
from transcription import admission, pipeline, track_choice, upkeep
from transcription.models import RunStatus
from transcription.slicing import slice_of

TODAY = date(2026, 3, 12)
SIDES = "aevalsrc=0.1*sin(440*2*PI*t)|0.1*sin(1000*2*PI*t):s=16000:d=20"
TWO = (
    *("-f", "lavfi", "-i", "sine=440:r=16000:d=20,volume=-20dB"),
    *("-f", "lavfi", "-i", "sine=1000:r=16000:d=20", "-map", "0", "-map", "1", "-c:a", "flac"),
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def scratch(settings: Settings, tmp_path: Path) -> ScratchPolicy:
    settings.MEDIA_ROOT = tmp_path / "media"
    policy = ScratchPolicy(folder=str(tmp_path / "scratch"), left_free_bytes=0)
    settings.SCRATCH = policy
    settings.DISPATCHER = "tests.db.run_kit.NoDispatcher"
    return policy


def filed(tmp_path: Path, *arguments: str) -> Hearing:
    path = tmp_path / "recording.mka"
    command = ["ffmpeg", "-loglevel", "error", "-nostdin", *arguments, str(path)]
    subprocess.run(command, check=True)
    hearing = Hearing(title="Oversight of the Mint", date=TODAY)
    with path.open("rb") as source:
        return intake.store(hearing, source, name=path.name, limits=RecordingLimits())


def check(hearing: Hearing) -> Hearing:
    intake.check(hearing, limits=RecordingLimits(), today=TODAY)
    return Hearing.objects.get(pk=hearing.pk)


@pytest.fixture
def two(tmp_path: Path) -> Hearing:
    """Give a hearing with two audio streams, of which the second is louder, checked."""
    return check(filed(tmp_path, *TWO))


def kept(scratch: ScratchPolicy) -> set[str]:
    return {path.name for path in Path(scratch.folder).rglob("*.pcm")}


def hertz_of_a_slice(hearing: Hearing) -> int:
    run = make_run(hearing, track=hearing.analysis.track, status=RunStatus.COMPLETE)
    samples = np.frombuffer(slice_of(make_chunk(run, 1)).pcm, "<i2")
    return round(int(np.abs(np.fft.rfft(samples)).argmax()) * 1_600 / len(samples)) * 10


def test_the_loudest_stream_is_analysed_kept_and_sliced(
    two: Hearing, scratch: ScratchPolicy
) -> None:
    assert (two.track, two.analysis.track) == ("", "2")
    assert "audio stream 2" in two.heard
    assert [choice.track for choice in two.track_choices] == ["1", "2"]
    assert two.findings.filter(code="several_tracks", severity="warning").exists()
    assert kept(scratch) == {f"{two.recording_sha256}-2.pcm"}
    assert hertz_of_a_slice(two) == 1_000


def test_another_stream_is_checked_anew_and_heard_from_then_on(
    two: Hearing,
    scratch: ScratchPolicy,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert track_choice.choose(two, "1")

    assert (two.check_status, two.duration_ms) == (CheckStatus.CHECKING, None)
    assert kept(scratch) == set()
    two = check(two)
    assert (two.track, two.analysis.track) == ("1", "1")
    assert not two.findings.filter(code="several_tracks").exists()
    assert kept(scratch) == {f"{two.recording_sha256}-1.pcm"}
    assert hertz_of_a_slice(two) == 440


def test_the_sound_of_another_track_is_never_taken_for_this_one(
    two: Hearing, scratch: ScratchPolicy
) -> None:
    """Both are as long, and the second one's is still there."""
    track_choice.choose(two, "1")
    two = check(two)
    spool.forget(scratch, two.recording_sha256)
    with spool.kept(scratch, spool.key(two.recording_sha256, "2")) as take:
        take(b"\x01\x00" * 16_000 * 20)

    assert hertz_of_a_slice(two) == 440


@pytest.mark.parametrize(("side", "frequency"), [("left", 440), ("right", 1_000)])
def test_a_channel_is_sliced_alike_from_what_is_kept_and_from_the_recording(
    tmp_path: Path, scratch: ScratchPolicy, side: str, frequency: int
) -> None:
    hearing = filed(tmp_path, "-f", "lavfi", "-i", SIDES, "-c:a", "flac")
    track_choice.choose(hearing, side)
    hearing = check(hearing)

    assert kept(scratch) == {f"{hearing.recording_sha256}-{side}.pcm"}
    assert hertz_of_a_slice(hearing) == frequency
    spool.forget(scratch, hearing.recording_sha256)
    assert hertz_of_a_slice(hearing) == frequency


def test_to_say_what_was_heard_unasked_needs_no_second_look(two: Hearing) -> None:
    assert not track_choice.choose(two, "2")

    two = Hearing.objects.get(pk=two.pk)
    assert (two.track, two.check_status) == ("2", CheckStatus.ACCEPTED)
    assert not two.findings.filter(code="several_tracks").exists()


def test_a_run_under_way_keeps_its_sound(two: Hearing) -> None:
    run = make_run(two, track="2")

    with pytest.raises(track_choice.RunUnderWay, match=f"run {run.pk} is "):
        track_choice.choose(two, "1")

    assert Hearing.objects.get(pk=two.pk).is_accepted


def test_nothing_starts_on_a_sound_that_was_changed_meanwhile(two: Hearing) -> None:
    """Who looked at the page before the change does not start with what is said there."""
    two.analysis  # noqa: B018 (fetched, as the page does)
    track_choice.choose(Hearing.objects.get(pk=two.pk), "1")

    with pytest.raises(admission.StartRefused, match="changed just now"):
        pipeline.start(two, options(), by=None, now=NOW)


def test_a_finished_run_is_found_again_only_for_the_sound_that_it_heard(two: Hearing) -> None:
    first = pipeline.start(two, options(), by=None, now=NOW)
    first.move(to=RunStatus.COMPLETE, now=NOW)

    track_choice.choose(two, "1")
    second = pipeline.start(check(two), options(), by=None, now=NOW)
    second.move(to=RunStatus.COMPLETE, now=NOW)
    track_choice.choose(two, "2")

    assert (first.track, second.track) == ("2", "1")
    assert pipeline.start(check(two), options(), by=None, now=NOW).pk == first.pk


def test_a_check_of_the_sound_before_is_outdated(tmp_path: Path) -> None:
    hearing = filed(tmp_path, *TWO)

    def choose(_heard_ms: int) -> None:
        Hearing.objects.filter(pk=hearing.pk).update(track="1")

    intake.check(hearing, limits=RecordingLimits(), today=TODAY, on_progress=choose)

    now = Hearing.objects.get(pk=hearing.pk)
    assert (now.check_status, now.tracks) == (CheckStatus.CHECKING, [])


def test_another_recording_has_other_sounds(two: Hearing, tmp_path: Path) -> None:
    track_choice.choose(two, "1")
    with (Path(__file__).parents[2] / "sample" / "hearing.mp3").open("rb") as source:
        intake.store(two, source, name="other.mp3", limits=RecordingLimits())

    assert (two.track, two.tracks) == ("", [])


def test_all_sounds_of_a_recording_go_with_it(
    two: Hearing,
    scratch: ScratchPolicy,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with spool.kept(scratch, spool.key(two.recording_sha256, "left")) as take:
        take(bytes(320))
    assert len(kept(scratch)) == 2

    with django_capture_on_commit_callbacks(execute=True):
        removal.delete(two)

    assert kept(scratch) == set()


def test_when_its_runs_have_ended_all_sounds_of_a_recording_go(
    two: Hearing, scratch: ScratchPolicy, settings: Settings
) -> None:
    settings.SCRATCH = replace(scratch, clean_up=CleanUp.AFTER_USE)
    make_run(two, status=RunStatus.FAILED)

    upkeep.look_after(now=NOW)

    assert kept(scratch) == set()


@pytest.mark.parametrize("track", ["0", "33", "middle"])
def test_the_database_takes_no_other_track(track: str) -> None:
    hearing = make_hearing()

    with pytest.raises(IntegrityError), transaction.atomic():
        Hearing.objects.filter(pk=hearing.pk).update(track=track)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_run(hearing, track=track)


@pytest.mark.parametrize(("begin", "end"), [(5, 5), (6, 5), (None, 5), (5, None)])
def test_the_database_takes_no_stretch_that_is_none(begin: int | None, end: int | None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_run(from_ms=begin, to_ms=end)
