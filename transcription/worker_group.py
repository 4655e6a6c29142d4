"""One running worker cluster: a process group, and all that its supervisor has of it."""

import gc
import logging
import os
from typing import NoReturn, Self

from django.db import connections

from transcription import clusters, dispatch, job_reports, process_groups
from transcription.clock import database_clock
from transcription.job_reports import Reports
from transcription.models import WorkerCluster
from transcription.parentage import Leash
from transcription.watchdog import Event, Watch

logger = logging.getLogger(__name__)


class WorkerGroup:
    """A cluster under watch. Its processes end with ours, whoever kills which of them."""

    def __init__(self, row: WorkerCluster, leader: int, leash: Leash, reports: Reports) -> None:
        self.row = row
        self._leader = leader
        # Also the name of the process group.
        self._leash = leash
        self._reports = reports
        self._living: frozenset[int] = frozenset()

    @classmethod
    def start(cls, *, workers: int) -> Self:
        """Announce a cluster and fork it. Raises django.db.Error, OSError.

        To be called where no other thread runs.
        """
        row = clusters.announce(workers=workers, now=database_clock())
        connections.close_all()  # a connection must not be shared with what is forked
        leash, reports = Leash(), Reports()
        gc.freeze()  # a collection in a fork would write to all that it looks at, and so copy it
        leader = os.fork()
        if not leader:
            _lead(row, leash, reports)
        leash.hand_over()
        reports.hand_over()
        return cls(row, leader, leash, reports)

    def __str__(self) -> str:
        return f"worker cluster {self._leader}"

    @property
    def is_over(self) -> bool:
        return not self._living

    @property
    def has_leader(self) -> bool:
        return self._leader in self._living

    def look(self, watch: Watch, *, now: float) -> frozenset[int]:
        """Have *watch* note what is to be seen now. Return the processes that ended."""
        # First what they said: who took a job lives, and was not yet seen.
        watch.heard(self._reports.read(), now=now)
        self._living = process_groups.living(self._leader)
        return watch.seen(self._living, now=now)

    def kill_all_but(self, spared: frozenset[int]) -> None:
        """End its processes, the leader first: it would replace the others."""
        for pid in sorted(self._living - spared, key=lambda pid: pid != self._leader):
            process_groups.kill(self._leader, pid)

    def close(self) -> None:
        """Let go of a group that is over; what may be left of it is killed."""
        self._leash.pull()
        self._reports.close()


def _lead(row: WorkerCluster, leash: Leash, reports: Reports) -> NoReturn:
    """Be the fork. Never returns into the code of the process that it was forked from."""
    try:
        leash.put_on()
        reports.speak()
        dispatch.be_cluster(row.pk, on_ready=lambda: job_reports.say(Event.READY))
    except Exception:
        logger.exception("The leader of a worker cluster failed.")
    finally:
        os._exit(1)
