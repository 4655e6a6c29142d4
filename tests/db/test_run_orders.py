"""A run is paused, let go on, tried again and cancelled."""

from datetime import timedelta

import pytest

from tests.db.run_kit import (
    options,
    recorded_hearing,
    refuse,
    reject_the_second,
    seconds_named,
    started,
    status_of,
    text_of,
    work,
)
from tests.factories import NOW, make_chunk, make_run, words_of
from transcription import pipeline
from transcription.engines.base import AudioSlice, Transcription
from transcription.engines.scripted import ScriptedEngine, one_word_a_second
from transcription.holders import this_process
from transcription.models import ChunkStatus, Run, RunStatus

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("script")]

LATER = NOW + timedelta(hours=1)


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


def incomplete() -> Run:
    """Return a run of thirty seconds that lacks the ten in the middle."""
    ScriptedEngine.follow(reject_the_second)
    run = started()
    work()
    run.refresh_from_db()
    assert run.status == RunStatus.INCOMPLETE
    return run


@pytest.mark.parametrize("is_paused", [False, True])
def test_a_retry_that_is_cancelled_leaves_the_text_and_can_be_begun_again(is_paused: bool) -> None:
    run = incomplete()
    before = text_of(run)
    pipeline.retry(run, now=LATER)
    if is_paused:
        pipeline.pause(run, reason="The quota is used up.", now=LATER)

    assert pipeline.cancel(run, now=LATER)

    assert (run.status, run.reason) == (RunStatus.INCOMPLETE, "Cancelled by a person.")
    assert text_of(run) == before
    assert run.chunks.get(start_ms=10_000).status == ChunkStatus.FAILED
    ScriptedEngine.follow()
    assert started(run.hearing) == run
    work()
    assert (status_of(run), text_of(run)) == (RunStatus.COMPLETE, seconds_named(range(30)))


def test_a_retry_is_cancelled_with_what_it_has_brought() -> None:
    run = incomplete()
    run.chunks.filter(start_ms=20_000).update(status=ChunkStatus.FAILED, result=None)
    pipeline.retry(run, now=LATER)
    chunk = run.chunks.get(start_ms=10_000)
    chunk.claim(holder=this_process(), now=LATER, lease_seconds=30)
    chunk.finish(words_of("Aye.", start_ms=12_000), now=LATER)
    held = run.chunks.get(start_ms=20_000)
    held.claim(holder=this_process(), now=LATER, lease_seconds=30)

    assert pipeline.cancel(run, now=LATER)

    assert text_of(run) == seconds_named(range(10)) + " Aye."
    assert not held.finish(words_of("No."), now=LATER)


def test_words_that_a_cancelled_retry_paid_for_are_kept_with_estimated_times() -> None:
    run = incomplete()
    pipeline.retry(run, now=LATER)
    chunk = run.chunks.get(start_ms=10_000)
    chunk.claim(holder=this_process(), now=LATER, lease_seconds=30)
    chunk.hand_on(words_of("Aye.", start_ms=12_000))

    assert pipeline.cancel(run, now=LATER)

    assert run.status == RunStatus.COMPLETE
    assert "Aye." in text_of(run)


def test_a_retry_that_began_after_the_page_was_read_is_cancelled_as_one() -> None:
    run = incomplete()
    seen_before = Run.objects.get(pk=run.pk)
    pipeline.retry(run, now=LATER)

    assert pipeline.cancel(seen_before, now=LATER)

    assert status_of(run) == RunStatus.INCOMPLETE
