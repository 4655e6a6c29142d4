"""A run is started: once, by whom, with what."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from hearings.models import CheckStatus
from tests.at_once import at_once
from tests.db.run_kit import (
    options,
    recorded_hearing,
    seconds_named,
    started,
    status_of,
    text_of,
    work,
)
from tests.factories import NOW, make_hearing
from tests.fake_api import FakeApi
from transcription import pipeline
from transcription.admission import StartRefused
from transcription.engines.scripted import ScriptedEngine
from transcription.models import Run, RunStatus

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("script")]

LATER = NOW + timedelta(hours=1)


@pytest.mark.django_db(transaction=True)
def test_started_by_a_person_everything_happens_by_itself() -> None:
    person = User.objects.create(username="clerk")

    run = pipeline.start(recorded_hearing(), options(), by=person, now=NOW)

    run.refresh_from_db()
    assert (run.status, run.requested_by) == (RunStatus.COMPLETE, person)
    assert text_of(run) == seconds_named(range(30))
    assert run.started_at and run.finished_at


@pytest.mark.django_db(transaction=True)
def test_where_people_talk_without_a_pause_no_second_is_lost_or_doubled() -> None:
    hearing = recorded_hearing(60, speech=[[0, 60_000]])

    run = pipeline.start(hearing, options(), by=None, now=NOW)

    assert run.chunks.count() > 5
    assert text_of(run) == seconds_named(range(60))


def test_workers_are_nudged_when_the_start_is_committed_and_not_before(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        run = started()
        assert ScriptedEngine.heard == []

    assert status_of(run) == RunStatus.COMPLETE


def test_workers_that_are_nudged_before_the_commit_are_seen(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transaction, "on_commit", lambda do, **_: do())

    with pytest.raises(AssertionError):
        test_workers_are_nudged_when_the_start_is_committed_and_not_before(
            django_capture_on_commit_callbacks
        )


def test_the_same_start_again_finds_the_same_run() -> None:
    hearing = recorded_hearing()

    assert started(hearing) == started(hearing)
    assert hearing.runs.count() == 1


def test_a_complete_run_is_returned_unchanged_and_nothing_is_sent_again() -> None:
    hearing = recorded_hearing()
    run = started(hearing)
    work()
    heard = len(ScriptedEngine.heard)

    assert started(hearing) == run
    assert work() == 0
    assert len(ScriptedEngine.heard) == heard
    assert status_of(run) == RunStatus.COMPLETE


def test_asked_for_again_a_complete_run_is_followed_by_a_new_one() -> None:
    hearing = recorded_hearing()
    first = started(hearing)
    work()

    second = pipeline.start(hearing, options(), by=None, now=LATER, again=True)
    work()

    assert second != first
    assert text_of(second) == text_of(first) == seconds_named(range(30))


def test_asked_for_again_a_run_under_way_goes_on() -> None:
    hearing = recorded_hearing()
    run = started(hearing)

    assert pipeline.start(hearing, options(), by=None, now=LATER, again=True) == run


def test_a_recording_that_was_replaced_is_transcribed_anew() -> None:
    hearing = recorded_hearing()
    first = started(hearing)
    work()
    hearing.recording_sha256 = "1" * 64
    hearing.save()

    assert started(hearing) != first


def test_other_settings_while_a_run_is_under_way_are_refused() -> None:
    hearing = recorded_hearing()
    run = started(hearing)

    with pytest.raises(StartRefused, match=f"Run {run.pk} with other settings"):
        started(hearing, options(sequential=True))


def test_after_it_ended_other_settings_make_another_run() -> None:
    hearing = recorded_hearing()
    first = started(hearing)
    work()

    assert started(hearing, options(sequential=True)) != first


def test_a_cancelled_run_is_not_found_again() -> None:
    hearing = recorded_hearing()
    first = started(hearing)
    pipeline.cancel(first, now=NOW)

    assert started(hearing) != first


@pytest.mark.django_db(transaction=True)
def test_of_two_who_start_at_once_one_begins_the_run(settings: Settings) -> None:
    settings.DISPATCHER = "tests.db.run_kit.NoDispatcher"
    hearing = recorded_hearing()

    def start() -> str:
        try:
            return str(started(hearing).pk)
        except StartRefused as refused:
            return str(refused)

    outcomes = at_once([start] * 4)

    assert hearing.runs.count() == 1
    assert hearing.runs.get().chunks.count() == 3
    assert str(hearing.runs.get().pk) in outcomes


@pytest.mark.parametrize("status", [CheckStatus.CHECKING, CheckStatus.REFUSED])
def test_a_recording_that_was_not_accepted_is_not_started(status: CheckStatus) -> None:
    with pytest.raises(StartRefused, match="has not been accepted"):
        started(recorded_hearing(check_status=status))


def test_an_engine_that_does_not_exist_is_refused() -> None:
    with pytest.raises(StartRefused, match="no engine “ear”"):
        started(None, options("ear"))


def test_an_engine_that_cannot_work_is_refused_before_anything_is_written() -> None:
    with pytest.raises(StartRefused, match="OPENAI_API_KEY"):
        started(None, options("openai"))

    assert not Run.objects.exists()


def test_a_closed_hearing_is_not_started_with_a_hosted_engine(api: FakeApi) -> None:
    with pytest.raises(StartRefused, match="must not leave the house"):
        started(recorded_hearing(is_closed=True), options("openai"))

    assert not Run.objects.exists()
    assert api.arrivals == []


def test_a_closed_hearing_may_be_transcribed_on_this_machine() -> None:
    run = started(recorded_hearing(is_closed=True))

    work()

    assert status_of(run) == RunStatus.COMPLETE


def test_a_silent_recording_is_complete_without_a_call() -> None:
    run = started(recorded_hearing(speech=[]))

    assert (run.status, run.chunks.count(), run.segments.count()) == (RunStatus.COMPLETE, 0, 0)
    assert ScriptedEngine.heard == []


def test_an_analysis_without_speech_costs_nothing_on_a_hosted_engine(api: FakeApi) -> None:
    run = started(make_hearing(speech=[]), options("openai"))

    assert (run.status, api.arrivals) == (RunStatus.COMPLETE, [])
