"""What a supervisor does with clusters that fail, played with clusters of no processes."""

import logging
from dataclasses import dataclass, field
from itertools import pairwise
from typing import cast

import pytest
from django.db import OperationalError

from tests.factories import NOW
from transcription import clusters
from transcription.chunk_job import CLUSTER_VARIABLE
from transcription.models import WorkerCluster
from transcription.supervising import MOST_ENDING, SupervisionPolicy, Supervisor
from transcription.watchdog import Event, Report, Watch
from transcription.worker_group import WorkerGroup

pytestmark = pytest.mark.django_db

POLICY = SupervisionPolicy(workers=2, ending_seconds=60, beat_seconds=2, tick_seconds=0)
BUSY = Report(Event.BEGUN, 2)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CLUSTER_VARIABLE, "")  # restored after the test, whatever it sets


@dataclass
class FakeGroup:
    """A cluster whose leader is process 1."""

    row: WorkerCluster
    living: set[int] = field(default_factory=lambda: {1, 2, 3, 4, 5})
    reports: list[Report] = field(default_factory=lambda: [Report(Event.READY, 1)])
    is_closed: bool = False

    def __str__(self) -> str:
        return "worker cluster 1"

    @property
    def is_over(self) -> bool:
        return not self.living

    @property
    def has_leader(self) -> bool:
        return 1 in self.living

    def look(self, watch: Watch, *, now: float) -> frozenset[int]:
        watch.heard(self.reports, now=now)
        self.reports = []
        return watch.seen(frozenset(self.living), now=now)

    def kill_all_but(self, spared: frozenset[int]) -> None:
        self.living &= spared

    def close(self) -> None:
        self.is_closed = True


class Stage:
    """A supervisor that is given fake clusters, or an error, and told the time."""

    def __init__(self) -> None:
        self.started: list[FakeGroup] = []
        self.error: Exception | None = None
        self.supervisor = Supervisor(
            POLICY,
            sweep=lambda: None,
            on_ready=lambda: None,
            on_leave=lambda: None,
            start=self._start,
        )

    def _start(self, *, workers: int) -> WorkerGroup:
        if self.error:
            raise self.error
        self.started.append(FakeGroup(clusters.announce(workers=workers, now=NOW)))
        return cast(WorkerGroup, self.started[-1])

    def at(self, *moments: float) -> None:
        for moment in moments:
            self.supervisor._tick(moment)

    def fail(self, group: FakeGroup) -> None:
        group.living.discard(1)


def test_a_cluster_without_its_leader_is_replaced_and_its_call_may_end() -> None:
    stage = Stage()
    stage.at(0)
    (old,) = stage.started
    old.reports.append(BUSY)
    stage.at(10)

    stage.fail(old)
    stage.at(20)

    _, new = stage.started
    assert old.living == {2}
    assert [row.pk for row in WorkerCluster.objects.all()] == [new.row.pk]
    old.reports.append(Report(Event.ENDED, 2))
    stage.at(30, 30.2)
    assert old.is_closed
    assert not new.is_closed


def test_a_call_that_does_not_end_in_its_time_is_cut_off(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    stage.at(0)
    (old,) = stage.started
    old.reports.append(BUSY)
    stage.at(10)
    stage.fail(old)

    stage.at(20, 80)
    assert old.living == {2}
    stage.at(80.1)

    assert old.living == set()
    assert "did not end what it was at within 60 s" in caplog.text


def test_a_worker_of_an_old_cluster_that_takes_another_job_is_not_spared_again() -> None:
    stage = Stage()
    stage.at(0)
    (old,) = stage.started
    old.reports.append(BUSY)
    stage.at(10)
    stage.fail(old)
    stage.at(20)

    old.reports += [Report(Event.ENDED, 2)]
    stage.at(30)

    assert old.living == set()


def test_clusters_that_fail_at_once_are_started_later_and_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage()
    begun = []
    for tenth in range(700):
        before = len(stage.started)
        stage.at(tenth / 10)
        if len(stage.started) > before:
            begun.append(tenth / 10)
            stage.fail(stage.started[-1])

    pauses = [round(b - a) for a, b in pairwise(begun)]
    assert pauses == [1, 2, 4, 8, 16, 30]
    assert "A new cluster starts in 30 s." in caplog.text


@pytest.mark.django_db(transaction=True)  # a connection that failed is closed
def test_a_database_that_does_not_answer_keeps_clusters_from_starting_for_a_while(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage()
    stage.error = OperationalError("no connection")
    stage.at(0)
    stage.error = None

    stage.at(0.9)
    assert stage.started == []
    stage.at(1)

    assert len(stage.started) == 1
    assert "trying again in 1 s: no connection" in caplog.text


def test_no_more_than_some_clusters_may_be_at_their_last_calls(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage()
    for number in range(MOST_ENDING):
        stage.at(number * 10)
        stage.started[-1].reports.append(BUSY)
        stage.at(number * 10 + 8)
        stage.fail(stage.started[-1])

    stage.at(MOST_ENDING * 10)

    assert [group.living for group in stage.started] == [{2}] * MOST_ENDING
    assert "no further one is started" in caplog.text


def test_what_is_amiss_and_what_is_done_are_a_sentence_each(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage()
    stage.at(0)
    stage.started[0].reports.append(BUSY)
    stage.at(10)
    stage.fail(stage.started[0])

    stage.at(20)

    assert [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR] == [
        "Worker cluster 1 no longer works: its leading process ended.",
        "A new cluster starts at once; 1 worker of the old one at work may end that within 60 s.",
    ]
