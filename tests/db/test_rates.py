"""When hosted engines may be asked: the bucket over time, many at once, changes while it runs."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import Random
from threading import Event
from typing import Any

import pytest
from django.db import connection

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
from transcription import bucket, rates
from transcription.models import RateLimit
from transcription.policies import RatePolicy
from transcription.rates import RateLimited

pytestmark = [pytest.mark.django_db, pytest.mark.alone]


# The row


def test_the_row_is_made_once_from_the_policy() -> None:
    made = rates.row(RatePolicy(max_concurrent_chunks=4, capacity=5, per_minute=6))

    again = rates.row(RatePolicy(max_concurrent_chunks=40, capacity=50, per_minute=60))

    assert (made.max_concurrent, made.capacity, made.per_minute) == (4, 5, 6)
    assert (again.pk, again.capacity) == (made.pk, 5)


def test_a_policy_of_nothing_still_lets_one_through() -> None:
    made = rates.row(RatePolicy(max_concurrent_chunks=0, capacity=0, per_minute=0))

    assert (made.max_concurrent, made.capacity, made.per_minute) == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_many_who_come_at_once_make_one_row() -> None:
    rows = at_once([limit] * 8)

    assert {row.pk for row in rows} == {RateLimit.objects.get().pk}


def test_a_start_can_be_reserved_before_anybody_made_the_row() -> None:
    assert reserve() == 0


def test_no_start_is_refused_for_want_of_a_row_when_nothing_else_forbids_it() -> None:
    assert rates.wait_seconds(POLICY) == rates.Standing(0.0, "")
    assert rates.may_send(POLICY)


# The bucket over time


def test_a_full_bucket_lets_a_burst_go_and_then_one_after_another() -> None:
    waits = [reserve() for _ in range(6)]

    assert waits == [0, 0, 0, about(1), about(2), about(3)]


def test_a_bucket_of_20_refilled_at_20_a_minute_admits_40_in_the_first_minute() -> None:
    policy = RatePolicy(capacity=20, per_minute=20, longest_wait_seconds=60.5)
    rates.row(policy)

    waits = many_reserve(100, policy)

    assert len(waits) == 40
    assert waits[:20] == [0] * 20
    assert waits[20:] == [about(3 * number) for number in range(1, 21)]


def test_the_bucket_refills_evenly_and_never_beyond_its_size() -> None:
    for _ in range(3):
        reserve()

    later(2)
    assert [reserve() for _ in range(3)] == [0, 0, about(1)]

    later(3600)
    assert [reserve() for _ in range(4)] == [0, 0, 0, about(1)]


def test_a_start_that_is_too_far_ahead_is_refused_and_reserves_nothing() -> None:
    for _ in range(8):
        reserve()
    before = limit().next_at

    for _ in range(5):
        assert refused().wait_seconds == about(1)

    assert limit().next_at == before
    later(1.0 + AROUND)
    assert reserve() <= POLICY.longest_wait_seconds


def test_the_refusal_and_the_standing_say_why() -> None:
    for _ in range(8):
        reserve()

    assert "60 requests a minute" in refused().reason
    assert rates.wait_seconds(POLICY).reason == refused().reason
    assert rates.wait_seconds(POLICY).wait_seconds == about(1)


def test_after_the_named_wait_a_start_can_be_reserved() -> None:
    for _ in range(8):
        reserve()

    later(refused().wait_seconds + 0.01)

    assert reserve() == about(POLICY.longest_wait_seconds)


def test_looking_changes_nothing() -> None:
    reserve()
    before = RateLimit.objects.values().get()

    rates.wait_seconds(POLICY)
    rates.may_send(POLICY)
    rates.sight_of(limit())

    assert RateLimit.objects.values().get() == before


def test_a_year_of_starts_keeps_the_law_of_the_bucket() -> None:
    chance, at, starts = Random(7), 0.0, []
    limit()
    for _ in range(400):
        pause = chance.choice([0, 0, 0, 0.3, 1, 4])
        later(pause)
        at += pause
        try:
            starts.append(at + reserve())
        except RateLimited:
            continue
    starts.sort()

    for first, start in enumerate(starts):
        for last in range(first, min(first + 40, len(starts))):
            assert last - first + 1 <= 3 + (starts[last] - start) + 1 + AROUND
    assert len(starts) > 200


def test_the_time_is_the_databases_also_within_a_transaction() -> None:
    first = bucket.look(limit().name)
    Event().wait(0.05)
    second = bucket.look(limit().name)

    assert first and second and second.moment - first.moment >= 0.05


def test_a_time_that_stands_still_within_a_transaction_is_seen() -> None:
    clock, standing = {
        "postgresql": ("clock_timestamp()", "now()"),
        "sqlite": ("julianday('now')", "2461000.5"),
    }[connection.vendor]

    def planted(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        return execute(sql.replace(clock, standing), *arguments)

    limit()
    with connection.execute_wrapper(planted), pytest.raises(AssertionError):
        test_the_time_is_the_databases_also_within_a_transaction()


# Seconds of audio


def test_without_a_limit_on_audio_its_length_does_not_matter() -> None:
    assert [reserve(audio_seconds=5000) for _ in range(3)] == [0, 0, 0]


def test_audio_is_counted_by_its_length() -> None:
    change(audio_seconds_per_minute=600, capacity=100, per_minute=6000)

    waits = [reserve(audio_seconds=200) for _ in range(3)]
    assert waits == [0, 0, 0]

    # The minute's 600 s are used up, but nothing is owed. Then 20 s are, for two seconds.
    assert reserve(audio_seconds=20) == about(0)
    assert reserve(audio_seconds=200) == about(2)
    assert refused(audio_seconds=1).wait_seconds == about(22 - 5)


def test_a_slice_of_any_length_passes_when_no_audio_is_owed() -> None:
    change(audio_seconds_per_minute=60, capacity=100)

    assert reserve(audio_seconds=300) == 0
    assert refused(audio_seconds=1).wait_seconds == about(240 - 5)

    later(240)
    assert reserve(audio_seconds=300) == about(0)


def test_a_long_slice_waits_no_longer_than_short_ones_that_keep_coming() -> None:
    change(audio_seconds_per_minute=600, capacity=100, per_minute=6000)
    short_ones = many_reserve(80, POLICY)
    assert 60 < len(short_ones) < 80
    assert refused(audio_seconds=300).wait_seconds == about(refused().wait_seconds)

    later(1)
    assert reserve(audio_seconds=300) <= POLICY.longest_wait_seconds
    # And what it took is paid off before the next.
    assert refused().wait_seconds > 30 - 1 - AROUND


def test_in_the_long_run_no_more_audio_starts_than_the_limit_lets_through() -> None:
    chance, at, starts = Random(7), 0.0, list[tuple[float, float]]()
    change(audio_seconds_per_minute=600, capacity=100, per_minute=6000)
    for _ in range(300):
        pause, length = chance.choice([0, 1, 4]), chance.choice([2, 20, 60, 300])
        later(pause)
        at += pause
        try:
            starts.append((at + reserve(audio_seconds=length), length))
        except RateLimited:
            continue

    for first, (begin, _) in enumerate(starts):
        for last in range(first, len(starts)):
            # Of the last one only the start counts: it may be as long as it likes.
            sent = sum(length for _, length in starts[first:last])
            assert sent <= 600 + (starts[last][0] - begin + AROUND) * 10 + 300
    assert sum(length for _, length in starts) >= 0.8 * at * 10


def test_who_is_refused_for_audio_takes_no_start_from_the_other_bucket() -> None:
    change(audio_seconds_per_minute=60)
    reserve(audio_seconds=120)
    refused(audio_seconds=60)

    assert rates.sight_of(limit()).tokens == about(2)


def test_the_refusal_names_the_limit_that_binds() -> None:
    change(audio_seconds_per_minute=60)
    reserve(audio_seconds=120)
    assert "60 seconds of audio a minute is used up" in refused().reason

    change(audio_seconds_per_minute=6000, per_minute=2)
    for _ in range(3):
        rates.reserve(replace(POLICY, longest_wait_seconds=100), audio_ms=10_000)
    assert "2 requests a minute is used up" in refused().reason


# Many at once


@pytest.mark.django_db(transaction=True)
def test_of_many_who_reserve_at_once_each_gets_a_start_of_its_own() -> None:
    policy = RatePolicy(capacity=4, per_minute=120, longest_wait_seconds=10.0)
    rates.row(policy)

    before = unix_now()
    waits = sorted(
        wait for part in at_once([partial(many_reserve, 5, policy)] * 8) for wait in part
    )
    spent = unix_now() - before

    # 4 at once, and one each half second until ten seconds ahead.
    assert 24 <= len(waits) <= 24 + spent * 2 + 1
    assert sum(wait < 0.5 for wait in waits) <= 4 + spent * 2 + 1


def read_then_save(policy: RatePolicy, times: int) -> list[float]:
    """Reserve as one must not: read the row, reckon, and save what came out."""
    waits = []
    for _ in range(times):
        limit = rates.row(policy)
        gap, now = 60 / limit.per_minute, unix_now()
        start = max(now, limit.next_at - (limit.capacity - 1) * gap)
        limit.next_at = max(start, limit.next_at) + gap
        limit.save()
        if start - now <= policy.longest_wait_seconds:
            waits.append(start - now)
    return waits


@pytest.mark.django_db(transaction=True)
def test_reading_and_then_saving_would_let_too_many_go() -> None:
    """Shows that the test above can fail."""
    policy = RatePolicy(capacity=4, per_minute=120, longest_wait_seconds=10.0)
    rates.row(policy)

    before = unix_now()
    waits = [w for part in at_once([partial(read_then_save, policy, 5)] * 8) for w in part]
    spent = unix_now() - before

    assert len(waits) > 24 + spent * 2 + 1


# Changes while it runs


def test_another_speed_counts_with_the_next_start() -> None:
    for _ in range(5):
        reserve()

    change(per_minute=600)

    # Two starts are owed, each a tenth of a second now.
    assert reserve() == about(0.3)
    assert reserve() == about(0.4)


def test_a_lower_speed_gives_no_start_twice() -> None:
    for _ in range(3):
        reserve()

    change(per_minute=20)

    assert reserve() == about(3)


def test_a_larger_bucket_counts_at_once() -> None:
    for _ in range(3):
        reserve()

    change(capacity=5)

    assert [reserve() for _ in range(3)] == [0, 0, about(1)]


def test_a_limit_on_audio_that_is_set_later_counts_from_then() -> None:
    reserve(audio_seconds=600)

    change(audio_seconds_per_minute=60)
    assert reserve(audio_seconds=120) == 0
    assert refused(audio_seconds=60).wait_seconds == about(60 - 5)

    change(audio_seconds_per_minute=None)
    assert reserve(audio_seconds=600) == 0


# A clock that is set back


def test_an_hour_that_the_clock_was_set_back_is_not_waited_for() -> None:
    for _ in range(5):
        reserve()

    later(-3600)

    assert rates.wait_seconds(POLICY) == rates.Standing(0.0, "")
    assert [reserve() for _ in range(3)] == [about(0), about(1), about(2)]


def test_an_hour_that_the_clock_was_set_back_is_no_audio_that_is_owed() -> None:
    change(audio_seconds_per_minute=600, capacity=100, per_minute=6000)
    reserve(audio_seconds=1_300)

    later(-3600)

    # The bucket is empty and owes nothing.
    assert reserve(audio_seconds=20) == about(0)
    assert reserve(audio_seconds=20) == about(2)


def test_what_is_owed_at_most_is_waited_for() -> None:
    change(audio_seconds_per_minute=60)
    reserve(audio_seconds=1_400)
    assert refused().wait_seconds == about(1_340 - 5)

    change(audio_seconds_per_minute=None)
    many_reserve(8, POLICY)
    change(per_minute=6)
    # 60 s but for what was refilled meanwhile, which counts tenfold now.
    assert 60 - 5 - 10 * AROUND < refused().wait_seconds <= 60 - 5
