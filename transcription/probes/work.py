"""What does the work and what holds it back: the workers, and the limit on hosted engines.

From our own rows; the queue's tables say nothing that counts.
"""

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from hearings.times import clock
from transcription import clusters, rates
from transcription.amounts import counted
from transcription.clock import database_clock
from transcription.filling import filling_of
from transcription.health import Seen, State
from transcription.models import Chunk, ChunkStatus, Slot, WorkerCluster

CANARY_SECONDS = 60.0
# `workers` asks idle ones after 10 s and replaces a cluster after 20 more; so silence for longer
# is none that is being mended.
START_SECONDS = 60.0
# Until a cluster has to have proved itself.


def queue() -> Seen:
    """See when a worker last took a job: `workers` has idle ones take a canary for that."""
    now = database_clock()
    alive = clusters.alive(now=now, policy=settings.LEASE)
    if not alive:
        return Seen(State.FAILED, _last_seen())
    workers = counted(sum(cluster.workers for cluster in alive), "worker")
    taken = max((c.canary_at for c in alive if c.canary_at), default=None)
    if taken is not None and _seconds(taken, now) <= CANARY_SECONDS:
        told = f"{workers}; one took a job {_seconds(taken, now):.0f} s ago."
        return Seen(State.OK, told)
    if _somebody_is_at_work(now):
        return Seen(State.OK, f"{workers}, in the middle of their jobs.")
    if taken is None and _seconds(max(c.started_at for c in alive), now) <= START_SECONDS:
        return Seen(State.WARNING, f"{workers} have just been started.", "Wait a minute.")
    since = "ever since they started" if taken is None else f"for {clock(_ms(taken, now))}"
    return Seen(State.FAILED, f"{workers} are there, and none has taken a job {since}.")


def limiter() -> Seen:
    """Read the row as somebody who wants to send."""
    limit = rates.known()
    if limit is None:  # the first request makes it; a look does not
        return Seen(State.OK, "Open: nobody has asked a hosted engine yet.")
    filling = filling_of(limit)
    told = (
        f"{filling.tokens} of {filling.burst} requests may leave at once; "
        f"{filling.under_way} of {limit.max_concurrent} under way."
    )
    if filling.closed_until:
        until = f"{filling.closed_until:%Y-%m-%d %H:%M:%S %Z}"
        advice = "Wait; or, when its cause is mended, open it under Limits."
        return Seen(State.WARNING, f"Closed until {until}. {limit.reason}".strip(), advice)
    if limit.is_broken:
        return Seen(State.WARNING, f"Too many requests failed. {limit.reason}".strip())
    return Seen(State.OK, told)


def _last_seen() -> str:
    last = WorkerCluster.objects.order_by("-seen_at").values_list("seen_at", flat=True).first()
    if last is None:
        return "No workers are alive."
    moment = f"{timezone.localtime(last):%Y-%m-%d %H:%M:%S %Z}"
    return f"No workers are alive. The last ones were seen at {moment}."


def _somebody_is_at_work(now: datetime) -> bool:
    """Say whether anybody renews a lease: who is in the middle of a job is alive by that."""
    running = Chunk.objects.filter(status=ChunkStatus.RUNNING, lease_until__gt=now)
    return running.exists() or Slot.objects.filter(lease_until__gt=now).exists()


def _seconds(start: datetime, end: datetime) -> float:
    return max((end - start).total_seconds(), 0.0)


def _ms(start: datetime, end: datetime) -> int:
    return round(_seconds(start, end) * 1000)
