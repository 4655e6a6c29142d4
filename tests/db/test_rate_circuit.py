"""When so many requests fail that nobody calls, and how one request ends that."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from pytest_django import Settings

from tests.at_once import at_once
from tests.db.rate_kit import (
    AROUND,
    POLICY,
    about,
    change,
    later,
    limit,
    many_reserve,
    refused,
    reserve,
    unix_now,
)
from tests.factories import NOW, make_chunk, make_run
from transcription import bucket, rates
from transcription.models import Attempt, RateLimit
from transcription.policies import RatePolicy

pytestmark = [pytest.mark.django_db, pytest.mark.alone]


BREAKING = replace(POLICY, failing_least=4, cool_down_seconds=30, longest_cool_down_seconds=100)


def ended(*failures: str, engine: str = "openai", minutes_ago: float = 1) -> None:
    """Let requests end, each with the class of its failure; "" is a good answer."""
    run = make_run()
    when = NOW - timedelta(minutes=minutes_ago)
    for index, failure in enumerate(failures):
        Attempt.objects.create(
            chunk=make_chunk(run, index),
            claim=1,
            status=Attempt.Status.FAILED if failure else Attempt.Status.OK,
            failure=failure,
            engine=engine,
            holder="host:1",
            audio_sha256="0" * 64,
            audio_ms=1000,
            audio_bytes=1000,
            started_at=when,
            finished_at=when,
        )


def went_wrong(policy: RatePolicy = BREAKING) -> RateLimit:
    rates.went_wrong(policy, now=NOW)
    return limit()


def failed(*, began: float) -> None:
    """Let a request fail now that began at a moment of the row."""
    rates.went_wrong(BREAKING, now=NOW, began=datetime.fromtimestamp(began, UTC))


def break_it() -> None:
    ended(*["EngineUnavailable"] * 4)
    assert went_wrong().is_broken


def test_when_most_requests_fail_nobody_calls_for_a_while() -> None:
    ended("EngineUnavailable", "EngineBusy", "AnswerUnusable", "")

    broken = went_wrong()

    assert broken.is_broken and broken.breaks == 1
    assert broken.closed_until - unix_now() == about(30)
    assert "3 of the 4 requests of the last 10 minutes failed" in broken.reason
    assert "one request tries" in refused(BREAKING).reason
    assert refused(BREAKING).wait_seconds == about(30)
    assert not rates.may_send(BREAKING)


@pytest.mark.parametrize(
    "failures",
    [
        ["EngineUnavailable"] * 3,
        ["EngineUnavailable", "EngineUnavailable", "", ""],
        ["AudioRejected"] * 8,
        ["AccessRefused"] * 8,
    ],
    ids=["too few", "not most", "of their own audio", "of our key"],
)
def test_other_failures_break_nothing(failures: list[str]) -> None:
    ended(*failures)

    assert not went_wrong().is_broken


def test_failures_of_long_ago_and_of_the_embedded_engine_break_nothing() -> None:
    ended(*["EngineUnavailable"] * 8, minutes_ago=11)
    ended(*["EngineUnavailable"] * 8, engine="whisper")

    assert not went_wrong().is_broken


def test_good_answers_of_the_embedded_engine_hide_nothing() -> None:
    ended(*[""] * 20, engine="whisper")
    ended(*["EngineUnavailable"] * 4)

    assert went_wrong().is_broken


def test_further_failures_of_requests_under_way_break_nothing_twice() -> None:
    break_it()
    before = limit()

    for _ in range(3):
        went_wrong()

    assert (
        RateLimit.objects.values().get()
        == RateLimit.objects.filter(breaks=before.breaks, closed_until=before.closed_until)
        .values()
        .get()
    )


def test_a_late_good_answer_does_not_mend_what_no_probe_has_tried() -> None:
    break_it()

    rates.went_well(BREAKING)

    assert limit().is_broken


def test_who_sleeps_when_the_circuit_opens_wakes_while_it_is_closed() -> None:
    ended(*["EngineUnavailable"] * 4)

    broken = went_wrong(replace(BREAKING, cool_down_seconds=0.1))

    assert broken.closed_until - unix_now() == about(BREAKING.longest_wait_seconds)


def test_one_probe_goes_when_the_cool_down_is_over() -> None:
    break_it()
    later(30 + AROUND)

    assert rates.wait_seconds(BREAKING).wait_seconds == 0
    assert reserve(BREAKING) == 0
    assert rates.may_send(BREAKING)
    assert "one is trying" in refused(BREAKING).reason
    assert refused(BREAKING).wait_seconds == about(30)
    assert rates.wait_seconds(BREAKING).wait_seconds == about(30)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_come_at_once_one_is_the_probe() -> None:
    break_it()
    later(31)

    waits = at_once([partial(many_reserve, 3, BREAKING)] * 8)

    assert sum(len(part) for part in waits) == 1


def test_a_probe_that_went_well_closes_the_circuit_and_no_burst_leaves() -> None:
    break_it()
    later(100)
    reserve(BREAKING)

    rates.went_well(BREAKING)

    mended = limit()
    assert (mended.is_broken, mended.breaks, mended.reason) == (False, 0, "")
    assert [reserve(BREAKING) for _ in range(3)] == [about(0), about(1), about(2)]


def test_failures_from_before_are_forgotten_with_the_circuit_closed() -> None:
    break_it()
    later(31)
    reserve(BREAKING)
    rates.went_well(BREAKING)

    assert not went_wrong().is_broken


def test_a_probe_that_fails_opens_it_for_longer_each_time_up_to_a_bound() -> None:
    break_it()
    waits = []
    for _ in range(4):
        later(101)
        reserve(BREAKING)
        waits.append(went_wrong().closed_until - unix_now())

    assert waits == [about(60), about(100), about(100), about(100)]
    assert limit().breaks == 5


@pytest.mark.django_db(transaction=True)
def test_failures_at_once_open_it_once() -> None:
    ended(*["EngineUnavailable"] * 4)
    limit()

    at_once([went_wrong] * 8)

    assert limit().breaks == 1


def test_who_saw_the_row_before_it_changed_breaks_nothing() -> None:
    seen = limit()

    bucket.break_circuit(seen, seconds=30, reason="First.")
    bucket.break_circuit(seen, seconds=600, reason="Second.")

    assert (limit().breaks, limit().reason) == (1, "First.")
    assert limit().closed_until - unix_now() == about(30)


def test_a_probe_that_says_nothing_is_replaced_when_its_time_is_over() -> None:
    break_it()
    later(31)
    reserve(BREAKING)

    later(BREAKING.probe_seconds - 1)
    refused(BREAKING)

    later(1 + AROUND)
    assert reserve(BREAKING) == 0
    refused(BREAKING)


def test_while_a_probe_hangs_for_as_long_as_a_call_may_no_other_goes(settings: Settings) -> None:
    break_it()
    later(31)
    policy = replace(settings.RATE, failing_least=4)
    reserve(policy)

    passed = 0
    while passed + 20 < settings.API_TIMEOUT_SECONDS:
        later(20)
        passed += 20
        # Who is refused asks again soon: the probe may answer long before its time is over.
        assert refused(policy).wait_seconds <= policy.cool_down_seconds


def test_a_late_failure_of_a_request_from_before_is_not_the_probes() -> None:
    break_it()
    opened = unix_now()
    later(31)
    reserve(BREAKING)
    before = limit()

    failed(began=opened - 31)
    assert (limit().breaks, limit().closed_until) == (1, before.closed_until)
    refused(BREAKING)

    # The probe's own, although the server has asked for patience first.
    rates.close_for(20, reason="Wait.")
    failed(began=before.starts_at + 0.1)
    assert limit().breaks == 2


def test_a_failure_of_a_probe_that_was_replaced_is_not_that_of_its_successor() -> None:
    break_it()
    later(31)
    reserve(BREAKING)
    first = limit().starts_at
    later(BREAKING.probe_seconds + AROUND)
    reserve(BREAKING)

    failed(began=first - BREAKING.probe_seconds)

    assert limit().breaks == 1


def test_very_many_breaks_are_still_reckoned() -> None:
    break_it()
    change(breaks=1000, probe_until=1.0)

    assert went_wrong().breaks == 1000


def test_a_person_opens_it_at_once() -> None:
    break_it()
    rates.slow_down(BREAKING)
    rates.close_for(86_400, reason="Tomorrow.")

    rates.open_now()

    opened = limit()
    assert (opened.is_broken, opened.pace, opened.reason, opened.breaks) == (False, 1, "", 0)
    assert rates.may_send(BREAKING)
    assert [reserve(BREAKING) for _ in range(3)] == [about(0), about(1), about(2)]
    assert not went_wrong().is_broken
