from datetime import UTC, datetime, timedelta

import pytest

from transcription.engines.base import (
    AccessRefused,
    AnswerUnusable,
    AudioRejected,
    EngineBusy,
    EngineError,
    EngineUnavailable,
)
from transcription.policies import RetryPolicy
from transcription.retrying import Action, Decision, decide

NOW = datetime(2026, 3, 12, 15, 0, tzinfo=UTC)
POLICY = RetryPolicy(max_tries=4, base_seconds=5, max_seconds=15)


def after(error: EngineError, *, tries: int = 0, chance: float = 1) -> Decision:
    return decide(error, tries=tries, policy=POLICY, now=NOW, chance=chance)


@pytest.mark.parametrize(
    ("error", "tries", "action"),
    [
        (AccessRefused("key"), 0, Action.PAUSE_RUN),
        (AccessRefused("key"), 99, Action.PAUSE_RUN),
        (AudioRejected("audio"), 0, Action.GIVE_UP),
        (AnswerUnusable("cut"), 0, Action.WAIT),
        (AnswerUnusable("cut"), 1, Action.GIVE_UP),
        (EngineUnavailable("down"), 0, Action.WAIT),
        (EngineUnavailable("down"), 2, Action.WAIT),
        (EngineUnavailable("down"), 3, Action.GIVE_UP),
        (EngineBusy("429"), 99, Action.WAIT),
        (EngineError("a kind nobody foresaw"), 0, Action.WAIT),
        (EngineError("a kind nobody foresaw"), 3, Action.GIVE_UP),
    ],
)
def test_what_follows_a_failure(error: EngineError, tries: int, action: Action) -> None:
    assert after(error, tries=tries).action == action


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        (EngineUnavailable("down"), True),
        (AnswerUnusable("cut"), True),
        (EngineBusy("429"), False),
        (AccessRefused("key"), False),
    ],
)
def test_only_the_chunks_own_failures_burn_a_try(error: EngineError, counts: bool) -> None:
    assert after(error).own_fault is counts


@pytest.mark.parametrize(("tries", "seconds"), [(0, 5), (1, 10), (2, 15)])
def test_the_wait_doubles_up_to_the_longest(tries: int, seconds: int) -> None:
    decision = after(EngineUnavailable("down"), tries=tries)

    assert decision.not_before == NOW + timedelta(seconds=seconds)


def test_chance_spreads_the_wait_between_half_and_all_of_it() -> None:
    waits = [after(EngineUnavailable("down"), tries=1, chance=c).not_before for c in (0, 0.5, 1)]

    assert waits == [NOW + timedelta(seconds=s) for s in (5, 7.5, 10)]


def test_a_busy_engine_is_asked_again_when_it_says() -> None:
    later = NOW + timedelta(minutes=7)

    assert after(EngineBusy("429", wait_seconds=420)).not_before == later


def test_a_busy_engine_that_does_not_say_is_asked_again_after_the_first_wait() -> None:
    assert after(EngineBusy("429"), tries=3).not_before == NOW + timedelta(seconds=5)
