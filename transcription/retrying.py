"""What to do after a failure: a pure decision from its class and what the chunk went through."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from transcription.engines.base import (
    AccessRefused,
    AskedWrongly,
    AudioRejected,
    AudioUnreadable,
    EngineBusy,
    EngineError,
)
from transcription.policies import RetryPolicy


class Action(StrEnum):
    """What happens to the chunk."""

    WAIT = "wait"
    # It is tried again.
    REENCODE = "re-encode"
    # It is sent in another format.
    SPLIT = "split"
    # Its halves are sent.
    GIVE_UP = "give up"
    # It fails, alone.
    ASK_PERSON = "ask a person"
    # It may have been paid for more than once: a person decides whether to go on.
    PAUSE_RUN = "pause the run"
    # Nothing is sent until a person has done something.


@dataclass(frozen=True, slots=True)
class History:
    """What a chunk went through before."""

    tries: int = 0
    # Requests whose failure was its own.
    ambiguous: int = 0
    # Calls that failed and may have been billed.
    reshaped: int = 0
    # Times that it was sent otherwise.


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and from when."""

    action: Action
    not_before: datetime | None = None
    # When the chunk may be tried again; None: at once.
    own_fault: bool = False
    # The failure counts among the chunk's tries.
    closed_seconds: float | None = None
    # How long nobody may call, whatever for; None: others may go on.


def decide(  # noqa: PLR0911 (a table, one answer a line)
    error: EngineError,
    history: History,
    *,
    policy: RetryPolicy,
    now: datetime,
    chance: float,
) -> Decision:
    """Return what follows *error*.

    *chance*, from 0 to 1, spreads the waits of many chunks that failed together: each waits
    between half and all of its doubled base wait. Half at least, because a wait drawn from zero
    burns every try within seconds of a quota that refills by the minute.
    """
    match error:
        case AccessRefused():
            return Decision(Action.PAUSE_RUN)
        case EngineBusy():
            return _after_haste(error, policy, now, chance)
        case AudioUnreadable():
            return Decision(Action.GIVE_UP)
        case AudioRejected():
            return _after_rejection(error, history, policy)
    if error.may_be_billed and history.ambiguous + 1 >= policy.max_ambiguous:
        return Decision(Action.ASK_PERSON)
    if history.tries + 1 >= policy.max_tries:
        return Decision(Action.GIVE_UP)
    if isinstance(error, AskedWrongly):
        return Decision(Action.WAIT, own_fault=True)
    wait = _spread(policy.base_seconds * 2**history.tries, policy, chance)
    return Decision(Action.WAIT, now + wait, own_fault=True)


def maybe_paid(times: int) -> str:
    """Return what a person must know before a stretch is sent once more."""
    return (
        f"This stretch was sent {times} times without an answer that could be used, and each may "
        "have been paid for. Retry to send it once more."
    )


def _after_haste(error: EngineBusy, policy: RetryPolicy, now: datetime, chance: float) -> Decision:
    """Everyone waits, for as long as the server said; no try is burnt."""
    wait = _spread(policy.busy_seconds, policy, chance)
    if error.wait_seconds is not None:
        wait = timedelta(seconds=error.wait_seconds)
    seconds = wait.total_seconds()
    if seconds > policy.longest_wait_seconds:
        return Decision(Action.PAUSE_RUN, now + wait, closed_seconds=seconds)
    return Decision(Action.WAIT, now + wait, closed_seconds=seconds)


def _after_rejection(error: AudioRejected, history: History, policy: RetryPolicy) -> Decision:
    if history.reshaped >= policy.max_reshaped:
        return Decision(Action.GIVE_UP)
    return Decision(Action.SPLIT if error.too_large else Action.REENCODE)


def _spread(seconds: float, policy: RetryPolicy, chance: float) -> timedelta:
    return timedelta(seconds=min(seconds, policy.max_seconds) * (0.5 + chance / 2))
