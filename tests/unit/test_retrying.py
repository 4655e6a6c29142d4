from datetime import UTC, datetime, timedelta

import pytest

from transcription.engines.base import (
    AccessRefused,
    AnswerUnusable,
    AskedWrongly,
    AudioRejected,
    AudioUnreadable,
    EngineBusy,
    EngineError,
    EngineUnavailable,
)
from transcription.policies import RetryPolicy
from transcription.retrying import Action, Decision, History, decide

NOW = datetime(2026, 3, 12, 15, 0, tzinfo=UTC)
POLICY = RetryPolicy(
    max_tries=4, base_seconds=5, max_seconds=15, busy_seconds=12, longest_wait_seconds=900
)
NEW = History()
DOWN = EngineUnavailable("down")
CUT_OFF = EngineUnavailable("cut off", may_be_billed=True)
TOO_LARGE = AudioRejected("too large", too_large=True)


def after(error: EngineError, history: History = NEW, *, chance: float = 1) -> Decision:
    return decide(error, history, policy=POLICY, now=NOW, chance=chance)


@pytest.mark.parametrize(
    ("error", "history", "action"),
    [
        (AccessRefused("key"), NEW, Action.PAUSE_RUN),
        (AccessRefused("key"), History(tries=99), Action.PAUSE_RUN),
        (EngineBusy("429"), History(tries=99), Action.WAIT),
        (EngineBusy("429", wait_seconds=900), NEW, Action.WAIT),
        (EngineBusy("429", wait_seconds=901), NEW, Action.PAUSE_RUN),
        (DOWN, NEW, Action.WAIT),
        (DOWN, History(tries=2), Action.WAIT),
        (DOWN, History(tries=3), Action.GIVE_UP),
        (DOWN, History(ambiguous=1), Action.WAIT),
        (CUT_OFF, NEW, Action.WAIT),
        (CUT_OFF, History(ambiguous=1), Action.ASK_PERSON),
        (AnswerUnusable("cut"), NEW, Action.WAIT),
        (AnswerUnusable("cut"), History(ambiguous=1), Action.ASK_PERSON),
        (AudioRejected("no"), NEW, Action.REENCODE),
        (AudioRejected("no"), History(reshaped=1), Action.GIVE_UP),
        (TOO_LARGE, NEW, Action.SPLIT),
        (TOO_LARGE, History(reshaped=1), Action.GIVE_UP),
        (AudioUnreadable("hole"), NEW, Action.GIVE_UP),
        (AskedWrongly("otherwise"), NEW, Action.WAIT),
        (AskedWrongly("otherwise"), History(tries=3), Action.GIVE_UP),
        (EngineError("a kind nobody foresaw"), NEW, Action.WAIT),
        (EngineError("a kind nobody foresaw"), History(tries=3), Action.GIVE_UP),
    ],
)
def test_what_follows_a_failure(error: EngineError, history: History, action: Action) -> None:
    assert after(error, history).action == action


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        (DOWN, True),
        (AnswerUnusable("cut"), True),
        (AskedWrongly("otherwise"), True),
        (EngineBusy("429"), False),
        (AccessRefused("key"), False),
    ],
)
def test_only_the_chunks_own_failures_burn_a_try(error: EngineError, counts: bool) -> None:
    assert after(error).own_fault is counts


@pytest.mark.parametrize(("tries", "seconds"), [(0, 5), (1, 10), (2, 15)])
def test_the_wait_doubles_up_to_the_longest(tries: int, seconds: int) -> None:
    decision = after(DOWN, History(tries=tries))

    assert decision.not_before == NOW + timedelta(seconds=seconds)


def test_who_failed_together_comes_back_spread_over_half_the_wait() -> None:
    waits = [after(DOWN, History(tries=1), chance=chance).not_before for chance in (0, 0.5, 1)]

    assert waits == [NOW + timedelta(seconds=s) for s in (5, 7.5, 10)]


@pytest.mark.parametrize(
    ("error", "chance", "seconds"),
    [
        (EngineBusy("429", wait_seconds=420), 0, 420),
        (EngineBusy("429", wait_seconds=0), 0, 0),
        (EngineBusy("429"), 0, 6),
        (EngineBusy("429"), 1, 12),
        (EngineBusy("429", wait_seconds=86_400), 0, 86_400),
    ],
)
def test_a_busy_server_closes_the_limit_for_everyone(
    error: EngineBusy, chance: float, seconds: float
) -> None:
    decision = after(error, chance=chance)

    assert decision.closed_seconds == seconds
    assert decision.not_before == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("error", [DOWN, CUT_OFF, AudioRejected("no"), AccessRefused("key")])
def test_other_failures_leave_the_limit_open(error: EngineError) -> None:
    assert after(error).closed_seconds is None


def test_what_only_has_to_be_asked_otherwise_is_asked_at_once() -> None:
    assert after(AskedWrongly("otherwise")).not_before is None
