"""Which worker clusters are alive, by what they say in the database."""

import os
from datetime import datetime, timedelta

from transcription import dispatch
from transcription.chunk_job import CLUSTER_VARIABLE
from transcription.holders import is_gone, is_on, this_process
from transcription.models import WorkerCluster
from transcription.policies import LeasePolicy


def announce(*, workers: int, now: datetime) -> WorkerCluster:
    """Say that this process runs a cluster; the processes it forks know it by name."""
    cluster = WorkerCluster.objects.create(
        holder=this_process(), workers=workers, started_at=now, seen_at=now
    )
    os.environ[CLUSTER_VARIABLE] = str(cluster.pk)
    return cluster


def beat(cluster: WorkerCluster, *, now: datetime, canary_at: datetime | None) -> None:
    """Say that it is still alive, and when a worker of it last took a job.

    Others forget a cluster that was silent for long, as when its machine slept; then it is
    announced anew, or its workers would hold themselves for dismissed.
    """
    cluster.seen_at, cluster.canary_at = now, canary_at
    known = WorkerCluster.objects.filter(pk=cluster.pk)
    if not known.update(seen_at=now, canary_at=canary_at):
        cluster.save(force_insert=True)


def leave(cluster: WorkerCluster) -> None:
    """Say that it takes no further work; its workers end after the chunk they are at."""
    WorkerCluster.objects.filter(pk=cluster.pk).delete()


def alive(*, now: datetime, policy: LeasePolicy) -> list[WorkerCluster]:
    """Return the clusters that spoke lately and have not ended since."""
    since = now - timedelta(seconds=policy.alive_seconds)
    fresh = WorkerCluster.objects.filter(seen_at__gt=since)
    return [cluster for cluster in fresh if not is_gone(cluster.holder)]


def works(host: str, *, now: datetime, policy: LeasePolicy) -> bool:
    """Say whether a cluster of this host (`holders.host_name`) is alive."""
    return any(is_on(cluster.holder, host) for cluster in alive(now=now, policy=policy))


def forget_the_dead(*, now: datetime, policy: LeasePolicy) -> None:
    """Remove the rows and canaries of clusters that ended without leaving."""
    known = set(WorkerCluster.objects.values_list("pk", flat=True))
    dead = known - {cluster.pk for cluster in alive(now=now, policy=policy)}
    for pk in dead:
        WorkerCluster.objects.filter(pk=pk).delete()
        dispatch.forget_canaries(pk)
