"""A run is concluded once, and what dead workers leave is put back."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hearings.models import Hearing
from tests.at_once import at_once
from tests.db.run_kit import (
    SetClock,
    started,
    status_of,
    text_of,
    work,
)
from tests.factories import NOW, make_chunk, make_run, words_of
from transcription import dispatch, limiter, pipeline, recovery
from transcription.alone import alone
from transcription.concluding import conclude
from transcription.engines.scripted import ScriptedEngine
from transcription.holders import this_process
from transcription.limiter import Limit
from transcription.models import Attempt, Chunk, ChunkStatus, Run, RunStatus, Slot

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("script")]

LATER = NOW + timedelta(hours=1)


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


def make_call(chunk: Chunk, **values: Any) -> Attempt:
    """Return a call that the chunk's holder is making."""
    return Attempt.objects.create(
        chunk=chunk,
        claim=chunk.claims,
        holder=chunk.holder,
        audio_sha256="0" * 64,
        audio_ms=1,
        audio_bytes=1,
        started_at=NOW,
        **values,
    )


def test_what_a_dead_worker_held_is_put_back_and_its_call_is_lost() -> None:
    run = make_run()
    chunk = make_chunk(run)
    chunk.claim(holder="elsewhere:12345678/1/1", now=NOW, lease_seconds=30)
    attempt = make_call(chunk)

    assert recovery.recover_stalled(now=NOW + timedelta(seconds=29)) == 0
    assert recovery.recover_stalled(now=NOW + timedelta(seconds=30)) == 1

    chunk.refresh_from_db()
    attempt.refresh_from_db()
    assert (chunk.status, chunk.tries) == (ChunkStatus.WAITING, 0)
    assert attempt.status == Attempt.Status.LOST


def overdue() -> tuple[Chunk, Chunk, datetime]:
    """Return a chunk, as somebody has seen it once its lease was over, and that moment."""
    chunk = make_chunk(make_run())
    chunk.claim(holder="elsewhere:12345678/1/1", now=NOW, lease_seconds=30)
    return chunk, Chunk.objects.get(pk=chunk.pk), NOW + timedelta(seconds=31)


def test_who_comes_late_to_put_a_chunk_back_leaves_the_call_of_its_next_holder_alone() -> None:
    chunk, as_seen, later = overdue()
    assert recovery.recover_stalled(now=later) == 1
    chunk.claim(holder="elsewhere:12345678/2/2", now=later, lease_seconds=30)
    attempt = make_call(chunk)

    assert not recovery._put_back(as_seen, now=later)

    attempt.refresh_from_db()
    assert attempt.status == Attempt.Status.SENDING


def test_a_holder_that_renews_its_lease_at_the_last_moment_keeps_its_chunk() -> None:
    chunk, as_seen, later = overdue()
    assert chunk.renew(now=later, lease_seconds=30)

    assert not recovery._put_back(as_seen, now=later)

    chunk.refresh_from_db()
    assert chunk.status == ChunkStatus.RUNNING


def test_a_call_of_an_earlier_claim_is_ended_and_that_of_the_present_one_is_not() -> None:
    chunk = make_chunk(make_run())
    host, pid, started_at = this_process().split("/")
    chunk.claim(holder=f"{host}/{pid}/{int(started_at) - 1}", now=NOW, lease_seconds=30)
    earlier = make_call(chunk)
    chunk.put_back(not_before=None)
    chunk.claim(holder=this_process(), now=NOW, lease_seconds=30)
    present = make_call(chunk)

    assert recovery.recover_stalled(now=NOW) == 0

    for call, status in ((earlier, Attempt.Status.LOST), (present, Attempt.Status.SENDING)):
        call.refresh_from_db()
        assert call.status == status


def test_a_living_workers_call_ends_by_itself_though_its_run_was_cancelled() -> None:
    chunk = make_chunk(make_run())
    chunk.claim(holder=this_process(), now=NOW, lease_seconds=30)
    call = make_call(chunk)
    assert pipeline.cancel(chunk.run, now=NOW)

    recovery.recover_stalled(now=NOW)

    assert call.end(Attempt.Status.OK, now=NOW)


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


def test_a_chunk_that_worker_after_worker_dies_on_is_given_up() -> None:
    run = make_run()
    chunk = make_chunk(run, losses=settings.RETRY.max_losses - 1)
    assert chunk.claim(holder="gone", now=NOW, lease_seconds=1)

    recovery.recover_stalled(now=NOW + timedelta(minutes=1))

    chunk.refresh_from_db()
    assert (chunk.status, chunk.error) == (ChunkStatus.FAILED, recovery.GIVEN_UP)


def cut_twice(run: Run, *, text: str = "Good morning, and welcome.") -> Chunk:
    """Return the last piece of a chunk whose doubtful words should have been replaced."""
    values = {"status": ChunkStatus.SUPERSEDED, "finished_at": NOW, "doubts": ["Too few."]}
    heard = [word.to_json() for word in words_of(text)]
    whole = make_chunk(run, 0, result=heard, end_ms=20_000, **values)
    half = make_chunk(run, 0, result=[], parent=whole, generation=1, **values)
    return make_chunk(
        run,
        0,
        status=ChunkStatus.FAILED,
        finished_at=NOW,
        error="No.",
        parent=half,
        generation=2,
        end_ms=5_000,
    )


def test_doubtful_words_are_found_behind_an_answer_without_any() -> None:
    run = make_run()
    piece = cut_twice(run)

    assert conclude(run, now=NOW)

    assert text_of(run) == "Good morning, and welcome."
    assert run.segments.get().flags == ["Too few."]
    piece.refresh_from_db()
    assert piece.status == ChunkStatus.FAILED


def test_a_run_with_doubtful_words_alone_can_be_read() -> None:
    run = make_run()
    cut_twice(run)

    conclude(run, now=NOW)

    assert (run.status, run.reason) == (RunStatus.INCOMPLETE, "No.")
    assert Run.objects.with_text().get() == run


def test_a_run_without_a_word_failed() -> None:
    run = make_run()
    cut_twice(run, text="")

    conclude(run, now=NOW)

    assert run.status == RunStatus.FAILED
