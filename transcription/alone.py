"""What one process at a time does, over all hosts."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from transcription import limiter
from transcription.clock import database_clock
from transcription.leases import LeaseKeeper
from transcription.limiter import Limit


def is_held(name: str) -> bool:
    """Say whether a living process is at what is called *name*."""
    return limiter.held(Limit(name, 1), now=database_clock()) > 0


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Say whether this process may do what is called *name*; nobody else may during the block."""
    limit, policy = Limit(name, 1), settings.LEASE
    seat = limiter.acquire(limit, now=database_clock(), lease_seconds=policy.lease_seconds)
    if seat is None:
        yield False
        return
    try:
        with LeaseKeeper(clock=database_clock, policy=policy) as keeper, keeper.holding(seat):
            yield True
    finally:
        limiter.forget(limit.name)
