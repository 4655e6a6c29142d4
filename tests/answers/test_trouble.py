"""A server or a network in trouble: tried again, and counted where it may have been paid."""

import socket

import pytest
from pytest_django import Settings

from tests.answers.kit import Trial, assert_is_a_sentence
from tests.fake_api import faults
from tests.fake_api.refusals import Fault
from transcription.models import Attempt, ChunkStatus, RunStatus

NOT_BILLED = [
    *(faults.failed(status) for status in (408, 409, 500, 502, 503, 504)),
    faults.html_page(502),
    faults.html_page(500),
    faults.reset_before_body(),
]
MAYBE_BILLED = [
    faults.reset_after_body(),
    faults.closed_after_body(),
    faults.reset_mid_answer(),
    faults.closed_mid_answer(),
]
SLOW = [
    faults.nothing_for_ever(),
    faults.headers_then_nothing(),
    faults.dribble(period=0.2, where="body"),
    faults.dribble(period=0.2, where="headers"),
]


def name(fault: Fault) -> str:
    return fault.name


@pytest.mark.parametrize("fault", NOT_BILLED, ids=name)
def test_what_was_not_heard_is_sent_again(trial: Trial, fault: Fault) -> None:
    trial.api.next(fault, times=3)
    trial.start()

    trial.work()

    first = trial.first
    assert (first.status, first.tries, first.ambiguous) == (ChunkStatus.WAITING, 1, 0)
    assert_is_a_sentence(first.error)
    assert trial.to_the_end().status == RunStatus.COMPLETE
    assert (trial.text, trial.calls) == (trial.script, 6)
    assert not any(attempt.may_be_billed for attempt in trial.attempts)


@pytest.mark.parametrize("fault", NOT_BILLED[2:3], ids=name)
def test_a_server_that_stays_away_fails_the_chunk_after_ten_tries(
    trial: Trial, fault: Fault
) -> None:
    trial.refuse_first(fault)
    trial.start()

    trial.to_the_end()

    assert (trial.run.status, trial.calls) == (RunStatus.INCOMPLETE, 12)
    assert (trial.first.status, trial.first.tries) == (ChunkStatus.FAILED, 10)
    assert trial.first.error in trial.run.reason


@pytest.mark.parametrize("fault", MAYBE_BILLED, ids=name)
def test_what_may_have_been_paid_is_sent_once_more_and_counted(trial: Trial, fault: Fault) -> None:
    trial.api.next(fault)
    trial.start()

    assert trial.to_the_end().status == RunStatus.COMPLETE

    assert (trial.text, trial.calls, trial.first.ambiguous) == (trial.script, 4, 1)
    assert [attempt.may_be_billed for attempt in trial.attempts] == [True, False, False, False]


@pytest.mark.parametrize("fault", MAYBE_BILLED, ids=name)
def test_what_may_have_been_paid_twice_waits_for_a_person(trial: Trial, fault: Fault) -> None:
    trial.refuse_first(fault)
    trial.start()

    trial.to_the_end()

    assert (trial.run.status, trial.calls) == (RunStatus.INCOMPLETE, 4)
    assert (trial.first.status, trial.first.ambiguous) == (ChunkStatus.NEEDS_PERSON, 2)
    assert "paid for" in trial.run.reason


@pytest.mark.parametrize("fault", SLOW, ids=name)
def test_a_call_that_never_ends_ends_at_the_deadline_and_frees_its_slot(
    trial: Trial, fault: Fault, settings: Settings
) -> None:
    settings.API_TIMEOUT_SECONDS = 0.6
    trial.api.next(fault)
    trial.start()

    trial.work()

    call = trial.attempts[0]
    assert call.finished_at is not None
    assert (call.status, call.may_be_billed) == (Attempt.Status.FAILED, True)
    assert "0.6 seconds" in call.error or "in time" in call.error
    settings.API_TIMEOUT_SECONDS = 30
    assert trial.to_the_end().status == RunStatus.COMPLETE
    assert (trial.text, trial.calls, trial.first.ambiguous) == (trial.script, 4, 1)


def test_a_server_that_is_not_there_is_asked_again(trial: Trial, settings: Settings) -> None:
    url = settings.OPENAI_BASE_URL
    with socket.create_server(("127.0.0.1", 0)) as closed_at_once:
        settings.OPENAI_BASE_URL = f"http://127.0.0.1:{closed_at_once.getsockname()[1]}/v1"
    trial.start()

    trial.work()

    assert (trial.calls, trial.first.status, trial.first.ambiguous) == (0, ChunkStatus.WAITING, 0)
    assert "could not be reached" in trial.first.error
    settings.OPENAI_BASE_URL = url
    assert trial.to_the_end().status == RunStatus.COMPLETE
    assert trial.text == trial.script


def test_a_name_that_nobody_knows_is_asked_again(trial: Trial, settings: Settings) -> None:
    url = settings.OPENAI_BASE_URL
    settings.OPENAI_BASE_URL = "http://nowhere.invalid/v1"
    trial.start()

    trial.work()

    assert (trial.calls, trial.first.status) == (0, ChunkStatus.WAITING)
    assert "could not be reached" in trial.first.error
    settings.OPENAI_BASE_URL = url
    assert trial.to_the_end().status == RunStatus.COMPLETE
    assert trial.text == trial.script
