from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connections
from pytest_django import Settings

from hearings.models import Hearing
from tests.at_once import PATIENCE_SECONDS
from tests.db.run_kit import (
    SetClock,
    options,
    recorded_hearing,
    seconds_named,
    started,
    text_of,
    work,
)
from tests.factories import NOW, make_hearing
from tests.fake_api import FakeApi
from transcription import access, clusters, limiter, pipeline, rates, recovery
from transcription.chunk_job import CLUSTER_VARIABLE
from transcription.clock import database_clock
from transcription.engines.base import (
    AccessRefused,
    AnswerUnusable,
    AudioRejected,
    AudioSlice,
    EngineBusy,
    EngineError,
    EngineUnavailable,
    Transcription,
)
from transcription.engines.scripted import ScriptedEngine, one_word_a_second
from transcription.holders import host_name
from transcription.limiter import Limit
from transcription.models import Attempt, Chunk, ChunkStatus, Run, RunStatus, Slot
from transcription.policies import LeasePolicy
from transcription.transcripts import coverage_of_run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("script")]

Answer = Callable[[AudioSlice], Transcription]


def failing(*errors: EngineError | None, at_ms: int = 20_000) -> Answer:
    """Fail on the chunk that begins at *at_ms* with each error in turn (None: do not)."""
    left = list(errors)

    def answer(audio: AudioSlice) -> Transcription:
        if audio.span.start_ms == at_ms and left and (error := left.pop(0)):
            raise error
        return one_word_a_second(audio)

    return answer


def third_chunk(run: Run) -> Chunk:
    return run.chunks.get(start_ms=20_000)


def test_a_worker_does_what_is_due_and_the_run_is_complete() -> None:
    run = started()

    assert work() == 3

    run.refresh_from_db()
    assert run.status == RunStatus.COMPLETE
    assert text_of(run) == seconds_named(range(30))
    assert not Slot.objects.exclude(token=None).exists()


def test_a_worker_that_finds_nothing_to_do_takes_nothing() -> None:
    assert work() == 0


@pytest.mark.parametrize(
    ("error", "wait_seconds", "tries"),
    [
        (EngineUnavailable("down"), 5, 1),
        (AnswerUnusable("cut"), 5, 1),
        (EngineBusy("429"), 20, 0),
        (EngineBusy("429", wait_seconds=7 * 60), 7 * 60, 0),
    ],
)
def test_a_chunk_that_failed_for_now_waits_and_is_tried_again(
    error: EngineError, wait_seconds: int, tries: int
) -> None:
    clock, run = SetClock(), started()
    ScriptedEngine.follow(failing(error))

    work(clock)

    chunk = third_chunk(run)
    assert (chunk.status, chunk.tries, chunk.error) == (ChunkStatus.WAITING, tries, str(error))
    assert run.chunks.filter(status=ChunkStatus.DONE).count() == 2
    clock.pass_by(wait_seconds)
    assert work(clock) == 1
    run.refresh_from_db()
    assert (run.status, text_of(run)) == (RunStatus.COMPLETE, seconds_named(range(30)))
    assert [a.status for a in chunk.attempts.all()] == [Attempt.Status.FAILED, Attempt.Status.OK]


def test_an_engine_that_stays_away_costs_a_bounded_number_of_tries() -> None:
    clock, run = SetClock(), started()
    ScriptedEngine.follow(failing(*[EngineUnavailable("down")] * 12))

    for _ in range(12):
        work(clock)
        clock.pass_by(600)

    chunk = third_chunk(run)
    assert (chunk.status, chunk.tries, chunk.attempts.count()) == (ChunkStatus.FAILED, 10, 10)


def test_a_busy_engine_never_costs_a_chunk_its_tries() -> None:
    clock, run = SetClock(), started()
    ScriptedEngine.follow(failing(*[EngineBusy("429")] * 9))

    for _ in range(10):
        work(clock)
        clock.pass_by(600)

    run.refresh_from_db()
    assert (run.status, third_chunk(run).tries) == (RunStatus.COMPLETE, 0)


def test_rejected_audio_fails_alone_and_leaves_a_gap_with_its_reason() -> None:
    run = started()
    ScriptedEngine.follow(failing(*[AudioRejected("It is too quiet.")] * 2))

    work()

    run.refresh_from_db()
    assert (run.status, run.reason) == (RunStatus.INCOMPLETE, "It is too quiet.")
    assert text_of(run) == seconds_named(range(20))
    assert [gap.reason for gap in coverage_of_run(run).missing] == ["It is too quiet."]


def test_a_refused_key_pauses_the_run_and_nothing_more_is_sent() -> None:
    run = started()
    ScriptedEngine.follow(failing(AccessRefused("The key is wrong."), at_ms=0))

    work()

    run.refresh_from_db()
    assert (run.status, run.reason) == (RunStatus.PAUSED, "The key is wrong.")
    assert run.chunks.filter(status=ChunkStatus.WAITING, tries=0).count() == 3
    assert len(ScriptedEngine.heard) == 1
    assert work() == 0


def test_a_call_is_announced_in_a_row_before_it_is_made() -> None:
    run = started()
    announced: list[tuple[str, str, int]] = []

    def answer(audio: AudioSlice) -> Transcription:
        attempt = Attempt.objects.latest("id")
        announced.append((attempt.status, attempt.audio_sha256, attempt.audio_ms))
        assert attempt.audio_sha256 == audio.sha256
        return one_word_a_second(audio)

    ScriptedEngine.follow(answer)
    work()

    assert {status for status, _, _ in announced} == {Attempt.Status.SENDING}
    assert len(announced) == run.chunks.count()
    assert not Attempt.objects.exclude(status=Attempt.Status.OK).exists()


def test_an_answer_that_comes_after_the_run_was_cancelled_changes_nothing() -> None:
    run = started()

    def answer(audio: AudioSlice) -> Transcription:
        assert pipeline.cancel(Run.objects.get(pk=run.pk), now=NOW)
        return one_word_a_second(audio)

    ScriptedEngine.follow(answer)

    assert work() == 1
    run.refresh_from_db()
    assert run.status == RunStatus.CANCELLED
    assert set(run.chunks.values_list("status", "result")) == {(ChunkStatus.CANCELLED, None)}
    assert not run.segments.exists()


@pytest.mark.parametrize("error", [None, EngineUnavailable("down"), AudioRejected("no")])
def test_a_worker_that_lost_its_lease_changes_nothing(error: EngineError | None) -> None:
    run = started(recorded_hearing(10))

    def answer(audio: AudioSlice) -> Transcription:
        chunk = run.chunks.get()
        chunk.put_back(not_before=None)
        chunk.claim(holder="another", now=NOW, lease_seconds=30)
        if error:
            raise error
        return one_word_a_second(audio)

    ScriptedEngine.follow(answer)
    work()

    chunk = run.chunks.get()
    assert (chunk.status, chunk.holder, chunk.tries) == (ChunkStatus.RUNNING, "another", 0)
    assert chunk.result is None


def test_what_nobody_foresaw_is_raised_and_its_chunk_is_found_again() -> None:
    clock, run = SetClock(), started()

    def answer(audio: AudioSlice) -> Transcription:
        raise ZeroDivisionError

    ScriptedEngine.follow(answer)
    with pytest.raises(ZeroDivisionError):
        work(clock)
    assert not Slot.objects.exclude(token=None).exists()
    clock.pass_by(31)

    assert recovery.recover_stalled(now=clock()) == 1

    ScriptedEngine.follow()
    work(clock)
    run.refresh_from_db()
    assert run.status == RunStatus.COMPLETE
    assert Attempt.objects.filter(status=Attempt.Status.LOST).count() == 1


def test_a_host_without_ffmpeg_pauses_the_run_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = started()
    monkeypatch.setenv("PATH", "/nowhere")

    work()

    run.refresh_from_db()
    assert run.status == RunStatus.PAUSED
    assert "Install ffmpeg" in run.reason
    assert ScriptedEngine.heard == []


def test_a_recording_that_cannot_be_cut_fails_with_its_reason() -> None:
    run = started(make_hearing(content=b"not really audio", duration_ms=10_000))

    work()

    run.refresh_from_db()
    assert run.status == RunStatus.FAILED
    assert "not an audio or video file" in run.reason


def test_a_short_run_that_comes_later_is_not_kept_waiting_by_a_long_one() -> None:
    clock, long, short = SetClock(), started(recorded_hearing(60)), started(recorded_hearing(20))
    left: list[int] = []

    def answer(audio: AudioSlice) -> Transcription:
        clock.pass_by(1)
        if not short.chunks.unsettled().exists():
            left.append(long.chunks.unsettled().count())
        return one_word_a_second(audio)

    ScriptedEngine.follow(answer)
    work(clock)

    assert left == [4, 3, 2, 1]
    assert Run.objects.filter(status=RunStatus.COMPLETE).count() == 2


def test_a_worker_hands_over_when_its_time_is_over() -> None:
    clock = SetClock()
    started()

    def answer(audio: AudioSlice) -> Transcription:
        clock.pass_by(100)
        return one_word_a_second(audio)

    ScriptedEngine.follow(answer)

    assert work(clock, lease=LeasePolicy(job_seconds=150)) == 2


def test_a_worker_whose_cluster_leaves_takes_no_further_chunk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(CLUSTER_VARIABLE, "")
    cluster = clusters.announce(workers=1, now=NOW)
    started()

    def answer(audio: AudioSlice) -> Transcription:
        clusters.leave(cluster)
        return one_word_a_second(audio)

    ScriptedEngine.follow(answer)

    assert work() == 1


def test_the_embedded_engine_works_in_as_many_processes_of_a_host_as_it_may() -> None:
    run = started()
    seat = limiter.acquire(limiter.Limit(f"embedded@{host_name()}", 1), now=NOW, lease_seconds=60)
    assert seat

    assert work() == 0

    seat.release()
    assert work() == run.chunks.count()


def test_an_engine_that_cannot_be_made_ready_pauses_the_run(settings: Settings) -> None:
    run = started()
    Run.objects.update(engine="whisper", model="a-model-that-is-not-here")

    assert work() == 0

    run.refresh_from_db()
    assert run.status == RunStatus.PAUSED
    assert "a-model-that-is-not-here" in run.reason


def hosted(hearing: Hearing | None = None) -> Run:
    return started(hearing, options("openai"))


def test_a_hearing_that_was_closed_after_the_start_is_not_sent(api: FakeApi) -> None:
    run = hosted()
    Hearing.objects.update(is_closed=True)

    assert work() == 0

    run.refresh_from_db()
    assert (run.status, run.reason) == (RunStatus.PAUSED, access.CLOSED)
    assert api.arrivals == []


def stop_by(how: str, run: Run) -> None:
    run = Run.objects.get(pk=run.pk)
    match how:
        case "cancel":
            assert pipeline.cancel(run, now=NOW)
        case "pause":
            assert pipeline.pause(run, reason="The key is wrong.", now=NOW)
        case "close":
            Hearing.objects.update(is_closed=True)


def worker_thread() -> int:
    try:
        return work_by_the_databases_clock()
    finally:
        connections.close_all()


def work_by_the_databases_clock() -> int:
    from transcription import tasks

    return tasks.transcribe_due_chunks()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["cancel", "pause", "close"])
def test_a_chunk_that_waits_for_its_slot_is_not_sent_when_its_run_is_stopped(
    api: FakeApi, how: str, settings: Settings
) -> None:
    settings.LEASE = LeasePolicy(poll_seconds=0.01)
    settings.DISPATCHER = "tests.db.run_kit.NoDispatcher"
    run = hosted(recorded_hearing(10))
    slots = [
        limiter.acquire(Limit(rates.HOSTED, run.parallel), now=database_clock(), lease_seconds=600)
        for _ in range(run.parallel)
    ]
    looking = Event()
    with ThreadPoolExecutor(1) as pool:
        worker = pool.submit(worker_thread)
        while not run.chunks.filter(status=ChunkStatus.RUNNING).exists():
            assert not looking.wait(0.01) and not worker.done()
        stop_by(how, run)
        for slot in slots:
            assert slot
            slot.release()
        worker.result(PATIENCE_SECONDS)

    assert api.arrivals == []
    assert not run.chunks.filter(status=ChunkStatus.RUNNING).exists()
