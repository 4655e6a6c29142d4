"""Fewer chunks at once where memory is scarce: a supervisor decides, and its workers heed it.

What it decided is in the cluster's row. Nothing under way is ended; who would be one too many
takes no chunk. Workers of a host count and claim one after another then, so none is one too many.
"""

import logging
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db.models import Q

from transcription import clusters, limiter, memory
from transcription.clock import Clock
from transcription.holders import host_name, is_on, pid_of, this_process
from transcription.limiter import Limit
from transcription.models import Chunk, ChunkStatus, Run, WorkerCluster
from transcription.policies import LeasePolicy, MemoryPolicy
from transcription.pressure import Machine, Sample, Verdict, judge

logger = logging.getLogger(__name__)

AMPLE_SECONDS = 10.0
# How long memory of which half is left is not looked at again: each look takes a tenth of a second.
PATIENCE_SECONDS = 2.0
# How long a worker waits for others to claim; then it leaves it to the next nudge.


class Monitor:
    """Watches the memory of this host for its `workers` process."""

    def __init__(self, policy: MemoryPolicy, lease: LeasePolicy, *, workers: int) -> None:
        self._policy = policy
        self._lease = lease
        self._machine = Machine(memory.of_machine(), workers)
        self._samples: deque[Sample] = deque(maxlen=64)
        self._rest_bytes = 0
        self._last: Verdict | None = None
        self._was_slower = False

    def look(self, *, now: datetime) -> Verdict:
        """Decide how many chunks may be under way here, and say so in our clusters' rows."""
        if self._last and self._last.is_ample and self._is_recent():
            return self._last
        sample = self._sample(now=now)
        self._samples.append(sample)
        self._rest_bytes = min(self._rest_bytes or sample.used_bytes, sample.used_bytes)
        verdict = judge(
            self._samples,
            rest_bytes=self._rest_bytes,
            machine=self._machine,
            policy=self._policy,
        )
        self._tell(verdict)
        self._last = verdict
        return verdict

    def _is_recent(self) -> bool:
        return time.monotonic() - self._samples[-1].at_seconds < AMPLE_SECONDS

    def _sample(self, *, now: datetime) -> Sample:
        alive = clusters.alive(now=now, policy=self._lease)
        ours = {pid_of(c.holder) for c in alive if is_on(c.holder, host_name())}
        ours.add(pid_of(this_process()))
        return Sample(
            at_seconds=time.monotonic(),
            used_bytes=memory.of_processes(ours),
            available_bytes=memory.available(),
            running=running_here(),
        )

    def _tell(self, verdict: Verdict) -> None:
        if verdict.is_slower and not self._was_slower:
            logger.warning("%s", verdict)
        if self._was_slower and not verdict.is_slower:
            logger.info("Memory suffices again for %s chunks at once.", verdict.of)
        self._was_slower = verdict.is_slower
        WorkerCluster.objects.filter(holder=this_process()).update(
            chunks_at_once=verdict.chunks if verdict.is_slower else None,
            slower=str(verdict) if verdict.is_slower else "",
        )


def running_here() -> int:
    """Return how many chunks are held by processes of this host."""
    running = Chunk.objects.filter(status=ChunkStatus.RUNNING)
    return running.filter(holder__startswith=f"{host_name()}/").count()


def jobs_allowed(verdict: Verdict, *, now: datetime) -> int:
    """Return how many further chunks may be taken here; where none, runs with due ones are told."""
    if not verdict.is_slower:
        return verdict.of
    room = max(0, verdict.chunks - running_here())
    if not room:
        note(str(verdict), now=now)
    return room


@contextmanager
def turn(cluster: WorkerCluster | None, *, clock: Clock, lease: LeasePolicy) -> Iterator[bool]:
    """Say whether a worker of *cluster* may claim a chunk during the block."""
    if cluster is None or cluster.chunks_at_once is None:
        yield True
        return
    mutex = _mutex(clock=clock, lease=lease)
    if mutex is None:
        yield False
        return
    try:
        has_room = running_here() < cluster.chunks_at_once
        if not has_room:
            note(cluster.slower, now=clock())
        yield has_room
    finally:
        mutex.release()


def note(slower: str, *, now: datetime) -> None:
    """Keep with each run that has a due chunk why it was not taken; the first time counts."""
    is_due = Q(status=ChunkStatus.WAITING) & (Q(not_before=None) | Q(not_before__lte=now))
    due = Chunk.objects.filter(is_due).values("run")
    Run.objects.working().filter(pk__in=due, slower="").update(slower=slower)


def said_now(*, now: datetime, lease: LeasePolicy) -> str:
    """Return why a living cluster does less at once than it might; empty where none does."""
    return next((c.slower for c in clusters.alive(now=now, policy=lease) if c.slower), "")


def _mutex(*, clock: Clock, lease: LeasePolicy) -> limiter.Permit | None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        limit = Limit(f"claims@{host_name()}", 1)
        held = limiter.acquire(limit, now=clock(), lease_seconds=lease.lease_seconds)
        if held:
            return held
        time.sleep(lease.poll_seconds)
    return None
