"""Audio that is not taken as it is: sent otherwise once, then it fails alone."""

import pytest

from tests.answers.kit import Trial
from tests.fake_api import faults
from transcription.models import ChunkStatus, RunStatus


def test_a_chunk_that_is_refused_is_sent_once_in_another_format(trial: Trial) -> None:
    trial.api.next(faults.audio_refused())
    trial.start()

    assert trial.to_the_end().status == RunStatus.COMPLETE

    uploads = [arrival.upload for arrival in trial.api.arrivals]
    assert [upload.file_name.rsplit(".")[-1] for upload in uploads][:2] == ["wav", "flac"]
    assert uploads[0].pcm == uploads[1].pcm
    assert (trial.text, trial.calls) == (trial.script, 4)


def test_a_chunk_that_is_refused_again_fails_alone_and_leaves_a_gap(trial: Trial) -> None:
    trial.api.next(faults.audio_refused(), times=2)
    trial.start()

    trial.to_the_end()

    assert (trial.run.status, trial.calls) == (RunStatus.INCOMPLETE, 4)
    assert trial.first.status == ChunkStatus.FAILED
    assert trial.first.error == trial.run.reason
    assert trial.text in trial.script


def test_a_chunk_that_is_too_large_is_sent_in_halves(trial: Trial) -> None:
    trial.api.next(faults.too_large())
    trial.start()

    assert trial.to_the_end().status == RunStatus.COMPLETE

    assert trial.calls == 5
    assert trial.run.chunks.filter(status=ChunkStatus.SUPERSEDED).count() == 1
    heard, said = trial.text.split(), trial.script.split()
    assert heard == said


def test_halves_that_are_too_large_as_well_are_not_cut_for_ever(trial: Trial) -> None:
    trial.api.next(faults.too_large(), times=3)
    trial.start()

    trial.to_the_end()

    assert (trial.run.status, trial.calls) == (RunStatus.INCOMPLETE, 5)
    assert trial.run.chunks.filter(status=ChunkStatus.FAILED).count() == 2


@pytest.mark.parametrize("model", ["gpt-4o-transcribe", "gpt-4o-transcribe-diarize", "whisper-1"])
def test_every_model_is_asked_in_a_way_that_it_takes(trial: Trial, model: str) -> None:
    trial.start(model)

    assert trial.to_the_end().status == RunStatus.COMPLETE

    assert (trial.text, trial.calls) == (trial.script, 3)


def test_voices_of_two_chunks_are_never_taken_for_the_same_person(trial: Trial) -> None:
    trial.start("gpt-4o-transcribe-diarize")

    trial.to_the_end()

    speakers = [
        {word.speaker for word in chunk.words} for chunk in trial.run.chunks.order_by("start_ms")
    ]
    assert all(speakers)
    assert not speakers[0] & speakers[1]
    assert not speakers[1] & speakers[2]
    assert {str(name).partition("·")[0] for name in speakers[1]} == {"2"}
    assert None not in set(trial.run.segments.values_list("speaker", flat=True))
