"""The estimate before a run: its sums, and its time against a simulation in small steps."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearings.spans import Span
from transcription.estimating import CallPace, Limits, estimate, together
from transcription.planning import Plan, PlannedChunk

NO_LIMIT = Limits(at_once=1_000)
TEN_SECONDS_A_CALL = CallPace(10.0, 0.0)
PRICE = Decimal("0.0045")

lengths = st.lists(st.integers(1_000, 400_000), min_size=1, max_size=60)
limits = st.builds(
    Limits,
    at_once=st.integers(1, 8),
    burst=st.integers(1, 20),
    per_minute=st.none() | st.floats(1, 120),
    audio_seconds_per_minute=st.none() | st.integers(60, 6_000),
    opens_in=st.just(0.0) | st.floats(0, 600),
    full_in=st.just(0.0) | st.floats(0, 300),
    audio_full_in=st.just(0.0) | st.floats(0, 300),
)
paces = st.builds(CallPace, st.floats(0, 20), st.floats(0, 0.5))


def plan_of(*lengths_ms: int, parallel: int = 1_000) -> Plan:
    starts = [sum(lengths_ms[:index]) for index in range(len(lengths_ms))]
    spans = (Span(s, s + ms) for s, ms in zip(starts, lengths_ms, strict=True))
    return Plan(tuple(PlannedChunk(span) for span in spans), "parallel", parallel)


def seconds_of(plan: Plan, limits: Limits, pace: CallPace) -> float:
    return estimate(plan, price=None, limits=limits, pace=pace).seconds


def simulated(calls_ms: Sequence[int], limits: Limits, pace: CallPace, step: float) -> float:
    """Play the run in small steps with buckets that are counted, not reckoned."""
    rate = limits.audio_seconds_per_minute
    waiting, under_way = list(calls_ms), list[float]()
    now = limits.opens_in
    tokens = limits.burst - (limits.per_minute or 0) / 60 * limits.full_in
    sound = (rate or 0) * (1 - limits.audio_full_in / 60)
    while waiting or under_way:
        under_way = [end for end in under_way if end > now]
        while waiting and len(under_way) < limits.at_once:
            seconds = waiting[0] / 1000
            if limits.per_minute is not None and tokens < 1:
                break
            if rate and sound < 0:
                break
            tokens, sound = tokens - 1, sound - seconds
            under_way.append(now + pace.seconds_for(waiting.pop(0)))
        now += step
        if limits.per_minute is not None:
            tokens = min(float(limits.burst), tokens + limits.per_minute * step / 60)
        if rate:
            sound = min(float(rate), sound + rate * step / 60)
    return now


def test_chunks_calls_and_audio_are_counted_and_the_price_is_by_the_minute() -> None:
    estimated = estimate(
        plan_of(300_000, 300_000, 60_000), price=PRICE, limits=NO_LIMIT, pace=TEN_SECONDS_A_CALL
    )

    assert (estimated.chunks, estimated.calls, estimated.audio_ms) == (3, 3, 660_000)
    assert estimated.cost_usd == Decimal("0.0495")


def test_what_neighbours_share_is_paid_twice() -> None:
    shared = Plan(
        (PlannedChunk(Span(0, 60_000)), PlannedChunk(Span(56_000, 116_000))), "parallel", 2
    )

    estimated = estimate(shared, price=Decimal(1), limits=NO_LIMIT, pace=TEN_SECONDS_A_CALL)

    assert estimated.audio_ms == 120_000
    assert estimated.cost_usd == Decimal(2)


def test_one_after_another_takes_as_long_as_all_calls_together() -> None:
    assert seconds_of(plan_of(1_000, 1_000, 1_000, parallel=1), NO_LIMIT, TEN_SECONDS_A_CALL) == 30


def test_the_limit_counts_where_the_plan_would_do_more_at_once() -> None:
    two_at_once = Limits(at_once=2)

    assert seconds_of(plan_of(*[1_000] * 4), two_at_once, TEN_SECONDS_A_CALL) == 20
    assert seconds_of(plan_of(*[1_000] * 4, parallel=1), two_at_once, TEN_SECONDS_A_CALL) == 40


def test_after_the_burst_calls_follow_evenly() -> None:
    limits = Limits(at_once=1_000, burst=20, per_minute=20)

    assert seconds_of(plan_of(*[1_000] * 20), limits, TEN_SECONDS_A_CALL) == 10
    assert seconds_of(plan_of(*[1_000] * 40), limits, TEN_SECONDS_A_CALL) == 60 + 10


def test_audio_a_minute_holds_back_long_chunks() -> None:
    limits = Limits(at_once=1_000, audio_seconds_per_minute=600)

    assert seconds_of(plan_of(*[300_000] * 2), limits, TEN_SECONDS_A_CALL) == 10
    # The third finds nothing owed and leaves, too; what it takes is waited for by the fourth.
    assert seconds_of(plan_of(*[300_000] * 3), limits, TEN_SECONDS_A_CALL) == 10
    assert seconds_of(plan_of(*[300_000] * 4), limits, TEN_SECONDS_A_CALL) == 30 + 10


def test_what_is_closed_opens_first() -> None:
    limits = Limits(at_once=1_000, burst=20, per_minute=20, opens_in=90)

    assert seconds_of(plan_of(*[1_000] * 20), limits, TEN_SECONDS_A_CALL) == 90 + 10
    assert seconds_of(plan_of(), limits, TEN_SECONDS_A_CALL) == 0


def test_a_bucket_that_others_have_emptied_is_waited_for() -> None:
    empty = Limits(at_once=1_000, burst=20, per_minute=20, full_in=60)
    assert seconds_of(plan_of(*[1_000] * 20), empty, TEN_SECONDS_A_CALL) == 60 + 10

    in_debt = Limits(at_once=1_000, audio_seconds_per_minute=600, audio_full_in=90)
    assert seconds_of(plan_of(1_000), in_debt, TEN_SECONDS_A_CALL) == 30 + 10


def test_a_chunk_longer_than_a_minutes_audio_still_leaves() -> None:
    limits = Limits(at_once=1_000, audio_seconds_per_minute=100)

    assert seconds_of(plan_of(300_000), limits, TEN_SECONDS_A_CALL) == 10


@given(lengths, limits, paces)
def test_no_estimate_is_below_what_the_limits_make_possible(
    lengths_ms: list[int], limits: Limits, pace: CallPace
) -> None:
    calls = [pace.seconds_for(length) for length in lengths_ms]
    seconds = seconds_of(plan_of(*lengths_ms), limits, pace)

    assert seconds >= max(calls) - 1e-6
    assert seconds >= sum(calls) / limits.at_once - 1e-6
    assert seconds <= seconds_of(plan_of(*lengths_ms, parallel=1), limits, pace) + 1e-6
    if limits.per_minute is not None:
        beyond = max(0, len(calls) - limits.burst)
        assert seconds >= beyond * 60 / limits.per_minute + min(calls) - 1e-6
    if rate := limits.audio_seconds_per_minute:
        unsent_at_first = max(0, (sum(lengths_ms) - max(lengths_ms)) / 1000 - rate)
        assert seconds >= unsent_at_first * 60 / rate - 1e-6


@given(lengths, limits, paces)
def test_the_time_is_that_of_a_simulation(
    lengths_ms: list[int], limits: Limits, pace: CallPace
) -> None:
    step = 0.05
    expected = simulated(lengths_ms, limits, pace, step)

    # Each call may begin up to a few steps late in the simulation.
    slack = step * 3 * (len(lengths_ms) + 1)
    assert seconds_of(plan_of(*lengths_ms), limits, pace) == pytest.approx(expected, abs=slack)


@given(lengths, limits, paces)
def test_more_at_once_is_never_slower(
    lengths_ms: list[int], limits: Limits, pace: CallPace
) -> None:
    """Calls of one length: with mixed ones, any order can have a rare unlucky end."""
    even = plan_of(*[lengths_ms[0]] * len(lengths_ms))
    more = replace(limits, at_once=limits.at_once + 1)

    assert seconds_of(even, more, pace) <= seconds_of(even, limits, pace) + 1e-6


def test_hearings_that_share_the_limits_are_reckoned_together() -> None:
    limits = Limits(at_once=3)
    one_at_a_time = plan_of(1_000, 1_000, parallel=1)

    both = together([one_at_a_time, one_at_a_time])

    assert len(both.chunks) == 4
    assert seconds_of(both, limits, TEN_SECONDS_A_CALL) == 20


@pytest.mark.parametrize(
    ("price", "limits", "sentence"),
    [
        (
            PRICE,
            Limits(3, 20, 20.0),
            "24 chunks, 24 calls, about $0.54, about 1 minute (3 at once, 20 a minute)",
        ),
        (
            PRICE,
            Limits(3, 20, 0.05 * 20),
            "24 chunks, 24 calls, about $0.54, about 4 minutes (3 at once, 1 a minute)",
        ),
        (
            Decimal(0),
            Limits(1),
            "24 chunks, 24 calls, nothing is paid, about 4 minutes (1 at once)",
        ),
        (
            None,
            Limits(3, 20, 20.0),
            (
                "24 chunks, 24 calls, at a price that is not known here, about 1 minute "
                "(3 at once, 20 a minute)"
            ),
        ),
    ],
)
def test_an_estimate_is_a_sentence(price: Decimal | None, limits: Limits, sentence: str) -> None:
    plan = plan_of(*[300_000] * 24)

    assert str(estimate(plan, price=price, limits=limits, pace=TEN_SECONDS_A_CALL)) == sentence


def test_where_nobody_speaks_there_is_nothing_to_estimate() -> None:
    estimated = estimate(plan_of(), price=None, limits=Limits(3), pace=TEN_SECONDS_A_CALL)

    assert not estimated.calls and not estimated.seconds
    assert estimated.cost_usd == 0
    assert str(estimated) == "No speech was heard: there is nothing to transcribe."
