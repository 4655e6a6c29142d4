"""Little time is lost between one holder of a slot and the next."""

import os
import time
from threading import Lock

import pytest

from tests.at_once import at_once
from transcription import limiter
from transcription.clock import database_clock
from transcription.leases import LeaseKeeper
from transcription.limiter import Limit
from transcription.policies import LeasePolicy

PROOF = os.environ.get("PROOF") == "full"
CALLS, CALL_SECONDS = (36, 2.0) if PROOF else (12, 0.5)
AT_ONCE = 3
WORKERS = 5
# Two wait with a slice in their hands, as behind a hosted engine.
LOST_SECONDS = 0.1
# At most, at each handover: 5 % of a call of two seconds.


class Pile:
    """Calls to make, taken one by one."""

    def __init__(self, count: int) -> None:
        self._left = count
        self._lock = Lock()

    def take(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left >= 0


@pytest.mark.alone
@pytest.mark.django_db(transaction=True)
def test_the_slots_are_nearly_always_in_use_while_work_waits() -> None:
    pile, limit, policy = Pile(CALLS), Limit("calls", AT_ONCE), LeasePolicy()

    def work() -> None:
        with LeaseKeeper(clock=database_clock, policy=policy) as keeper:
            while pile.take():
                with limiter.permit(limit, clock=database_clock, policy=policy, keeper=keeper):
                    time.sleep(CALL_SECONDS)

    began = time.monotonic()
    at_once([work] * WORKERS)
    took = time.monotonic() - began

    ideal = CALLS / AT_ONCE * CALL_SECONDS
    print(f"{took:.2f} s where {ideal:.2f} s are ideal: {took / ideal - 1:.1%} lost")  # noqa: T201
    assert took <= CALLS / AT_ONCE * (CALL_SECONDS + LOST_SECONDS)
