"""What to do after a failure: a pure decision from its class and the tries so far."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from transcription.engines.base import (
    AccessRefused,
    AnswerUnusable,
    AudioRejected,
    EngineBusy,
    EngineError,
)
from transcription.policies import RetryPolicy


class Action(StrEnum):
    """What happens to the chunk."""

    WAIT = "wait"
    GIVE_UP = "give_up"
    PAUSE_RUN = "pause_run"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and from when."""

    action: Action
    not_before: datetime | None = None
    own_fault: bool = False
    # The failure counts among the chunk's tries.


def decide(
    error: EngineError,
    *,
    tries: int,
    policy: RetryPolicy,
    now: datetime,
    chance: float,
) -> Decision:
    """Return what follows *error* on a chunk that failed *tries* times before.

    *chance*, from 0 to 1, spreads the waits of many chunks that failed together: each waits
    between half and all of its doubled base wait. Half at least, because a wait drawn from zero
    burns every try within seconds of a quota that refills by the minute.
    """
    match error:
        case AccessRefused():
            return Decision(Action.PAUSE_RUN)
        case EngineBusy():
            if error.wait_seconds is not None:
                return Decision(Action.WAIT, now + timedelta(seconds=error.wait_seconds))
            return Decision(Action.WAIT, _later(0, policy, now, chance))
        case AudioRejected():
            return Decision(Action.GIVE_UP)
        case AnswerUnusable() if tries >= 1:
            return Decision(Action.GIVE_UP)
    if tries + 1 >= policy.max_tries:
        return Decision(Action.GIVE_UP)
    return Decision(Action.WAIT, not_before=_later(tries, policy, now, chance), own_fault=True)


def _later(tries: int, policy: RetryPolicy, now: datetime, chance: float) -> datetime:
    longest = min(policy.base_seconds * 2**tries, policy.max_seconds)
    return now + timedelta(seconds=longest * (0.5 + chance / 2))
