"""The sound of an analysis is kept for its slices, and goes with the recording."""

import gc
import io
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from hearings import ffmpeg, intake, removal, spool
from hearings.models import Hearing, RecordingAnalysis
from hearings.policies import RecordingLimits, ScratchPolicy
from hearings.spans import Span
from tests.db.run_kit import silent_wav
from tests.factories import make_chunk, make_run
from transcription.engines.base import EngineError
from transcription.models import Chunk
from transcription.slicing import slice_of

SAMPLE = Path(__file__).resolve().parents[2] / "sample" / "hearing.mp3"
TODAY = date(2026, 3, 12)
LIMITS = RecordingLimits()

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def scratch(settings: Settings, tmp_path: Path) -> ScratchPolicy:
    settings.MEDIA_ROOT = tmp_path / "media"
    policy = ScratchPolicy(folder=str(tmp_path / "scratch"), left_free_bytes=0)
    settings.SCRATCH = policy
    return policy


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give the first half minute of the sample: a second of an MP3 is as long as another."""
    return SAMPLE.read_bytes()[: 30 * 6_000]


def stored(content: bytes, **values: Any) -> Hearing:
    hearing = Hearing(**{"title": "Oversight of the Mint", "date": TODAY, **values})
    return intake.store(hearing, io.BytesIO(content), name="hearing.mp3", limits=LIMITS)


def checked(content: bytes, *, limits: RecordingLimits = LIMITS) -> Hearing:
    hearing = stored(content)
    intake.check(hearing, limits=limits, today=TODAY)
    hearing.refresh_from_db()
    return hearing


def kept(scratch: ScratchPolicy) -> list[str]:
    return [path.name for path in Path(scratch.folder).rglob("*") if path.is_file()]


def sliced(hearing: Hearing) -> bytes:
    return slice_of(make_chunk(make_run(hearing), 1)).pcm


def analyses_in_memory() -> int:
    return sum(isinstance(found, RecordingAnalysis) for found in gc.get_objects())


def test_a_slice_is_the_sound_that_was_analysed(recording: bytes, scratch: ScratchPolicy) -> None:
    hearing = checked(recording)

    pcm = sliced(hearing)

    assert kept(scratch) == [f"{hearing.recording_sha256}.pcm"]
    assert len(pcm) == 10 * 32_000
    assert pcm == spool.read(
        scratch,
        hearing.recording_sha256,
        Span(10_000, 20_000),
        duration_ms=hearing.duration_ms or 0,
    )


def test_a_slice_needs_no_ffmpeg_where_the_sound_is_kept(
    recording: bytes, monkeypatch: pytest.MonkeyPatch, scratch: ScratchPolicy
) -> None:
    hearing = checked(recording)
    chunk = make_chunk(make_run(hearing), 1)
    monkeypatch.setenv("PATH", "/nowhere")

    assert any(slice_of(chunk).pcm)
    spool.forget(scratch, hearing.recording_sha256)
    with pytest.raises(EngineError, match="Install ffmpeg"):
        slice_of(chunk)


def test_a_slice_leaves_nothing_of_the_analysis_in_memory(recording: bytes) -> None:
    pk = make_chunk(make_run(checked(recording)), 1).pk
    gc.collect()  # what the check itself left
    before = analyses_in_memory()

    audio = slice_of(Chunk.objects.get(pk=pk))

    assert audio.speech
    assert analyses_in_memory() == before


def test_a_slice_is_cut_anew_where_the_sound_is_of_another_length(
    recording: bytes, scratch: ScratchPolicy
) -> None:
    hearing = checked(recording)
    with (Path(scratch.folder) / f"{hearing.recording_sha256}.pcm").open("r+b") as file:
        file.truncate(25 * 32_000)

    cut = ffmpeg.read_pcm(Path(hearing.recording.path), Span(10_000, 20_000))

    assert sliced(hearing) == cut


def test_without_room_for_the_sound_all_is_as_before(
    recording: bytes, settings: Settings, scratch: ScratchPolicy
) -> None:
    settings.SCRATCH = replace(scratch, max_bytes=20 * 32_000)

    hearing = checked(recording)

    assert hearing.is_accepted
    assert kept(scratch) == []
    assert any(sliced(hearing))


def test_the_sound_of_a_refused_recording_is_not_kept(scratch: ScratchPolicy) -> None:
    short = replace(LIMITS, min_duration_ms=20_000)

    hearing = checked(silent_wav(10), limits=short)

    assert not hearing.is_accepted
    assert kept(scratch) == []


def test_the_sound_goes_with_the_hearing(
    recording: bytes,
    scratch: ScratchPolicy,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    hearing = checked(recording)

    with django_capture_on_commit_callbacks(execute=True):
        removal.delete(hearing)

    assert kept(scratch) == []


def test_the_sound_stays_where_the_deletion_is_rolled_back(
    recording: bytes,
    scratch: ScratchPolicy,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    hearing = checked(recording)

    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        removal.delete(Hearing.objects.get(pk=hearing.pk))
        transaction.set_rollback(True)

    assert len(kept(scratch)) == 1


def test_the_sound_goes_with_a_recording_that_is_replaced(
    recording: bytes,
    scratch: ScratchPolicy,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    hearing = checked(recording)

    with django_capture_on_commit_callbacks(execute=True):
        intake.store(hearing, io.BytesIO(silent_wav(8)), name="other.wav", limits=LIMITS)

    assert kept(scratch) == []


def test_the_sound_of_a_hearing_deleted_during_its_check_is_not_kept(
    recording: bytes, scratch: ScratchPolicy
) -> None:
    hearing = stored(recording)

    def delete(_decoded_ms: int) -> None:
        Hearing.objects.filter(pk=hearing.pk).delete()

    intake.check(hearing, limits=LIMITS, today=TODAY, on_progress=delete)

    assert kept(scratch) == []
