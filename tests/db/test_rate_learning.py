"""What closes and slows the limit of hosted engines, and what opens it again."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.at_once import at_once
from tests.db.rate_kit import (
    AROUND,
    POLICY,
    about,
    change,
    later,
    limit,
    refused,
    reserve,
    unix_now,
)
from tests.factories import NOW
from transcription import rates
from transcription.engines.base import RateAdvice
from transcription.models import RateLimit

pytestmark = [pytest.mark.django_db, pytest.mark.alone]


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


# A person


def test_opening_what_is_open_gives_nobody_a_burst() -> None:
    for _ in range(3):
        reserve()

    rates.open_now()

    assert reserve() == about(1)


def test_opening_forgives_what_buckets_owe_where_the_clock_was_set_back_a_little() -> None:
    change(audio_seconds_per_minute=600)
    reserve(audio_seconds=600)
    later(-100)
    refused()

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
