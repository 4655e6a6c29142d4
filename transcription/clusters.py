"""Which worker clusters are alive, by what they say in the database."""

import os
from datetime import datetime, timedelta

from transcription.chunk_job import CLUSTER_VARIABLE
from transcription.holders import is_gone, this_process
from transcription.models import WorkerCluster
from transcription.policies import LeasePolicy


def announce(*, workers: int, now: datetime) -> WorkerCluster:
    """Say that this process runs a cluster; the processes it forks know it by name."""
    cluster = WorkerCluster.objects.create(
        holder=this_process(), workers=workers, started_at=now, seen_at=now
    )
    os.environ[CLUSTER_VARIABLE] = str(cluster.pk)
    return cluster


def beat(cluster: WorkerCluster, *, now: datetime) -> None:
    """Say that it is still alive."""
    WorkerCluster.objects.filter(pk=cluster.pk).update(seen_at=now)


def leave(cluster: WorkerCluster) -> None:
    """Say that it takes no further work."""
    WorkerCluster.objects.filter(pk=cluster.pk).delete()


def alive(*, now: datetime, policy: LeasePolicy) -> list[WorkerCluster]:
    """Return the clusters that spoke lately and have not ended since."""
    since = now - timedelta(seconds=policy.alive_seconds)
    fresh = WorkerCluster.objects.filter(seen_at__gt=since)
    return [cluster for cluster in fresh if not is_gone(cluster.holder)]


def forget_the_dead(*, now: datetime, policy: LeasePolicy) -> None:
    """Remove the rows of clusters that ended without leaving."""
    living = {cluster.pk for cluster in alive(now=now, policy=policy)}
    WorkerCluster.objects.exclude(pk__in=living).delete()
