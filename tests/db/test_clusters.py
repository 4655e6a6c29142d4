import os
from datetime import timedelta

import pytest

from tests.factories import NOW
from transcription import clusters, dispatch
from transcription.chunk_job import CLUSTER_VARIABLE, own_cluster
from transcription.models import WorkerCluster
from transcription.policies import LeasePolicy

pytestmark = pytest.mark.django_db

POLICY = LeasePolicy(alive_seconds=15)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CLUSTER_VARIABLE, "")  # restored after the test, whatever it sets
    monkeypatch.delenv(CLUSTER_VARIABLE)


def alive(*, seconds_later: float = 0) -> list[WorkerCluster]:
    return clusters.alive(now=NOW + timedelta(seconds=seconds_later), policy=POLICY)


def is_leaving() -> bool:
    """Say whether workers of this process's cluster take no further chunk."""
    _, is_leaving = own_cluster()
    return is_leaving


def test_a_cluster_is_alive_until_it_has_been_silent_too_long() -> None:
    cluster = clusters.announce(workers=3, now=NOW)

    assert alive(seconds_later=14) == [cluster]
    assert alive(seconds_later=15) == []


def test_a_beat_keeps_it_alive() -> None:
    cluster = clusters.announce(workers=3, now=NOW)

    clusters.beat(cluster, now=NOW + timedelta(seconds=10), canary_at=NOW)

    assert alive(seconds_later=24) == [cluster]
    assert WorkerCluster.objects.get().canary_at == NOW


def test_a_beat_announces_anew_what_others_forgot_meanwhile() -> None:
    cluster = clusters.announce(workers=3, now=NOW)
    later = NOW + timedelta(minutes=1)
    clusters.forget_the_dead(now=later, policy=POLICY)
    assert is_leaving()

    clusters.beat(cluster, now=later, canary_at=NOW)

    assert alive(seconds_later=60) == [cluster]
    assert not is_leaving()


def test_a_cluster_whose_process_ended_is_gone_at_once() -> None:
    cluster = clusters.announce(workers=3, now=NOW)
    host, pid, _ = cluster.holder.split("/")
    WorkerCluster.objects.update(holder=f"{host}/{pid}/started-earlier")

    assert alive() == []


def test_a_cluster_of_another_host_counts_while_it_speaks() -> None:
    clusters.announce(workers=3, now=NOW)
    WorkerCluster.objects.update(holder="elsewhere:12345678/1/1")

    assert len(alive(seconds_later=14)) == 1


def test_a_cluster_that_leaves_is_not_alive_and_its_workers_know() -> None:
    cluster = clusters.announce(workers=3, now=NOW)
    assert not is_leaving()

    clusters.leave(cluster)

    assert alive() == []
    assert is_leaving()


def test_a_process_of_no_cluster_never_leaves_one() -> None:
    assert CLUSTER_VARIABLE not in os.environ
    assert not is_leaving()


def test_only_the_dead_are_forgotten() -> None:
    silent = clusters.announce(workers=3, now=NOW - timedelta(minutes=1))
    living = clusters.announce(workers=3, now=NOW)

    dispatch.send_canary(silent.pk)
    dispatch.send_canary(living.pk)
    clusters.forget_the_dead(now=NOW, policy=POLICY)

    assert list(WorkerCluster.objects.all()) == [living]
    assert dispatch.canary_is_back(silent.pk)
    assert not dispatch.canary_is_back(living.pk)
    assert silent != living


def test_a_canary_waits_in_the_queue_of_itsown_cluster_alone() -> None:
    first, second = (clusters.announce(workers=3, now=NOW) for _ in range(2))
    dispatch.send_canary(first.pk)
    dispatch.send_canary(first.pk)  # takes the place of the one before

    assert dispatch._broker(second.pk).queue_size() == 0
    broker = dispatch._broker(first.pk)
    ((job, _),) = broker.dequeue()
    assert not dispatch.canary_is_back(first.pk)
    broker.acknowledge(job)
    assert dispatch.canary_is_back(first.pk)
    assert dispatch.canary_is_back(second.pk)


def test_a_shared_job_goes_to_any_cluster_but_after_its_canary() -> None:
    cluster = clusters.announce(workers=3, now=NOW)
    broker = dispatch._broker(cluster.pk)
    dispatch.QueueDispatcher().nudge(1)
    dispatch.send_canary(cluster.pk)

    ((canary, _),) = broker.dequeue()
    ((nudge, _),) = broker.dequeue()

    assert canary != nudge
    assert dispatch.QueueDispatcher().waiting() == 0
