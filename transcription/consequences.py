"""What follows a failed call, carried out on the chunk, its run and the shared limit."""

import logging
import random

from django.conf import settings
from django.utils import timezone

from hearings.room import DiskFull
from transcription import pipeline, rates, recutting
from transcription.budgets import OverBudget
from transcription.clock import Clock
from transcription.engines.base import EngineError
from transcription.holders import host_name
from transcription.models import Chunk
from transcription.retrying import Action, Decision, History, decide, maybe_paid

logger = logging.getLogger(__name__)

NOT_FOUND = 404
# HTTP: the model is not there; others may be.


def follow(chunk: Chunk, error: EngineError, *, clock: Clock) -> None:
    """Do what *error* asks for. The chunk is held by the caller, and no longer on return."""
    decision = judged(chunk, error, clock=clock)
    tell_everyone(chunk, error, decision, clock=clock)
    carry_out(chunk, error, decision, clock=clock)


def judged(chunk: Chunk, error: EngineError, *, clock: Clock) -> Decision:
    """Return what *error* asks for."""
    decision = decide(
        error,
        History(tries=chunk.tries, ambiguous=chunk.ambiguous, reshaped=chunk.reshaped),
        policy=settings.RETRY,
        now=clock(),
        chance=random.random(),  # noqa: S311 (spreads waits, guards nothing)
    )
    logger.warning("%s: %s (%s)", type(error).__name__, error, decision.action.value)
    return decision


def tell_everyone(chunk: Chunk, error: EngineError, decision: Decision, *, clock: Clock) -> None:
    """Close the limit or pause the runs: first of all, while others may be about to call."""
    if decision.closed_seconds is not None:
        rates.close_for(decision.closed_seconds, reason=str(error))
    if decision.action == Action.PAUSE_RUN:
        is_of_model = error.answer is not None and error.answer.status == NOT_FOUND
        pipeline.pause_alike(
            chunk.run,
            reason=_reason(error, decision),
            now=clock(),
            same_model=is_of_model,
        )


def carry_out(chunk: Chunk, error: EngineError, decision: Decision, *, clock: Clock) -> None:
    """Settle the chunk itself, which is held by the caller and no longer on return."""
    match decision.action:
        case Action.GIVE_UP:
            chunk.give_up(error=str(error), now=clock())
        case Action.ASK_PERSON:
            chunk.ask_person(error=f"{error} {maybe_paid(chunk.ambiguous + 1)}")
        case Action.SPLIT:
            once_more = chunk.reshaped + 1
            if not recutting.split(chunk, now=clock(), error=str(error), reshaped=once_more):
                chunk.give_up(error=str(error), now=clock())
        case Action.PAUSE_RUN:
            chunk.put_back(not_before=None, error=str(error))
        case Action.REENCODE | Action.WAIT:
            _put_back(chunk, error, decision)


def stop(chunk: Chunk, refused: OverBudget, *, clock: Clock) -> None:
    """Pause what the budget does not allow. The chunk is held by the caller."""
    if refused.stops_all:
        pipeline.pause_alike(chunk.run, reason=str(refused), now=clock(), same_model=False)
    else:
        pipeline.pause(chunk.run, reason=str(refused), now=clock())
    chunk.put_back(not_before=None, error=str(refused))


def wait_for_room(chunk: Chunk, full: DiskFull, *, clock: Clock) -> None:
    """Pause the run until this host has room on its disks. The chunk is held by the caller."""
    reason = f"{full} Free some space there: then the run goes on by itself, or press Resume."
    pipeline.pause(chunk.run, reason=reason, now=clock(), room_host=host_name())
    chunk.put_back(not_before=None, error=str(full))


def _put_back(chunk: Chunk, error: EngineError, decision: Decision) -> None:
    counts = {
        "tries": chunk.tries + decision.own_fault,
        "ambiguous": chunk.ambiguous + error.may_be_billed,
    }
    if decision.action == Action.REENCODE:
        counts |= {"reshaped": chunk.reshaped + 1}
        chunk.put_back(not_before=None, error=str(error), encoding="flac", **counts)
        return
    chunk.put_back(not_before=decision.not_before, error=str(error), **counts)


def _reason(error: EngineError, decision: Decision) -> str:
    if decision.not_before is None:
        return str(error)
    until = timezone.localtime(decision.not_before)
    return f"{error} It asks to wait until {until:%-d %B %Y, %H:%M %Z}. Resume the run then."
