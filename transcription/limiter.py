"""How many may do something at once, over all processes and hosts on the database.

A limit is a row per slot, each with its holder and lease; a dead holder's slot frees itself.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from django.db import Error, connection
from django.db.models import Q

from transcription.clock import Clock
from transcription.holders import is_gone, this_process
from transcription.leases import LeaseKeeper
from transcription.models import Slot
from transcription.policies import LeasePolicy

logger = logging.getLogger(__name__)

PATIENT_SHARE = 0.01
# Who has waited long looks again only after this share of the wait so far …
LONGEST_POLL_SECONDS = 0.25
# … and no later than this: many who wait long ask the database little.
FULL_LOOK_SECONDS = 0.5
# How often who waits looks for leases that are over and for another capacity; in between only
# whether somebody let go.
_released = threading.local()
# When this thread let go of a slot last (`time.monotonic()`).


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
    """Take a free slot, or return None where all are held. Never waits.

    Costs one small query where all are held. Slots beyond the capacity, left from a higher one,
    count until they are released, and are not taken again.
    """
    slots = _slots(limit)
    if sum(slot.number < limit.capacity for slot in slots) < limit.capacity:
        Slot.objects.bulk_create(
            [Slot(limit=limit.name, number=number) for number in range(limit.capacity)],
            ignore_conflicts=True,
        )
        slots = _slots(limit)
    room = limit.capacity - sum(not _is_free(slot, now) for slot in slots)
    usable = [slot for slot in slots if slot.number < limit.capacity and _is_free(slot, now)]
    for slot in usable if room > 0 else ():
        permit = Permit(slot.pk, uuid.uuid4(), limit)
        if _take(permit, now=now, lease_seconds=lease_seconds):
            return permit if room >= len(usable) else _unless_too_many(permit, now=now)
    return None


@contextmanager
def permit(
    limit: Limit | Callable[[], Limit],
    *,
    clock: Clock,
    policy: LeasePolicy,
    keeper: LeaseKeeper,
) -> Iterator[Permit]:
    """Hold a slot of *limit* for the block; waits until one is free.

    A function is asked at each look, so that another capacity counts at once. Never fails at the
    end of the block, where an answer may be in hand that was paid for.
    """
    held = _waited_for(limit if callable(limit) else lambda: limit, clock=clock, policy=policy)
    try:
        with keeper.holding(held):
            yield held
    finally:
        _let_go(held)
        _released.at = time.monotonic()


def _let_go(held: Permit) -> None:
    """Release a slot, or leave it to its lease where the database does not answer."""
    try:
        held.release()
    except Error as error:
        logger.warning("could not release a slot of %s: %s", held.limit.name, error)
        connection.close()  # what comes next opens a new one


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


def _slots(limit: Limit) -> list[Slot]:
    slots = Slot.objects.filter(limit=limit.name).only("number", "lease_until")
    return list(slots.order_by("number"))


def _is_free(slot: Slot, now: datetime) -> bool:
    return slot.lease_until is None or slot.lease_until <= now


def _take(permit: Permit, *, now: datetime, lease_seconds: float) -> bool:
    """Take the permit's slot by compare-and-set. False where somebody was faster."""
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    return bool(
        Slot.objects.filter(free, pk=permit.slot_id).update(
            token=permit.token,
            holder=this_process(),
            lease_until=now + timedelta(seconds=lease_seconds),
        )
    )


def _unless_too_many(permit: Permit, *, now: datetime) -> Permit | None:
    """Give the slot back where others took theirs since the look.

    With slots beyond the capacity still held there are more free ones than there is room. Each
    counts after taking, so at least the last of several sees them all.
    """
    if sum(not _is_free(slot, now) for slot in _slots(permit.limit)) <= permit.limit.capacity:
        return permit
    permit.release()
    return None


def _waited_for(limit: Callable[[], Limit], *, clock: Clock, policy: LeasePolicy) -> Permit:
    """Take a slot as soon as one is free.

    Who has just released one lets those go first who wait: else it would take it again at once,
    and again, before any of them looks.
    """
    came = time.monotonic()
    courtesy = getattr(_released, "at", -inf) + policy.poll_seconds - came
    if courtesy > 0:
        time.sleep(courtesy)
    while True:
        wanted = limit()
        held = acquire(wanted, now=clock(), lease_seconds=policy.lease_seconds)
        if held:
            return held
        _sleep_while_held(wanted, came=came, policy=policy)


def _sleep_while_held(limit: Limit, *, came: float, policy: LeasePolicy) -> None:
    """Return when a slot may be free, or it is time for a look at leases and the capacity."""
    until = time.monotonic() + FULL_LOOK_SECONDS
    released = Slot.objects.filter(limit=limit.name, number__lt=limit.capacity, token=None)
    while True:
        now = time.monotonic()
        patience = min((now - came) * PATIENT_SHARE, LONGEST_POLL_SECONDS)
        time.sleep(max(policy.poll_seconds, patience))
        if now >= until or released.exists():
            return
