from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from hearings.models import CheckStatus, Hearing
from tests.at_once import at_once
from tests.db.run_kit import (
    SetClock,
    options,
    recorded_hearing,
    seconds_named,
    started,
    text_of,
    work,
)
from tests.factories import NOW, make_chunk, make_hearing, make_run, words_of
from tests.fake_api import FakeApi
from transcription import dispatch, limiter, pipeline, recovery
from transcription.admission import StartRefused
from transcription.alone import alone
from transcription.concluding import conclude
from transcription.engines.base import AccessRefused, AudioRejected, AudioSlice, Transcription
from transcription.engines.scripted import ScriptedEngine, one_word_a_second
from transcription.holders import this_process
from transcription.limiter import Limit
from transcription.models import Attempt, Chunk, ChunkStatus, Run, RunStatus, Slot

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("script")]

LATER = NOW + timedelta(hours=1)


def refuse(audio: AudioSlice) -> Transcription:
    raise AccessRefused("The key is wrong.")


def reject_the_second(audio: AudioSlice) -> Transcription:
    if audio.span.start_ms == 10_000:
        raise AudioRejected("Not this one.")
    return one_word_a_second(audio)


def status_of(run: Run) -> str:
    return Run.objects.get(pk=run.pk).status


@pytest.mark.django_db(transaction=True)
def test_started_by_a_person_everything_happens_by_itself() -> None:
    person = User.objects.create(username="clerk")

    run = pipeline.start(recorded_hearing(), options(), by=person, now=NOW)

    run.refresh_from_db()
    assert (run.status, run.requested_by) == (RunStatus.COMPLETE, person)
    assert text_of(run) == seconds_named(range(30))
    assert run.started_at and run.finished_at


@pytest.mark.django_db(transaction=True)
def test_where_people_talk_without_a_pause_no_second_is_lost_or_doubled() -> None:
    hearing = recorded_hearing(60, speech=[[0, 60_000]])

    run = pipeline.start(hearing, options(), by=None, now=NOW)

    assert run.chunks.count() > 5
    assert text_of(run) == seconds_named(range(60))


def test_workers_are_nudged_when_the_start_is_committed_and_not_before(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        run = started()
        assert ScriptedEngine.heard == []

    assert status_of(run) == RunStatus.COMPLETE


def test_workers_that_are_nudged_before_the_commit_are_seen(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transaction, "on_commit", lambda do, **_: do())

    with pytest.raises(AssertionError):
        test_workers_are_nudged_when_the_start_is_committed_and_not_before(
            django_capture_on_commit_callbacks
        )


def test_the_same_start_again_finds_the_same_run() -> None:
    hearing = recorded_hearing()

    assert started(hearing) == started(hearing)
    assert hearing.runs.count() == 1


def test_a_complete_run_is_returned_unchanged_and_nothing_is_sent_again() -> None:
    hearing = recorded_hearing()
    run = started(hearing)
    work()
    heard = len(ScriptedEngine.heard)

    assert started(hearing) == run
    assert work() == 0
    assert len(ScriptedEngine.heard) == heard
    assert status_of(run) == RunStatus.COMPLETE


def test_asked_for_again_a_complete_run_is_followed_by_a_new_one() -> None:
    hearing = recorded_hearing()
    first = started(hearing)
    work()

    second = pipeline.start(hearing, options(), by=None, now=LATER, again=True)
    work()

    assert second != first
    assert text_of(second) == text_of(first) == seconds_named(range(30))


def test_asked_for_again_a_run_under_way_goes_on() -> None:
    hearing = recorded_hearing()
    run = started(hearing)

    assert pipeline.start(hearing, options(), by=None, now=LATER, again=True) == run


def test_a_recording_that_was_replaced_is_transcribed_anew() -> None:
    hearing = recorded_hearing()
    first = started(hearing)
    work()
    hearing.recording_sha256 = "1" * 64
    hearing.save()

    assert started(hearing) != first


def test_other_settings_while_a_run_is_under_way_are_refused() -> None:
    hearing = recorded_hearing()
    run = started(hearing)

    with pytest.raises(StartRefused, match=f"Run {run.pk} with other settings"):
        started(hearing, options(sequential=True))


def test_after_it_ended_other_settings_make_another_run() -> None:
    hearing = recorded_hearing()
    first = started(hearing)
    work()

    assert started(hearing, options(sequential=True)) != first


def test_a_cancelled_run_is_not_found_again() -> None:
    hearing = recorded_hearing()
    first = started(hearing)
    pipeline.cancel(first, now=NOW)

    assert started(hearing) != first


@pytest.mark.django_db(transaction=True)
def test_of_two_who_start_at_once_one_begins_the_run(settings: Settings) -> None:
    settings.DISPATCHER = "tests.db.run_kit.NoDispatcher"
    hearing = recorded_hearing()

    def start() -> str:
        try:
            return str(started(hearing).pk)
        except StartRefused as refused:
            return str(refused)

    outcomes = at_once([start] * 4)

    assert hearing.runs.count() == 1
    assert hearing.runs.get().chunks.count() == 3
    assert str(hearing.runs.get().pk) in outcomes


@pytest.mark.parametrize("status", [CheckStatus.CHECKING, CheckStatus.REFUSED])
def test_a_recording_that_was_not_accepted_is_not_started(status: CheckStatus) -> None:
    with pytest.raises(StartRefused, match="has not been accepted"):
        started(recorded_hearing(check_status=status))


def test_an_engine_that_does_not_exist_is_refused() -> None:
    with pytest.raises(StartRefused, match="no engine “ear”"):
        started(None, options("ear"))


def test_an_engine_that_cannot_work_is_refused_before_anything_is_written() -> None:
    with pytest.raises(StartRefused, match="OPENAI_API_KEY"):
        started(None, options("openai"))

    assert not Run.objects.exists()


@pytest.fixture
def api(settings: Settings) -> Iterator[FakeApi]:
    with FakeApi() as server:
        settings.OPENAI_BASE_URL = server.url
        yield server


def test_a_closed_hearing_is_not_started_with_a_hosted_engine(api: FakeApi) -> None:
    with pytest.raises(StartRefused, match="must not leave the house"):
        started(recorded_hearing(is_closed=True), options("openai"))

    assert not Run.objects.exists()
    assert api.arrivals == []


def test_a_closed_hearing_may_be_transcribed_on_this_machine() -> None:
    run = started(recorded_hearing(is_closed=True))

    work()

    assert status_of(run) == RunStatus.COMPLETE


def test_a_silent_recording_is_complete_without_a_call() -> None:
    run = started(recorded_hearing(speech=[]))

    assert (run.status, run.chunks.count(), run.segments.count()) == (RunStatus.COMPLETE, 0, 0)
    assert ScriptedEngine.heard == []


def test_a_paused_run_goes_on_where_it_was_when_a_person_lets_it() -> None:
    run = started()
    ScriptedEngine.follow(refuse)
    work()
    ScriptedEngine.follow()
    run.refresh_from_db()

    assert pipeline.resume(run, now=LATER)
    work()

    assert status_of(run) == RunStatus.COMPLETE
    assert text_of(run) == seconds_named(range(30))


def test_the_same_start_lets_a_paused_run_go_on() -> None:
    hearing = recorded_hearing()
    run = started(hearing)
    ScriptedEngine.follow(refuse)
    work()

    assert started(hearing).status == RunStatus.TRANSCRIBING
    assert run.chunks.due(NOW).count() == 3


def test_a_run_whose_last_chunk_ended_during_the_pause_is_concluded_by_the_resume() -> None:
    run = started(recorded_hearing(10))

    def answer(audio: AudioSlice) -> Transcription:
        assert pipeline.pause(Run.objects.get(pk=run.pk), reason="Wait.", now=NOW)
        return one_word_a_second(audio)

    ScriptedEngine.follow(answer)
    work()
    run.refresh_from_db()
    assert (run.status, run.chunks.get().status) == (RunStatus.PAUSED, ChunkStatus.DONE)

    pipeline.resume(run, now=LATER)

    assert (run.status, text_of(run)) == (RunStatus.COMPLETE, seconds_named(range(10)))


def test_a_retry_does_what_failed_and_nothing_else() -> None:
    run = started()
    ScriptedEngine.follow(reject_the_second)
    work()
    run.refresh_from_db()
    assert run.status == RunStatus.INCOMPLETE
    ScriptedEngine.follow()

    assert pipeline.retry(run, now=LATER)
    work()

    run.refresh_from_db()
    assert (run.status, run.reason) == (RunStatus.COMPLETE, "")
    assert text_of(run) == seconds_named(range(30))
    assert [audio.span.start_ms for audio in ScriptedEngine.heard] == [10_000]


def test_the_same_start_retries_a_run_with_gaps() -> None:
    hearing = recorded_hearing()
    ScriptedEngine.follow(reject_the_second)
    run = started(hearing)
    work()
    ScriptedEngine.follow()

    assert started(hearing) == run
    work()

    assert status_of(run) == RunStatus.COMPLETE


def test_a_run_is_not_retried_while_another_of_its_hearing_is_under_way() -> None:
    hearing = recorded_hearing()
    ScriptedEngine.follow(reject_the_second)
    run = started(hearing)
    work()
    run.refresh_from_db()
    started(hearing, options(sequential=True))

    assert not pipeline.retry(run, now=LATER)

    assert status_of(run) == RunStatus.INCOMPLETE
    assert run.chunks.filter(status=ChunkStatus.FAILED).count() == 1


@pytest.mark.parametrize("status", [s for s in RunStatus if s != RunStatus.PAUSED])
def test_only_a_paused_run_is_resumed(status: RunStatus) -> None:
    assert not pipeline.resume(make_run(status=status), now=NOW)


@pytest.mark.parametrize("status", [*Run.TERMINAL, RunStatus.PAUSED])
def test_only_a_run_at_work_is_paused(status: RunStatus) -> None:
    paused_from = RunStatus.TRANSCRIBING if status == RunStatus.PAUSED else ""
    run = make_run(status=status, paused_from=paused_from)

    assert not pipeline.pause(run, reason="Wait.", now=NOW)


@pytest.mark.parametrize("status", Run.TERMINAL)
def test_a_run_that_ended_is_not_cancelled(status: RunStatus) -> None:
    run = make_run(status=status)

    assert not pipeline.cancel(run, now=NOW)
    assert status_of(run) == status


def test_a_cancelled_run_keeps_what_was_done_and_frees_what_was_held() -> None:
    run = make_run()
    make_chunk(run, 0, status=ChunkStatus.DONE)
    held = make_chunk(run, 1)
    held.claim(holder=this_process(), now=NOW, lease_seconds=30)
    make_chunk(run, 2)

    assert pipeline.cancel(run, now=NOW)

    assert list(run.chunks.values_list("status", flat=True)) == ["done", "cancelled", "cancelled"]
    assert not run.chunks.exclude(token=None).exists()


def test_a_run_that_a_worker_paused_meanwhile_can_still_be_cancelled() -> None:
    run = make_run()
    seen_before = Run.objects.get(pk=run.pk)
    pipeline.pause(run, reason="The key is wrong.", now=NOW)

    assert pipeline.cancel(seen_before, now=NOW)

    assert status_of(run) == RunStatus.CANCELLED


def finished_chunks(run: Run) -> None:
    for index in range(2):
        words = words_of("the committee will come to order", start_ms=index * 10_000)
        make_chunk(run, index, status=ChunkStatus.DONE, result=[word.to_json() for word in words])


@pytest.mark.parametrize("status", [RunStatus.TRANSCRIBING, RunStatus.MERGING])
def test_concluding_twice_is_harmless(status: RunStatus) -> None:
    run = make_run(status=status)
    finished_chunks(run)
    stale = Run.objects.get(pk=run.pk)

    assert conclude(run, now=NOW)
    before = list(run.segments.values_list("index", "text"))
    assert not conclude(run, now=NOW)
    assert not conclude(stale, now=NOW)

    assert list(run.segments.values_list("index", "text")) == before


@pytest.mark.django_db(transaction=True)
def test_of_many_who_conclude_at_once_one_makes_the_transcript() -> None:
    run = make_run()
    finished_chunks(run)
    copies = [Run.objects.get(pk=run.pk) for _ in range(4)]

    won = at_once([partial(conclude, copy, now=NOW) for copy in copies])

    assert won.count(True) == 1
    assert text_of(run) == " ".join(["the committee will come to order"] * 2)


def test_while_one_makes_the_transcript_nobody_else_reads_the_words() -> None:
    run = make_run(status=RunStatus.MERGING)
    finished_chunks(run)

    with alone(f"conclude-{run.pk}"), CaptureQueriesContext(connection) as asked:
        assert not conclude(run, now=NOW)

    assert not [query for query in asked if Chunk._meta.db_table in query["sql"]]
    assert conclude(run, now=NOW)


def test_a_run_with_a_chunk_left_is_not_concluded() -> None:
    run = make_run()
    finished_chunks(run)
    make_chunk(run, 2)

    assert not conclude(run, now=NOW)
    assert status_of(run) == RunStatus.TRANSCRIBING


def test_what_a_dead_worker_held_is_put_back_and_its_call_is_lost() -> None:
    run = make_run()
    chunk = make_chunk(run)
    chunk.claim(holder="elsewhere:12345678/1/1", now=NOW, lease_seconds=30)
    attempt = Attempt.objects.create(
        chunk=chunk,
        claim=1,
        holder=chunk.holder,
        audio_sha256="0" * 64,
        audio_ms=1,
        audio_bytes=1,
        started_at=NOW,
    )

    assert recovery.recover_stalled(now=NOW + timedelta(seconds=29)) == 0
    assert recovery.recover_stalled(now=NOW + timedelta(seconds=30)) == 1

    chunk.refresh_from_db()
    attempt.refresh_from_db()
    assert (chunk.status, chunk.tries) == (ChunkStatus.WAITING, 0)
    assert attempt.status == Attempt.Status.LOST


def test_a_worker_of_this_host_that_ended_is_noticed_before_its_lease_is_over() -> None:
    chunk = make_chunk(make_run())
    host, pid, started_at = this_process().split("/")
    chunk.claim(holder=f"{host}/{pid}/{int(started_at) - 1}", now=NOW, lease_seconds=30)

    assert recovery.recover_stalled(now=NOW) == 1


def test_a_living_workers_chunk_is_left_alone() -> None:
    chunk = make_chunk(make_run())
    chunk.claim(holder=this_process(), now=NOW, lease_seconds=30)

    assert recovery.recover_stalled(now=NOW) == 0


@pytest.mark.parametrize("status", [RunStatus.TRANSCRIBING, RunStatus.MERGING])
def test_a_run_that_nobody_ended_is_ended(status: RunStatus) -> None:
    run = make_run(status=status)
    finished_chunks(run)

    recovery.recover_stalled(now=NOW)

    assert status_of(run) == RunStatus.COMPLETE


def test_an_ended_run_leaves_no_slots_behind() -> None:
    run = started()
    work()

    assert not Slot.objects.filter(limit=run.limit_name).exists()
    assert limiter.acquire(Limit(run.limit_name, 1), now=NOW, lease_seconds=1)


def test_jobs_that_come_twice_late_or_never_change_nothing() -> None:
    run = started()
    dispatch.nudge(3)
    dispatch.nudge(3)

    assert status_of(run) == RunStatus.COMPLETE
    assert Chunk.objects.filter(claims=1).count() == len(ScriptedEngine.heard) == 3


def test_a_hearing_may_be_deleted_while_its_chunks_wait() -> None:
    clock = SetClock()
    started()
    Hearing.objects.all().delete()

    assert work(clock) == 0
    assert recovery.recover_stalled(now=clock()) == 0


def test_an_analysis_without_speech_costs_nothing_on_a_hosted_engine(api: FakeApi) -> None:
    run = started(make_hearing(speech=[]), options("openai"))

    assert (run.status, api.arrivals) == (RunStatus.COMPLETE, [])


def test_a_chunk_that_worker_after_worker_dies_on_is_given_up() -> None:
    run = make_run()
    chunk = make_chunk(run, losses=settings.RETRY.max_losses - 1)
    assert chunk.claim(holder="gone", now=NOW, lease_seconds=1)

    recovery.recover_stalled(now=NOW + timedelta(minutes=1))

    chunk.refresh_from_db()
    assert (chunk.status, chunk.error) == (ChunkStatus.FAILED, recovery.GIVEN_UP)
