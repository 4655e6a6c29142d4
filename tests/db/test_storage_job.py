"""The check of storage that workers do when somebody asks for it in the admin."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from hearings.models import Hearing, StorageCheck
from tests.db.run_kit import NoDispatcher
from tests.db.storage_kit import found
from tests.storage_kit import (
    everything_wrong,
    file_of,
    kept_hearing,
)
from transcription import storage_check, storage_job
from transcription.clock import database_clock
from transcription.limiter import Limit, acquire

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folders")]


@pytest.fixture
def nobody_works(settings: Settings) -> None:
    settings.DISPATCHER = f"{NoDispatcher.__module__}.{NoDispatcher.__qualname__}"


def go_on() -> StorageCheck:
    storage_job.go_on(clock=database_clock)
    return StorageCheck.objects.latest("pk")


@pytest.mark.usefixtures("nobody_works")
def test_workers_do_what_the_command_does() -> None:
    wrong = everything_wrong()
    assert storage_job.request(repairs=False, by=None, now=database_clock())
    assert storage_job.is_awaited()

    check = go_on()

    assert check.status == StorageCheck.Status.DONE and check.finished_at
    assert [each.to_json() for each in storage_job.problems_of(check)] == found()[1]["problems"]
    assert (check.recordings, check.too_young) == (3, 1)
    assert wrong.recording.exists()
    assert not storage_job.is_awaited()


@pytest.mark.usefixtures("nobody_works")
def test_a_second_request_starts_no_second_check() -> None:
    assert storage_job.request(repairs=False, by=None, now=database_clock())
    assert not storage_job.request(repairs=True, by=None, now=database_clock())
    assert StorageCheck.objects.get().repairs is False

    go_on()
    assert storage_job.request(repairs=True, by=None, now=database_clock())


@pytest.mark.usefixtures("nobody_works")
def test_a_check_goes_on_after_what_a_dead_worker_did(monkeypatch: pytest.MonkeyPatch) -> None:
    hearings = [kept_hearing(bytes([number])) for number in range(4)]
    file_of(hearings[0]).unlink()
    storage_job.request(repairs=False, by=None, now=database_clock())
    looked: list[int] = []
    look = storage_check.look_at_recording

    def dies_at_the_third(hearing: Hearing, **how: Any) -> Any:
        looked.append(hearing.pk)
        if len(looked) == 3:
            raise SystemExit  # as a worker that is killed
        return look(hearing, **how)

    monkeypatch.setattr(storage_check, "look_at_recording", dies_at_the_third)
    with pytest.raises(SystemExit):
        go_on()
    check = go_on()

    first, second, third, fourth = (hearing.pk for hearing in hearings)
    assert looked == [first, second, third, third, fourth]
    assert (check.status, check.recordings, len(check.problems)) == ("done", 4, 1)


@pytest.mark.usefixtures("nobody_works")
def test_a_job_whose_time_is_over_leaves_the_rest_to_the_next(settings: Settings) -> None:
    for number in range(2):
        kept_hearing(bytes([number]))
    settings.LEASE = replace(settings.LEASE, job_seconds=0)
    storage_job.request(repairs=False, by=None, now=database_clock())

    check = go_on()

    assert (check.status, check.recordings) == ("under_way", 0)
    assert storage_job.is_awaited()


@pytest.mark.usefixtures("nobody_works")
def test_where_another_worker_is_at_it_nothing_is_done() -> None:
    storage_job.request(repairs=False, by=None, now=database_clock())
    acquire(Limit(storage_job.NAME, 1), now=database_clock(), lease_seconds=30)

    assert go_on().status == "under_way"
    assert not storage_job.is_awaited()


@pytest.mark.usefixtures("nobody_works")
def test_a_check_that_fails_says_why_and_is_not_tried_for_ever(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "scratch").write_text("in the way")
    storage_job.request(repairs=False, by=None, now=database_clock())
    check = go_on()
    assert (check.status, check.finished_at is None) == ("failed", False)
    assert "Not a directory" in check.reason

    def fault(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(storage_check, "look_at_files", fault)
    storage_job.request(repairs=False, by=None, now=database_clock())
    assert "ZeroDivisionError" in go_on().reason
    assert not storage_job.is_awaited()


@pytest.mark.usefixtures("nobody_works")
def test_only_the_latest_checks_are_kept() -> None:
    for _ in range(storage_job.KEPT_CHECKS + 2):
        storage_job.request(repairs=False, by=None, now=database_clock())
        go_on()

    assert StorageCheck.objects.count() == storage_job.KEPT_CHECKS
