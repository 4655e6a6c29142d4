"""Workers take no chunk that the memory of their host has no room for."""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import psutil
import pytest
from django.db import IntegrityError, connections, transaction

from tests.at_once import PATIENCE_SECONDS
from tests.db.run_kit import started, work
from tests.factories import NOW, make_chunk, make_run
from transcription import clusters, throttle
from transcription.chunk_job import CLUSTER_VARIABLE
from transcription.clock import database_clock
from transcription.holders import this_process
from transcription.models import Chunk, ChunkStatus, Run, RunStatus, WorkerCluster
from transcription.policies import LeasePolicy, MemoryPolicy
from transcription.pressure import Verdict
from transcription.progress import progress_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("script")]

SAID = "Slower: memory 812 of 1,024 MB in use; 1 of 3 chunks at once."
LEASE = LeasePolicy()


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> WorkerCluster:
    """Return the cluster of this process, in which memory is scarce."""
    monkeypatch.setenv(CLUSTER_VARIABLE, "")
    cluster = clusters.announce(workers=3, now=NOW)
    WorkerCluster.objects.update(chunks_at_once=1, slower=SAID)
    cluster.refresh_from_db()
    return cluster


def begun() -> Run:
    """Return a run of three chunks that may all be under way."""
    run = started()
    Run.objects.filter(pk=run.pk).update(parallel=3)
    return run


def held_chunk(run: Run) -> Chunk:
    chunk = run.chunks.first()
    assert chunk
    assert chunk.claim(holder=this_process(), now=NOW, lease_seconds=60)
    return chunk


def test_a_worker_takes_no_chunk_while_as_many_are_held_as_fit_and_the_run_says_why(
    cluster: WorkerCluster,
) -> None:
    run = begun()
    chunk = held_chunk(run)

    assert work() == 0

    run.refresh_from_db()
    assert run.slower == SAID
    assert chunk.put_back(not_before=None)
    assert work() == 3
    run.refresh_from_db()
    assert (run.status, run.slower) == (RunStatus.COMPLETE, SAID)


def test_chunks_of_other_hosts_do_not_count(cluster: WorkerCluster) -> None:
    run = begun()
    chunk = run.chunks.first()
    assert chunk
    assert chunk.claim(holder="another:host/1/1", now=NOW, lease_seconds=60)

    assert work() == 2


def test_with_memory_for_all_nothing_is_counted_or_said(cluster: WorkerCluster) -> None:
    WorkerCluster.objects.update(chunks_at_once=None, slower="")
    run = begun()
    held_chunk(run)

    assert work() == 2

    run.refresh_from_db()
    assert run.slower == ""


def test_the_progress_of_a_run_that_waits_says_why_it_is_slower(cluster: WorkerCluster) -> None:
    run = begun()

    assert progress_of(run, now=NOW).slower == SAID
    assert progress_of(run, now=NOW + timedelta(hours=1)).slower == ""


@pytest.mark.django_db(transaction=True)
def test_workers_that_look_at_the_same_moment_take_no_more_than_fit(
    cluster: WorkerCluster,
) -> None:
    run = make_run()
    for index in range(8):
        make_chunk(run, index)
    WorkerCluster.objects.update(chunks_at_once=2)
    cluster.refresh_from_db()
    ready = Barrier(6)

    def claim() -> bool:
        try:
            ready.wait(PATIENCE_SECONDS)
            with throttle.turn(cluster, clock=database_clock, lease=LEASE) as may_claim:
                due = Chunk.objects.filter(status=ChunkStatus.WAITING).first()
                return bool(
                    may_claim
                    and due
                    and due.claim(holder=this_process(), now=database_clock(), lease_seconds=60)
                )
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(lambda _: claim(), range(6)))

    assert sum(taken) == 2


def test_the_supervisor_decides_by_what_is_in_use_and_says_it_once(
    cluster: WorkerCluster, caplog: pytest.LogCaptureFixture
) -> None:
    used = psutil.Process().memory_full_info().pss
    scarce = MemoryPolicy(limit_bytes=round((used + 250 * 2**20) / 0.85), chunk_bytes=100 * 2**20)
    monitor = throttle.Monitor(scarce, LEASE, workers=3)

    with caplog.at_level(logging.INFO):
        verdicts = [monitor.look(now=NOW) for _ in range(3)]

    cluster.refresh_from_db()
    assert [verdict.chunks for verdict in verdicts] == [2, 2, 2]
    assert cluster.chunks_at_once == 2
    assert cluster.slower == str(verdicts[-1])
    assert [r.getMessage()[:7] for r in caplog.records if "Slower" in r.getMessage()] == ["Slower:"]


def test_memory_is_looked_at_at_each_beat_only_where_half_of_it_is_used(
    cluster: WorkerCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    used = psutil.Process().memory_full_info().pss

    def of_processes(_: object) -> int:
        looks.append(used)
        return used

    monkeypatch.setattr("transcription.memory.of_processes", of_processes)
    for limit, expected in ((4 * used, 1), (round(1.5 * used), 3)):
        looks.clear()
        policy = MemoryPolicy(limit_bytes=limit, chunk_bytes=1)
        monitor = throttle.Monitor(policy, LEASE, workers=3)
        for _ in range(3):
            monitor.look(now=NOW)
        assert len(looks) == expected


def test_when_memory_suffices_again_all_may_hold_a_chunk(cluster: WorkerCluster) -> None:
    throttle.Monitor(MemoryPolicy(), LEASE, workers=3).look(now=NOW)

    cluster.refresh_from_db()
    assert (cluster.chunks_at_once, cluster.slower) == (None, "")


def test_no_more_jobs_are_asked_for_than_fit(cluster: WorkerCluster) -> None:
    run = begun()
    scarce = Verdict(chunks=2, of=3, used_bytes=0, limit_bytes=0)

    assert throttle.jobs_allowed(scarce, now=NOW) == 2
    held_chunk(run)
    assert throttle.jobs_allowed(scarce, now=NOW) == 1
    assert throttle.jobs_allowed(replace(scarce, chunks=1), now=NOW) == 0
    assert throttle.jobs_allowed(replace(scarce, chunks=3), now=NOW) == 3
    run.refresh_from_db()
    assert run.slower.startswith("Slower: ")


@pytest.mark.parametrize("values", [{"chunks_at_once": 1}, {"slower": SAID}])
def test_a_cluster_is_slower_for_a_reason_and_has_none_where_it_is_not(
    cluster: WorkerCluster, values: dict[str, object]
) -> None:
    WorkerCluster.objects.update(chunks_at_once=None, slower="")

    with pytest.raises(IntegrityError), transaction.atomic():
        WorkerCluster.objects.update(**values)


def test_only_a_paused_run_lacks_room() -> None:
    run = make_run()

    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.filter(pk=run.pk).update(room_host="a-host")
