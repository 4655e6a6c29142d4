"""Answers outlive the worker that got them, and are not paid for again."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.conf import settings as current
from pytest_django import Settings

from hearings import spool
from hearings.spans import Span
from tests.answers.kit import Trial
from tests.factories import NOW
from transcription import doubting, pipeline, receipts, recovery
from transcription.engines.base import AudioSlice, Hints
from transcription.engines.registry import engine_for
from transcription.models import Attempt, Chunk, ChunkStatus, Run, RunStatus
from transcription.reuse import question

ANSWER = json.dumps({"text": "w0 w1 w2", "usage": {"type": "duration", "seconds": 10}}).encode()


def died(trial: Trial, *, answer: bytes | None) -> tuple[Chunk, Attempt]:
    """Return the first chunk and its call as a dead worker left them."""
    chunk = trial.first
    assert chunk.claim(holder="a host of the past/1/1", now=trial.clock(), lease_seconds=30)
    call = Attempt.objects.create(
        chunk=chunk,
        claim=chunk.claims,
        engine="openai",
        model="gpt-transcribe",
        holder=chunk.holder,
        audio_sha256="0" * 64,
        audio_ms=10_000,
        audio_bytes=320_000,
        started_at=trial.clock(),
    )
    if answer is not None:
        receipts.keep(call, answer)
    return chunk, call


def recover(trial: Trial) -> None:
    trial.clock.pass_by(60)
    assert recovery.recover_stalled(now=trial.clock()) == 1


def test_an_answer_that_was_kept_is_no_loss_and_is_billed(trial: Trial) -> None:
    trial.start()
    _, call = died(trial, answer=ANSWER)

    recover(trial)

    call.refresh_from_db()
    assert (call.status, call.billed_ms, call.may_be_billed) == (Attempt.Status.OK, 10_000, False)
    assert call.cost_usd
    assert (trial.first.status, trial.first.ambiguous) == (ChunkStatus.WAITING, 0)


@pytest.mark.parametrize("answer", [None, b"{", b'{"text": null}'])
def test_a_call_without_a_usable_answer_may_have_been_paid(
    trial: Trial, answer: bytes | None
) -> None:
    trial.start()
    _, call = died(trial, answer=answer)

    recover(trial)

    call.refresh_from_db()
    assert (call.status, call.may_be_billed) == (Attempt.Status.LOST, True)
    assert (trial.first.status, trial.first.ambiguous) == (ChunkStatus.WAITING, 1)


def test_after_two_such_calls_a_person_decides(trial: Trial) -> None:
    trial.start()
    for _ in range(2):
        died(trial, answer=None)
        recover(trial)

    assert (trial.first.status, trial.first.ambiguous) == (ChunkStatus.NEEDS_PERSON, 2)
    assert "paid for" in trial.first.error


def undo(trial: Trial) -> None:
    undone(trial.run)


def start_anew(trial: Trial) -> None:
    """Begin another run, with settings that ask the same."""
    first = trial.run
    Run.objects.filter(pk=first.pk).update(settings_key="of another parallelism")
    assert trial.start().pk != first.pk


@pytest.mark.parametrize(
    ("answer", "status"), [(ANSWER, Attempt.Status.OK), (None, Attempt.Status.LOST)]
)
def test_a_call_whose_run_was_cancelled_meanwhile_is_settled_when_it_must_be_over(
    trial: Trial, answer: bytes | None, status: str
) -> None:
    trial.start()
    chunk, call = died(trial, answer=answer)
    assert pipeline.cancel(trial.run, now=trial.clock())

    for seconds, is_settled in ((current.API_TIMEOUT_SECONDS, False), (60, True)):
        trial.clock.pass_by(seconds)
        recovery.recover_stalled(now=trial.clock())
        call.refresh_from_db()
        assert call.status == (status if is_settled else Attempt.Status.SENDING)

    chunk.refresh_from_db()
    assert (call.may_be_billed, chunk.ambiguous) == ((True, 1) if answer is None else (False, 0))
    assert chunk.status == ChunkStatus.CANCELLED


def undone(run: Run) -> None:
    """Set a run back to where every answer is paid for and kept, and no chunk is finished."""
    Run.objects.filter(pk=run.pk).update(status=RunStatus.TRANSCRIBING, finished_at=None)
    run.chunks.update(status=ChunkStatus.WAITING, finished_at=None, result=None)
    run.refresh_from_db()


def test_a_chunk_that_was_answered_but_not_finished_is_not_sent_again(trial: Trial) -> None:
    trial.start()
    trial.to_the_end()
    undone(trial.run)

    assert trial.to_the_end().status == RunStatus.COMPLETE

    assert (trial.text, trial.calls, trial.first.ambiguous) == (trial.script, 3, 0)
    states = [attempt.status for attempt in trial.attempts]
    assert states == [Attempt.Status.OK] * 3 + [Attempt.Status.REUSED] * 3


def test_another_run_with_the_same_settings_takes_the_answers_of_the_first(trial: Trial) -> None:
    trial.start()
    trial.to_the_end()

    start_anew(trial)
    assert trial.to_the_end().status == RunStatus.COMPLETE

    assert (trial.text, trial.calls) == (trial.script, 3)


def decode_otherwise(trial: Trial) -> None:
    """Have slices get other samples of the same sound, as a decoder gives that begins elsewhere."""
    sha256, whole = trial.hearing.recording_sha256, Span(0, trial.hearing.duration_ms or 0)
    pcm = spool.read(current.SCRATCH, sha256, whole, duration_ms=whole.end_ms)
    assert pcm
    spool.forget(current.SCRATCH, sha256)
    with spool.kept(current.SCRATCH, sha256) as take:
        take(bytes(byte ^ (at % 2 == 0) for at, byte in enumerate(pcm)))


@pytest.mark.parametrize("again", [undo, start_anew])
def test_an_answer_is_found_though_its_sound_is_decoded_otherwise(
    trial: Trial, again: Callable[[Trial], None]
) -> None:
    trial.start()
    trial.to_the_end()
    decode_otherwise(trial)

    again(trial)
    assert trial.to_the_end().status == RunStatus.COMPLETE

    assert (trial.text, trial.calls) == (trial.script, 3)
    samples = set(Attempt.objects.values_list("audio_sha256", flat=True))
    assert len(samples) == 6


def test_an_answer_from_when_a_sound_went_by_its_samples_is_found_unless_rejected(
    trial: Trial,
) -> None:
    trial.start()
    trial.to_the_end()
    for call in trial.attempts:
        call.question = question_of_then(call)
        call.save()

    start_anew(trial)
    trial.to_the_end()
    assert trial.calls == 3

    doubting.forget_answers(trial.first)
    undone(trial.run)
    trial.to_the_end()
    assert trial.calls == 4


def question_of_then(call: Attempt) -> str:
    said = [call.audio_sha256, "openai", "gpt-transcribe", "en"]
    if call.keywords:
        said.append(call.keywords)
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


HINTS = Hints("en")
AUDIO = AudioSlice(bytes(320), Span(500, 510), source="a" * 64)


@pytest.mark.parametrize(
    "other",
    [
        replace(AUDIO, source="b" * 64),
        replace(AUDIO, source=f"{AUDIO.source}-left"),
        replace(AUDIO, span=Span(501, 510)),
        replace(AUDIO, span=Span(500, 511)),
    ],
)
def test_another_sound_is_another_question(other: AudioSlice) -> None:
    engine = engine_for("openai", "gpt-transcribe")

    assert question(engine, AUDIO, HINTS) != question(engine, other, HINTS)


def test_the_vendors_server_is_the_same_however_it_is_written(settings: Settings) -> None:
    engine = engine_for("openai", "gpt-transcribe")
    settings.OPENAI_BASE_URL = None
    unwritten = question(engine, AUDIO, HINTS)

    settings.OPENAI_BASE_URL = "https://api.openai.com/v1/"

    assert question(engine, AUDIO, HINTS) == unwritten


@pytest.mark.parametrize("change", ["again", "language", "model", "server"])
def test_what_differs_or_is_asked_for_anew_is_paid_anew(
    trial: Trial, change: str, settings: Settings
) -> None:
    trial.start()
    trial.to_the_end()

    if change == "server":
        settings.OPENAI_BASE_URL = trial.api.url.replace("127.0.0.1", "localhost")
        start_anew(trial)
    elif change == "again":
        chosen = trial.options()
        trial.run = pipeline.start(trial.hearing, chosen, by=None, now=NOW, again=True)
    elif change == "language":
        chosen = trial.options(language="es")
        trial.run = pipeline.start(trial.hearing, chosen, by=None, now=NOW)
    else:
        trial.start("whisper-1")
    assert trial.to_the_end().status == RunStatus.COMPLETE

    assert trial.calls == 6


def test_without_the_file_the_answer_is_paid_again_and_that_is_counted(trial: Trial) -> None:
    trial.start()
    trial.to_the_end()
    for attempt in trial.attempts:
        receipts.path_of(attempt).unlink()
    undone(trial.run)

    trial.to_the_end()

    assert trial.calls == 6
    assert set(trial.run.chunks.values_list("ambiguous", flat=True)) == {1}


def test_a_receipt_is_whole_and_for_us_alone(trial: Trial) -> None:
    trial.start()
    trial.to_the_end()

    folder = receipts.path_of(trial.attempts[0]).parent
    assert sorted(path.suffix for path in folder.iterdir()) == [".json"] * 3
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
