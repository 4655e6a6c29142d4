"""Keeps one worker cluster going: watches it, and replaces it when it no longer works.

What was noticed is one sentence in the log, what is done about it another. A cluster that has to
go takes no new work and is gone but for the workers in the middle of something; these end it,
within a bound, beside the new cluster.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from django.db import Error, connection

from transcription import clusters, dispatch, parentage, process_groups
from transcription.amounts import counted
from transcription.clock import database_clock
from transcription.watchdog import Watch, WatchPolicy
from transcription.worker_group import WorkerGroup

logger = logging.getLogger(__name__)

MOST_ENDING = 4
# So many clusters may be at their last calls; then none is started until one has ended.
SHORT_LIFE_SECONDS = 5.0
# A cluster that lived no longer, or never took a job, has failed …
LONGEST_PAUSE_SECONDS = 30.0
# … and after each failure in a row the next one starts twice as late, but no later.


class Start(Protocol):
    def __call__(self, *, workers: int) -> WorkerGroup:
        """Start a cluster. Raises django.db.Error, OSError."""


@dataclass(frozen=True, slots=True)
class SupervisionPolicy:
    """What a supervisor goes by, besides what it is told of clusters."""

    workers: int
    # Processes that take jobs.
    ending_seconds: float
    # What a cluster that has to go may still take for what its workers are at.
    beat_seconds: float
    # How often the rows are looked at.
    tick_seconds: float = 0.2
    # How often the processes are.
    watch: WatchPolicy = field(default_factory=WatchPolicy)


@dataclass(slots=True)
class Watched:
    """A cluster and what is known of it."""

    group: WorkerGroup
    watch: Watch
    started_at: float
    is_announced_ready: bool = False
    spared: frozenset[int] = frozenset()
    # Of a cluster that has to go: workers that end what they are at.
    ends_by: float = 0.0
    is_dismissed: bool = False
    # Its row says that it takes no work.


class Supervisor:
    """One per `workers` process. Single-threaded: it forks."""

    def __init__(
        self,
        policy: SupervisionPolicy,
        *,
        sweep: Callable[[], None],
        on_ready: Callable[[], None],
        on_leave: Callable[[], None],
        start: Start = WorkerGroup.start,
    ) -> None:
        self._policy = policy
        self._sweep = sweep
        self._on_ready = on_ready
        self._on_leave = on_leave
        self._start_group = start
        self._current: Watched | None = None
        self._ending: list[Watched] = []
        self._failures = 0
        self._start_at = 0.0
        self._next_sweep = 0.0
        self._next_canary = 0.0

    def run(self, *, until: Callable[[], bool]) -> None:
        """Keep a cluster going; from when *until* says so, let it end, and return."""
        parentage.adopt_orphans()
        while not until():
            self._tick(time.monotonic())
            time.sleep(self._policy.tick_seconds)
        self._on_leave()
        if self._current:
            self._dismiss(self._current, now=time.monotonic())
        while self._ending:
            self._watch_endings(time.monotonic())
            time.sleep(self._policy.tick_seconds)

    def _tick(self, now: float) -> None:
        if self._current:
            self._judge(self._current, now)
        self._watch_endings(now)
        if self._current is None and now >= self._start_at:
            self._start(now)
        wants_canary = self._current is not None and self._current.watch.wants_canary(now)
        if now >= self._next_sweep or (wants_canary and now >= self._next_canary):
            self._ask_the_database(now)

    def _start(self, now: float) -> None:
        """Start a cluster, or say why not now."""
        if len(self._ending) >= MOST_ENDING:
            self._start_at = now + LONGEST_PAUSE_SECONDS
            logger.error(
                "%s clusters that did not work are still at their last calls: no further one is "
                "started for %.0f s.",
                *(len(self._ending), LONGEST_PAUSE_SECONDS),
            )
            return
        try:
            group = self._start_group(workers=self._policy.workers)
        except (Error, OSError) as error:
            connection.close()
            self._note_failure(now)
            logger.error(  # noqa: TRY400 (the sentence says it all)
                "No worker cluster could be started, trying again in %.0f s: %s",
                *(self._start_at - now, error),
            )
            return
        watch = Watch(workers=self._policy.workers, now=now, policy=self._policy.watch)
        self._current = Watched(group, watch, started_at=now)

    def _judge(self, current: Watched, now: float) -> None:
        """Replace the cluster where it no longer works."""
        ended = current.group.look(current.watch, now=now)
        if not current.group.has_leader:
            self._replace(current, "its leading process ended", now)
            return
        if ended:
            logger.warning(
                "%s of %s ended: process %s. Whether the others still take jobs is tried now.",
                *(counted(len(ended), "process", "processes"), current.group),
                ", ".join(map(str, sorted(ended))),
            )
        complaint = current.watch.complaint(now)
        if complaint:
            self._replace(current, complaint, now)
        elif current.watch.is_ready and not current.is_announced_ready:
            current.is_announced_ready = True
            self._on_ready()

    def _replace(self, current: Watched, complaint: str, now: float) -> None:
        worked = current.watch.life_at is not None
        if worked and now - current.started_at > SHORT_LIFE_SECONDS:
            self._failures, self._start_at = 0, now
        else:
            self._note_failure(now)
        logger.error("%s no longer works: %s.", str(current.group).capitalize(), complaint)
        self._dismiss(current, now=now)
        pause, spared = self._start_at - now, len(current.spared)
        logger.error(
            "A new cluster starts %s%s.",
            f"in {pause:.0f} s" if pause else "at once",
            f"; {counted(spared, 'worker')} of the old one at work may end that within "
            f"{self._policy.ending_seconds:.0f} s"
            if spared
            else "",
        )

    def _note_failure(self, now: float) -> None:
        self._start_at = now + min(2.0**self._failures, LONGEST_PAUSE_SECONDS)
        self._failures += 1

    def _dismiss(self, current: Watched, *, now: float) -> None:
        """Have it take no new work; what its workers are in the middle of may end."""
        self._current = None
        self._ending.append(current)
        self._say_dismissed(current)
        current.group.look(current.watch, now=now)
        current.spared = current.watch.busy
        current.ends_by = now + self._policy.ending_seconds
        current.group.kill_all_but(current.spared)

    def _say_dismissed(self, ending: Watched) -> None:
        """Say it in the database; who asks there takes no further chunk."""
        try:
            clusters.leave(ending.group.row)
            dispatch.forget_canaries(ending.group.row.pk)
            ending.is_dismissed = True
        except Error as error:  # tried again: nobody takes a chunk without a database either
            logger.warning("The database did not answer, trying again: %s", error)
            connection.close()

    def _watch_endings(self, now: float) -> None:
        process_groups.reap()
        for ending in list(self._ending):
            ending.group.look(ending.watch, now=now)
            ending.spared &= ending.watch.busy
            if ending.spared and now > ending.ends_by:
                logger.error(
                    "%s did not end what it was at within %.0f s and is killed.",
                    *(str(ending.group).capitalize(), self._policy.ending_seconds),
                )
                ending.spared = frozenset()
            ending.group.kill_all_but(ending.spared)
            if ending.group.is_over and ending.is_dismissed:
                ending.group.close()
                self._ending.remove(ending)
                logger.info("%s has ended.", str(ending.group).capitalize())

    def _ask_the_database(self, now: float) -> None:
        """Say that we live, look for work that no message told of, send and expect canaries."""
        try:
            for ending in self._ending:
                if not ending.is_dismissed:
                    self._say_dismissed(ending)
            if self._current:
                self._beat(self._current, now)
            if now >= self._next_sweep:
                self._next_sweep = now + self._policy.beat_seconds
                self._sweep()
        except Error as error:
            logger.warning("The database did not answer, trying again: %s", error)
            connection.close()
            self._next_canary = time.monotonic() + self._policy.beat_seconds
            if self._current:
                self._current.watch.excuse()

    def _beat(self, current: Watched, now: float) -> None:
        row, watch, moment = current.group.row, current.watch, database_clock()
        taken_at = watch.life_at
        canary_at = None if taken_at is None else moment - timedelta(seconds=now - taken_at)
        clusters.beat(row, now=moment, canary_at=canary_at)
        if watch.is_asking and dispatch.canary_is_back(row.pk):
            watch.returned()
        if watch.wants_canary(now):
            dispatch.send_canary(row.pk)
            watch.asked(now)
