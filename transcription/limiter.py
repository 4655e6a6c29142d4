"""How many may do something at once, over all processes and hosts on the database.

A limit is a row per slot, each with its holder and lease; a dead holder's slot frees itself.
"""

import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from transcription.clock import Clock
from transcription.holders import is_gone, this_process
from transcription.leases import LeaseKeeper
from transcription.models import Slot
from transcription.policies import LeasePolicy

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limit:
    """A name, and how many may hold it at once."""

    name: str
    capacity: int


@dataclass(frozen=True, slots=True)
class Permit:
    """A slot that is ours while we renew it."""

    slot_id: int
    token: uuid.UUID
    limit: Limit

    def renew(self, *, now: datetime, lease_seconds: float) -> bool:
        until = now + timedelta(seconds=lease_seconds)
        return bool(
            Slot.objects.filter(pk=self.slot_id, token=self.token).update(lease_until=until)
        )

    def release(self) -> None:
        Slot.objects.filter(pk=self.slot_id, token=self.token).update(
            token=None, holder="", lease_until=None
        )


def acquire(limit: Limit, *, now: datetime, lease_seconds: float) -> Permit | None:
    """Take a free slot, or return None where all are held. Never waits."""
    numbers = range(limit.capacity)
    slots = Slot.objects.filter(limit=limit.name, number__in=numbers)
    if slots.count() < limit.capacity:
        Slot.objects.bulk_create(
            [Slot(limit=limit.name, number=number) for number in numbers], ignore_conflicts=True
        )
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    for slot in slots.filter(free):
        token = uuid.uuid4()
        taken = Slot.objects.filter(free, pk=slot.pk).update(
            token=token,
            holder=this_process(),
            lease_until=now + timedelta(seconds=lease_seconds),
        )
        if taken:
            return Permit(slot.pk, token, limit)
    return None


@contextmanager
def permit(
    limit: Limit, *, clock: Clock, policy: LeasePolicy, keeper: LeaseKeeper
) -> Iterator[Permit]:
    """Hold a slot of *limit* for the block; waits until one is free."""
    while (held := acquire(limit, now=clock(), lease_seconds=policy.lease_seconds)) is None:
        time.sleep(policy.poll_seconds)
    try:
        with keeper.holding(held):
            yield held
    finally:
        held.release()


def free_slots_of_the_dead() -> int:
    """Free slots whose holder is a process of this host that ended; say how many."""
    freed = 0
    for slot in Slot.objects.exclude(token=None):
        if is_gone(slot.holder):
            freed += Slot.objects.filter(pk=slot.pk, token=slot.token).update(
                token=None, holder="", lease_until=None
            )
    return freed


def held(limit: Limit, *, now: datetime) -> int:
    """Return how many hold a slot of *limit*."""
    return Slot.objects.filter(limit=limit.name, lease_until__gt=now).count()


def forget(name: str) -> None:
    """Remove a limit that nobody will ask for again."""
    Slot.objects.filter(limit=name).delete()
