"""What closes, slows and breaks the limit of hosted engines, and what opens it again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

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
from transcription.engines.base import RateAdvice
from transcription.models import Attempt, RateLimit
from transcription.policies import RatePolicy

pytestmark = pytest.mark.django_db


# Closing


def test_a_closed_row_lets_nobody_start_before_its_time() -> None:
    reserve()
    rates.close_for(60, reason="The server asked for a minute.")

    assert refused().wait_seconds == about(60 - 5)
    assert "The server asked for a minute." in refused().reason
    assert rates.wait_seconds(POLICY).wait_seconds == about(55)
    assert not rates.may_send(POLICY)


def test_who_may_wait_for_the_opening_starts_at_it() -> None:
    rates.close_for(3, reason="Wait.")

    assert reserve() == about(3)


def test_a_sleeper_sees_that_the_row_was_closed_meanwhile() -> None:
    reserve()
    assert rates.may_send(POLICY)

    rates.close_for(30, reason="Wait.")
    assert not rates.may_send(POLICY)

    later(30 + AROUND)
    assert rates.may_send(POLICY)


def test_after_the_opening_no_burst_leaves() -> None:
    limit()
    rates.close_for(2, reason="Wait.")

    assert [reserve() for _ in range(3)] == [about(2), about(3), about(4)]


def test_a_closing_is_never_shortened() -> None:
    rates.close_for(60, reason="Long.")
    before = limit()

    rates.close_for(10, reason="Short.")

    after = limit()
    assert (after.closed_until, after.next_at) == (before.closed_until, before.next_at)
    assert after.reason == "Long."


def test_a_closing_is_lengthened() -> None:
    rates.close_for(10, reason="Short.")
    rates.close_for(60, reason="Long.")

    assert limit().closed_until - unix_now() == about(60)
    assert limit().reason == "Long."


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), 1e300, -1e300, 86_400 * 365])
def test_a_server_cannot_close_the_row_for_ever(seconds: float) -> None:
    rates.close_for(seconds, reason="Wait.")

    assert limit().closed_until <= unix_now() + rates.MOST_CLOSED_SECONDS


def test_the_row_can_be_closed_before_anybody_reserved() -> None:
    rates.close_for(60, reason="Wait.")

    assert not rates.may_send(POLICY)


@pytest.mark.django_db(transaction=True)
def test_closings_at_once_leave_the_longest() -> None:
    limit()

    at_once([partial(rates.close_for, seconds, reason="Wait.") for seconds in (5, 60, 10, 40)])

    assert limit().closed_until - unix_now() == pytest.approx(60, abs=2)


# The pace


def test_a_refusal_halves_the_speed_for_everyone() -> None:
    rates.slow_down(POLICY)

    assert limit().pace == 0.5
    assert [reserve() for _ in range(5)] == [0, 0, 0, about(2), about(4)]


def test_refusals_of_one_moment_slow_down_once() -> None:
    for _ in range(5):
        rates.slow_down(POLICY)
    assert limit().pace == 0.5

    later(rates.SLOWED_SECONDS + 0.1)
    rates.slow_down(POLICY)
    assert limit().pace == 0.25


def test_a_refusal_right_after_a_step_back_still_slows_down() -> None:
    change(pace=0.5, paced_at=unix_now() if RateLimit.objects.exists() else 0)
    rates.went_well(POLICY)
    assert limit().pace == pytest.approx(0.6)

    rates.slow_down(POLICY)

    assert limit().pace == pytest.approx(0.3)


def test_the_speed_never_falls_below_its_least() -> None:
    for _ in range(10):
        rates.slow_down(POLICY)
        later(60)

    assert limit().pace == POLICY.least_pace


def test_the_speed_comes_back_in_steps_and_no_further_than_all_of_it() -> None:
    rates.slow_down(POLICY)
    rates.went_well(POLICY)
    assert limit().pace == 0.5

    paces = []
    for _ in range(7):
        later(POLICY.pace_step_seconds + 0.1)
        rates.went_well(POLICY)
        rates.went_well(POLICY)
        paces.append(limit().pace)

    assert paces == pytest.approx([0.6, 0.7, 0.8, 0.9, 1, 1, 1])


@pytest.mark.django_db(transaction=True)
def test_good_answers_at_once_are_one_step() -> None:
    change(pace=0.5)

    at_once([partial(rates.went_well, POLICY)] * 8)

    assert limit().pace == pytest.approx(0.6)


def test_slowing_down_gives_nobody_a_start_that_was_taken() -> None:
    for _ in range(3):
        reserve()

    rates.slow_down(POLICY)

    assert reserve() == about(2)


def test_slowing_down_does_not_move_the_opening() -> None:
    rates.close_for(4, reason="Wait.")

    rates.slow_down(POLICY)

    assert reserve() == about(4)


# What servers say


def test_an_empty_bucket_of_the_servers_closes_the_row_until_it_is_full() -> None:
    rates.heed(RateAdvice(remaining=0, reset_seconds=20))

    assert limit().closed_until - unix_now() == about(20)


@pytest.mark.parametrize(
    "advice",
    [
        RateAdvice(),
        RateAdvice(remaining=0),
        RateAdvice(remaining=1, reset_seconds=20),
        RateAdvice(remaining=0, reset_seconds=-5),
        RateAdvice(per_minute=0),
        RateAdvice(per_minute=-7),
    ],
)
def test_advice_that_says_nothing_changes_nothing(advice: RateAdvice) -> None:
    limit()

    rates.heed(advice)

    assert [reserve() for _ in range(4)] == [0, 0, 0, about(1)]


def test_advice_is_not_followed_for_longer_than_a_minute() -> None:
    rates.heed(RateAdvice(remaining=0, reset_seconds=1e9))

    assert limit().closed_until - unix_now() == about(60)


def test_a_server_that_takes_less_than_our_limit_is_obeyed_until_it_takes_more() -> None:
    limit()

    rates.heed(RateAdvice(per_minute=20))
    assert limit().per_minute == 60
    assert [reserve() for _ in range(4)] == [0, 0, 0, about(3)]

    rates.heed(RateAdvice(per_minute=5000))
    assert reserve() == about(2)


def test_what_a_server_says_with_a_refusal_shortens_no_wait() -> None:
    rates.heed(RateAdvice(per_minute=20))
    for _ in range(4):
        reserve()
    rates.close_for(300, reason="The server asked for it.")
    before = RateLimit.objects.values().get()

    rates.heed(RateAdvice(per_minute=5000, remaining=0, reset_seconds=1), refused=True)

    assert RateLimit.objects.values().get() == before


def test_what_a_server_says_with_a_refusal_slows_down_and_closes() -> None:
    rates.heed(RateAdvice(per_minute=20))

    rates.heed(RateAdvice(per_minute=10, remaining=0, reset_seconds=20), refused=True)

    assert limit().server_per_minute == 10
    assert limit().closed_until - unix_now() == about(20)


def test_a_speed_of_a_server_that_was_never_named_is_learned_from_a_refusal() -> None:
    limit()

    rates.heed(RateAdvice(per_minute=12), refused=True)

    assert limit().server_per_minute == 12


@pytest.mark.parametrize(
    ("advice", "queries"),
    [
        (RateAdvice(), 0),
        (RateAdvice(per_minute=20), 1),
        (RateAdvice(per_minute=10**12), 1),
        (RateAdvice(per_minute=20, remaining=0, reset_seconds=20), 3),
    ],
    ids=["nothing", "what is known", "more than fits", "that its bucket is empty"],
)
def test_advice_that_is_repeated_costs_little(
    advice: RateAdvice, queries: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    rates.heed(advice)

    with django_assert_max_num_queries(queries):
        rates.heed(advice)


def test_a_server_that_takes_fewer_than_our_bucket_holds_gets_no_more_at_once() -> None:
    rates.heed(RateAdvice(per_minute=2))

    assert [reserve(replace(POLICY, longest_wait_seconds=40)) for _ in range(3)] == [
        0,
        0,
        about(30),
    ]


# The circuit

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


# A person


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


def test_opening_what_is_open_gives_nobody_a_burst() -> None:
    for _ in range(3):
        reserve()

    rates.open_now()

    assert reserve() == about(1)


STEPS: list[Callable[[], object]] = [
    lambda: rates.row(POLICY),
    lambda: rates.reserve(POLICY, audio_ms=1),
    lambda: rates.wait_seconds(POLICY),
    lambda: rates.may_send(POLICY),
    lambda: rates.close_for(0, reason=""),
    lambda: rates.slow_down(POLICY),
    lambda: rates.went_well(POLICY),
    lambda: rates.heed(RateAdvice(per_minute=7)),
    lambda: rates.went_wrong(POLICY, now=NOW),
    rates.open_now,
]


@pytest.mark.parametrize("step", STEPS, ids=range(len(STEPS)))
def test_every_step_works_on_an_empty_database(step: Callable[[], object]) -> None:
    step()
