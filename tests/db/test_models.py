from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from hearings.models import (
    CheckStatus,
    Committee,
    Hearing,
    Member,
    ValidationFinding,
    Witness,
)
from tests.at_once import at_once
from tests.factories import NOW, make_chunk, make_hearing, make_run, words_of
from transcription.models import Attempt, Chunk, ChunkStatus, Run, RunStatus, Segment, Slot

pytestmark = pytest.mark.django_db

WORDS = words_of("the committee will come to order")


def claimed(chunk: Chunk, holder: str = "a") -> Chunk:
    assert chunk.claim(holder=holder, now=NOW, lease_seconds=30)
    return chunk


def make_attempt(chunk: Chunk, **values: Any) -> Attempt:
    values = {
        "claim": 1,
        "holder": "a",
        "audio_sha256": "0" * 64,
        "audio_ms": 10_000,
        "audio_bytes": 320_000,
        "started_at": NOW,
    } | values
    return Attempt.objects.create(chunk=chunk, **values)


def refused(write: Callable[[], object]) -> bool:
    try:
        with transaction.atomic():
            write()
    except IntegrityError:
        return True
    return False


def test_a_hearing_is_accepted_only_with_a_duration() -> None:
    assert refused(lambda: make_hearing(duration_ms=0))
    assert refused(lambda: make_hearing(duration_ms=None))
    assert not refused(lambda: make_hearing(duration_ms=None, check_status=CheckStatus.CHECKING))


@pytest.mark.parametrize(
    "repeat",
    [
        lambda hearing: Witness.objects.create(hearing=hearing, name="Ann Lee"),
        lambda hearing: ValidationFinding.objects.create(hearing=hearing, code="date"),
        lambda hearing: Member.objects.create(committee=hearing.committee, name="Ann Lee"),
    ],
    ids=["witness", "finding", "member"],
)
def test_nobody_and_nothing_is_listed_twice(repeat: Callable[[Hearing], object]) -> None:
    hearing = make_hearing(committee=Committee.objects.create(code="SCOM", name="Commerce"))
    repeat(hearing)

    assert refused(lambda: repeat(hearing))


@pytest.mark.parametrize(
    "values",
    [
        {"status": RunStatus.COMPLETE, "finished_at": None},
        {"status": RunStatus.TRANSCRIBING, "finished_at": NOW},
        {"status": RunStatus.PAUSED, "paused_from": ""},
        {"status": RunStatus.TRANSCRIBING, "paused_from": RunStatus.MERGING},
        {"parallel": 0},
    ],
)
def test_a_run_that_contradicts_itself_is_refused(values: dict[str, Any]) -> None:
    hearing = make_hearing()

    assert refused(lambda: make_run(hearing, **values))


@pytest.mark.parametrize(
    "values",
    [
        {"start_ms": 10, "end_ms": 10},
        {"status": ChunkStatus.DONE, "finished_at": None},
        {"status": ChunkStatus.DONE, "result": None},
        {"status": ChunkStatus.FAILED, "finished_at": None},
        {"status": ChunkStatus.WAITING, "finished_at": NOW},
        {"status": ChunkStatus.NEEDS_PERSON, "finished_at": NOW},
        {"status": ChunkStatus.RUNNING},
        {"status": ChunkStatus.RUNNING, "token": uuid4()},
        {"status": ChunkStatus.RUNNING, "lease_until": NOW},
        {"status": ChunkStatus.WAITING, "token": uuid4()},
        {"status": ChunkStatus.DONE, "lease_until": NOW},
    ],
)
def test_a_chunk_that_contradicts_itself_is_refused(values: dict[str, Any]) -> None:
    run = make_run()

    assert refused(lambda: make_chunk(run, **values))


def test_a_stretch_is_planned_once_in_each_generation() -> None:
    run = make_run()
    make_chunk(run, 0)

    assert refused(lambda: make_chunk(run, 1, start_ms=0, end_ms=5_000))
    assert not refused(lambda: make_chunk(run, 1, start_ms=0, end_ms=5_000, generation=1))


def test_a_hearing_has_one_active_run_and_any_number_that_ended() -> None:
    hearing = make_hearing()
    for status in Run.TERMINAL:
        make_run(hearing, status=status)
    make_run(hearing, status=RunStatus.PAUSED, paused_from=RunStatus.TRANSCRIBING)

    assert refused(lambda: make_run(hearing))


@pytest.mark.parametrize(
    "values",
    [
        {"status": Attempt.Status.OK},
        {"status": Attempt.Status.SENDING, "finished_at": NOW},
    ],
)
def test_an_attempt_that_contradicts_itself_is_refused(values: dict[str, Any]) -> None:
    chunk = make_chunk(make_run())

    assert refused(lambda: make_attempt(chunk, **values))


def test_a_claim_sends_once() -> None:
    chunk = make_chunk(make_run())
    make_attempt(chunk)

    assert refused(lambda: make_attempt(chunk))


def test_how_an_attempt_ended_is_recorded_once() -> None:
    attempt = make_attempt(make_chunk(make_run()))

    assert attempt.end(Attempt.Status.LOST, now=NOW, error="The worker died.")
    assert not attempt.end(Attempt.Status.OK, now=NOW)

    attempt.refresh_from_db()
    assert attempt.status == Attempt.Status.LOST


def test_a_segment_begins_before_it_ends_and_has_its_place_alone() -> None:
    run = make_run()
    Segment.objects.create(run=run, index=0, start_ms=0, end_ms=1, text="Order.")

    for index, end_ms in ((0, 2), (1, 0)):
        again = partial(Segment.objects.create, run=run, index=index, end_ms=end_ms)
        assert refused(partial(again, start_ms=0, text="Order."))


def test_a_limit_has_each_slot_once() -> None:
    Slot.objects.create(limit="hosted", number=0)

    assert refused(lambda: Slot.objects.create(limit="hosted", number=0))


@pytest.mark.django_db(transaction=True)
def test_of_many_who_claim_a_chunk_at_once_one_gets_it() -> None:
    chunk = make_chunk(make_run())
    copies = [Chunk.objects.get(pk=chunk.pk) for _ in range(8)]

    won = at_once(
        [
            partial(copy.claim, holder=f"worker {number}", now=NOW, lease_seconds=30)
            for number, copy in enumerate(copies)
        ]
    )

    assert won.count(True) == 1
    chunk.refresh_from_db()
    assert chunk.holder == f"worker {won.index(True)}"
    assert chunk.claims == 1


@pytest.mark.django_db(transaction=True)
def test_a_run_moves_once_though_many_saw_the_same_status() -> None:
    run = make_run()
    copies = [Run.objects.get(pk=run.pk) for _ in range(8)]

    moved = at_once([partial(copy.move, to=RunStatus.MERGING, now=NOW) for copy in copies])

    assert moved.count(True) == 1


def test_what_runs_cannot_be_claimed() -> None:
    chunk = claimed(make_chunk(make_run()))

    assert not Chunk.objects.get(pk=chunk.pk).claim(holder="b", now=NOW, lease_seconds=30)


def test_a_claim_forgets_the_wait_and_the_error_before_it() -> None:
    chunk = make_chunk(make_run(), not_before=NOW, error="Too many requests.")

    claimed(chunk)

    assert (chunk.not_before, chunk.error, chunk.status) == (None, "", ChunkStatus.RUNNING)
    assert chunk.lease_until == NOW + timedelta(seconds=30)


ENDINGS: dict[str, Callable[[Chunk], bool]] = {
    "renew": lambda chunk: chunk.renew(now=NOW + timedelta(hours=1), lease_seconds=30),
    "finish": lambda chunk: chunk.finish(WORDS, now=NOW),
    "put back": lambda chunk: chunk.put_back(not_before=None, error="late", tries=1),
    "give up": lambda chunk: chunk.give_up(error="late", now=NOW),
    "ask a person": lambda chunk: chunk.ask_person(error="late"),
    "supersede": lambda chunk: chunk.supersede(now=NOW),
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_who_lost_the_lease_changes_nothing(ending: Callable[[Chunk], bool]) -> None:
    late = claimed(make_chunk(make_run()), "late")
    other = Chunk.objects.get(pk=late.pk)
    other.put_back(not_before=None)
    claimed(other, "other")
    before = Chunk.objects.filter(pk=late.pk).values().get()

    assert not ending(late)

    assert Chunk.objects.filter(pk=late.pk).values().get() == before


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_what_ended_is_not_changed_by_who_held_it(ending: Callable[[Chunk], bool]) -> None:
    chunk = claimed(make_chunk(make_run()))
    stale = Chunk.objects.get(pk=chunk.pk)
    chunk.finish(WORDS[:1], now=NOW)
    before = Chunk.objects.filter(pk=chunk.pk).values().get()

    assert not ending(stale)

    assert Chunk.objects.filter(pk=chunk.pk).values().get() == before


def test_a_finished_chunk_holds_its_words_and_no_lease() -> None:
    chunk = claimed(make_chunk(make_run()))

    assert chunk.finish(WORDS, now=NOW)

    assert chunk.words == WORDS
    assert (chunk.status, chunk.token, chunk.holder) == (ChunkStatus.DONE, None, "")


def test_a_chunk_put_back_waits_with_its_counts() -> None:
    chunk = claimed(make_chunk(make_run()))

    chunk.put_back(not_before=NOW, error="No answer.", tries=3)

    assert (chunk.tries, chunk.claims) == (3, 1)
    assert (chunk.status, chunk.not_before) == (ChunkStatus.WAITING, NOW)


def test_a_chunk_for_a_person_counts_what_may_have_been_paid() -> None:
    chunk = claimed(make_chunk(make_run(), ambiguous=1))

    assert chunk.ask_person(error="Lost twice.")

    assert (chunk.status, chunk.ambiguous, chunk.finished_at) == (
        ChunkStatus.NEEDS_PERSON,
        2,
        None,
    )


def test_a_chunk_is_due_from_its_moment_on() -> None:
    run = make_run()
    at_any_time = make_chunk(run, 0)
    now = make_chunk(run, 1, not_before=NOW)
    make_chunk(run, 2, not_before=NOW + timedelta(seconds=1))
    claimed(make_chunk(run, 3))

    assert set(run.chunks.due(NOW)) == {at_any_time, now}


def test_a_lease_that_is_over_is_stalled() -> None:
    chunk = claimed(make_chunk(make_run()))

    assert not Chunk.objects.stalled(NOW + timedelta(seconds=29)).exists()
    assert Chunk.objects.stalled(NOW + timedelta(seconds=30)).get() == chunk


def hungry(served_seconds_ago: int | None, *, running: int = 0) -> Run:
    served = served_seconds_ago is not None and NOW - timedelta(seconds=served_seconds_ago)
    run = make_run(make_hearing(), served_at=served or None)
    for index in range(5):
        chunk = make_chunk(run, index)
        if index < running:
            claimed(chunk)
    return run


def test_the_run_that_holds_least_is_next_then_the_one_that_waited_longest() -> None:
    busy = hungry(100, running=2)
    just_served = hungry(1)
    never_served = hungry(None)
    served_long_ago = hungry(60)

    order = [appetite.run for appetite in Run.objects.hungriest(NOW)]

    assert order == [never_served, served_long_ago, just_served, busy]


def test_an_appetite_counts_what_is_due_and_what_runs() -> None:
    run = hungry(None, running=2)
    make_chunk(run, 5, not_before=NOW + timedelta(seconds=1))

    (appetite,) = Run.objects.hungriest(NOW)

    assert (appetite.due, appetite.running) == (3, 2)


@pytest.mark.parametrize("status", [s for s in RunStatus if s not in Run.WORKING])
def test_a_run_that_is_not_at_work_gets_no_worker(status: RunStatus) -> None:
    paused_from = RunStatus.TRANSCRIBING if status == RunStatus.PAUSED else ""
    make_chunk(make_run(status=status, paused_from=paused_from))

    assert Run.objects.hungriest(NOW) == []


def test_a_chunk_that_waits_for_its_times_needs_no_engine() -> None:
    make_chunk(make_run(), is_heard=True, result=[])

    assert Run.objects.hungriest(NOW) == []


def test_a_run_whose_chunks_all_wait_for_later_gets_no_worker() -> None:
    make_chunk(make_run(), not_before=NOW + timedelta(seconds=1))

    assert Run.objects.hungriest(NOW) == []
