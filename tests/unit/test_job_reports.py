import os
from collections.abc import Iterator

import pytest

from transcription import job_reports
from transcription.job_reports import Reports
from transcription.watchdog import Event, Report


@pytest.fixture
def reports() -> Iterator[Reports]:
    made = Reports()
    made.speak()
    yield made
    job_reports._writers.clear()
    made.close()


def ours(*events: Event) -> list[Report]:
    return [Report(event, os.getpid()) for event in events]


def test_a_job_is_reported_when_it_begins_and_when_it_ends(reports: Reports) -> None:
    with job_reports.at_work():
        assert reports.read() == ours(Event.BEGUN)

    assert reports.read() == ours(Event.ENDED)


def test_a_job_that_fails_has_ended_too(reports: Reports) -> None:
    with pytest.raises(SystemExit), job_reports.at_work():
        raise SystemExit  # django-q2's time is over

    assert reports.read() == ours(Event.BEGUN, Event.ENDED)


def test_nothing_said_is_nothing_read(reports: Reports) -> None:
    assert reports.read() == []


def test_outside_a_cluster_nothing_is_said_and_work_goes_on() -> None:
    assert job_reports._writers == []
    with job_reports.at_work():
        job_reports.say(Event.CANARY)


def test_forks_speak_for_themselves(reports: Reports) -> None:
    pid = os.fork()
    if not pid:
        job_reports.say(Event.CANARY)
        os._exit(0)
    os.waitpid(pid, 0)

    assert reports.read() == [Report(Event.CANARY, pid)]


def test_a_line_that_came_in_parts_is_read_when_it_is_whole(reports: Reports) -> None:
    os.write(reports._writer, b"begun 7\nen")
    assert reports.read() == [Report(Event.BEGUN, 7)]

    os.write(reports._writer, b"ded 7\n")

    assert reports.read() == [Report(Event.ENDED, 7)]


def test_a_supervisor_that_does_not_read_holds_up_no_work(reports: Reports) -> None:
    for _ in range(20_000):
        job_reports.say(Event.BEGUN)

    assert set(reports.read()) == {Report(Event.BEGUN, os.getpid())}


def test_reports_that_all_writers_left_are_no_error(reports: Reports) -> None:
    reports.hand_over()
    job_reports._writers.clear()

    assert reports.read() == []
