"""When a recording goes under a retention period, and why it stays. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class RunFacts:
    """How one run of a hearing stands."""

    is_over: bool
    is_complete: bool
    is_cancelled: bool
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Expiry:
    """When the recording may go; None where it stays, with the sentence that says why."""

    goes_at: datetime | None
    stays_because: str = ""


def expiry(stored_at: datetime, runs: Sequence[RunFacts], period: timedelta) -> Expiry:
    """Say when a recording that came in at *stored_at* goes. *runs* in the order they began.

    It goes when its transcript is complete and *period* has passed since then, since the last run
    ended, and since the recording came in. What was tried last counts: after a run with gaps, or
    one that failed, somebody may want to retry. What was cancelled counts as not tried.
    """
    if not all(run.is_over for run in runs):
        return Expiry(None, "It stays while a run is under way, waits or is paused.")
    tried = [run for run in runs if not run.is_cancelled]
    if not tried:
        return Expiry(None, "It stays until it is transcribed.")
    if not tried[-1].is_complete:
        return Expiry(None, "It stays until the latest run is complete, without gaps.")
    ends = [run.finished_at for run in runs if run.finished_at]
    return Expiry(max([stored_at, *ends]) + period)
