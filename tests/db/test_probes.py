"""Each component is really broken, seen to have failed, mended, and seen to be well again."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings

from tests.factories import make_chunk, make_hearing, make_run
from tests.fake_api import FakeApi
from transcription import clusters, rates
from transcription.bucket import UnixNow
from transcription.chunk_job import CLUSTER_VARIABLE
from transcription.clock import database_clock
from transcription.health import State
from transcription.models import ChunkStatus, RateLimit, Slot, WorkerCluster
from transcription.probes import COMPONENTS, machine, stores, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folders")]

MIB = 1024**2


# Database and storage


def test_the_database_is_well_and_keeps_nothing_of_the_test() -> None:
    assert stores.database().state == State.OK
    assert not Slot.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_takes_no_writes_has_failed() -> None:
    switch = {
        "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
        "postgresql": (
            "SET default_transaction_read_only = on",
            "SET default_transaction_read_only = off",
        ),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(switch[0])
        seen = stores.database()
        cursor.execute(switch[1])

    assert seen.state == State.FAILED
    assert "does not work" in seen.measured
    assert stores.database().state == State.OK


def test_storage_is_well_and_leaves_no_file(tmp_path: Path) -> None:
    assert stores.storage().state == State.OK
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(("folder", "what"), [("media", "Recordings"), ("receipts", "Answers")])
def test_a_folder_that_cannot_be_written_to_has_failed(
    tmp_path: Path, folder: str, what: str
) -> None:
    (tmp_path / folder).write_text("a file where a folder should be")

    seen = stores.storage()
    assert seen.state == State.FAILED
    assert f"{what} cannot be kept in {tmp_path / folder}" in seen.measured

    (tmp_path / folder).unlink()
    assert stores.storage().state == State.OK


def test_a_folder_of_recordings_that_is_gone_has_failed_and_is_not_made_anew(
    tmp_path: Path,
) -> None:
    make_hearing()
    away = tmp_path / "away"
    (tmp_path / "media").rename(away)

    seen = stores.storage()
    assert seen.state == State.FAILED
    assert "is missing" in seen.measured and "Mount its disk" in seen.advice
    assert not (tmp_path / "media").exists()

    away.rename(tmp_path / "media")
    assert stores.storage().state == State.OK


# The machine


def test_ffmpeg_off_the_path_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    path = os.environ["PATH"]
    assert machine.ffmpeg().state == State.OK

    monkeypatch.setenv("PATH", "")
    seen = machine.ffmpeg()
    assert seen.state == State.FAILED
    assert "Install ffmpeg" in seen.measured

    monkeypatch.setenv("PATH", path)
    assert machine.ffmpeg().state == State.OK


@pytest.mark.parametrize("broken", ["ffmpeg", "ffprobe"])
def test_a_program_that_does_not_run_has_failed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, broken: str
) -> None:
    program = tmp_path / broken
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    seen = machine.ffmpeg()
    assert seen.state == State.FAILED
    assert broken in seen.measured


def test_scratch_tells_how_much_is_used(settings: Settings, tmp_path: Path) -> None:
    assert machine.scratch().state == State.OK
    (tmp_path / "scratch" / "somebody's").write_bytes(bytes(2 * MIB))
    assert "2 of 2,048 MB" in machine.scratch().measured

    settings.SCRATCH = replace(settings.SCRATCH, max_bytes=MIB)
    assert machine.scratch().state == State.WARNING

    settings.SCRATCH = replace(settings.SCRATCH, max_bytes=0)
    assert machine.scratch().measured.startswith("Not used")


def test_scratch_that_others_reach_into_is_told_and_well_again(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir(mode=0o755)

    seen = machine.scratch()
    assert seen.state == State.WARNING
    assert "mode 700" in seen.measured

    (tmp_path / "scratch").chmod(0o700)
    assert machine.scratch().state == State.OK
    assert [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("available_mb", "percent", "state"),
    [(4_000, 40.0, State.OK), (4_000, 85.0, State.WARNING), (499, 40.0, State.FAILED)],
)
def test_memory_is_judged_by_what_is_left(available_mb: int, percent: float, state: State) -> None:
    assert machine.memory_seen(available_mb * 1000**2, percent).state == state


@pytest.mark.parametrize(
    ("free", "state"),
    [(2 * 1000**3, State.OK), (2 * 1000**3 - 1, State.WARNING), (64 * MIB - 1, State.FAILED)],
)
def test_a_disk_is_judged_by_what_is_free(free: int, state: State) -> None:
    assert machine.room_seen("recordings", free).state == state


def test_this_machine_and_its_disks_can_be_measured() -> None:
    assert "MB are available" in machine.memory().measured
    assert machine.disk().measured.count("GB are free") == 3


# Workers and limits


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> WorkerCluster:
    monkeypatch.setenv(CLUSTER_VARIABLE, "")
    now = database_clock()
    cluster = clusters.announce(workers=3, now=now)
    clusters.beat(cluster, now=now, canary_at=now)
    return cluster


def silent_for(cluster: WorkerCluster, seconds: float) -> None:
    """Have no worker have taken a job for so long, while the cluster says that it lives."""
    now = database_clock()
    clusters.beat(cluster, now=now, canary_at=now - timedelta(seconds=seconds))


def test_without_workers_the_queue_has_failed() -> None:
    seen = work.queue()

    assert (seen.state, seen.measured) == (State.FAILED, "No workers are alive.")


def test_the_queue_is_well_while_canaries_come_back(cluster: WorkerCluster) -> None:
    assert work.queue().state == State.OK

    silent_for(cluster, 61)
    seen = work.queue()
    assert seen.state == State.FAILED
    assert "3 workers are there, and none has taken a job for 1:01" in seen.measured

    silent_for(cluster, 1)
    assert work.queue().state == State.OK


def test_workers_that_were_killed_are_seen_at_once(cluster: WorkerCluster) -> None:
    host, pid, _ = cluster.holder.split("/")
    WorkerCluster.objects.update(holder=f"{host}/{pid}/started-earlier")

    seen = work.queue()
    assert seen.state == State.FAILED
    assert "The last ones were seen at" in seen.measured


@pytest.mark.parametrize("lease_seconds", [30, -1])
def test_who_renews_a_lease_is_at_work_and_who_does_not_is_no_excuse(
    cluster: WorkerCluster, lease_seconds: int
) -> None:
    silent_for(cluster, 600)
    until = database_clock() + timedelta(seconds=lease_seconds)
    Slot.objects.create(limit="embedded", number=0, lease_until=until)

    assert work.queue().state == (State.OK if lease_seconds > 0 else State.FAILED)


def test_a_chunk_under_way_is_a_sign_of_life(cluster: WorkerCluster) -> None:
    silent_for(cluster, 600)
    chunk = make_chunk(make_run())
    chunk.claim(holder="somebody", now=database_clock(), lease_seconds=30)

    assert work.queue().state == State.OK
    assert chunk.status == ChunkStatus.RUNNING


@pytest.mark.parametrize(("seconds", "state"), [(5, State.WARNING), (120, State.FAILED)])
def test_workers_have_a_minute_to_prove_themselves(
    cluster: WorkerCluster, seconds: int, state: State
) -> None:
    started = database_clock() - timedelta(seconds=seconds)
    WorkerCluster.objects.update(canary_at=None, started_at=started)

    assert work.queue().state == state


def test_a_limit_that_nobody_needed_yet_is_open_and_not_made_by_looking() -> None:
    assert work.limiter().state == State.OK
    assert rates.known() is None


def test_a_closed_limit_says_until_when_and_why(settings: Settings) -> None:
    rates.row(settings.RATE)
    assert work.limiter().measured.startswith("20 of 20 requests may leave at once")

    rates.close_for(600, reason="The server asked for ten minutes.")
    seen = work.limiter()
    assert seen.state == State.WARNING
    assert "Closed until" in seen.measured
    assert "The server asked for ten minutes." in seen.measured

    rates.open_now()
    assert work.limiter().state == State.OK


def test_an_open_circuit_is_told(settings: Settings) -> None:
    rates.row(settings.RATE)
    RateLimit.objects.update(is_broken=True, probe_until=UnixNow() + 20)

    assert work.limiter().state == State.WARNING


def test_all_components_together_ask_the_database_little(
    settings: Settings,
    chosen_api: FakeApi,
    cluster: WorkerCluster,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    rates.row(settings.RATE)
    with django_assert_max_num_queries(25):
        states = [component.probe().state for component in COMPONENTS]

    assert len(states) == 10
