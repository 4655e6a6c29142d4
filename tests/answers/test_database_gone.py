"""The database goes while a server answers: what was paid for is kept, and not paid for again."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import Error, OperationalError, connection

from tests.answers.conftest import KNOWN
from tests.answers.kit import Trial
from tests.fake_api import Answer, Arrival
from transcription import receipts, recovery
from transcription.chunk_job import ChunkJob
from transcription.clock import database_clock
from transcription.models import Attempt, RunStatus
from transcription.policies import LeasePolicy, RatePolicy

AFTER_THE_LEASES = timedelta(minutes=1)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("anew")]


def refuse() -> None:
    raise OperationalError("the database system is starting up")


@pytest.fixture
def anew(trial: Trial) -> Iterator[None]:
    """Leave no cut connection to those who come after."""
    yield
    connection.close()


@pytest.fixture
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def cut_during_the_first_call(trial: Trial, answer: Answer | None = None) -> None:
    """Have the server answer while the connection of the worker is cut."""
    connection.ensure_connection()
    worker_has = connection.connection

    def cut_and_answer(arrival: Arrival) -> Answer:
        if trial.calls > 1:
            return KNOWN(arrival)
        worker_has.close()
        return answer or KNOWN(arrival)

    trial.api.answer = cut_and_answer


def test_an_answer_is_recorded_over_a_new_connection(trial: Trial) -> None:
    trial.start()
    cut_during_the_first_call(trial)

    assert trial.to_the_end().status == RunStatus.COMPLETE

    assert (trial.text, trial.calls) == (trial.script, 3)
    assert {attempt.status for attempt in trial.attempts} == {Attempt.Status.OK}


@pytest.mark.parametrize("answer", [None, Answer(200, b"{")], ids=["usable", "cut JSON"])
def test_while_the_database_stays_away_the_answer_lies_on_the_disk(
    trial: Trial, patch: pytest.MonkeyPatch, answer: Answer | None
) -> None:
    trial.start()
    cut_during_the_first_call(trial, answer)
    patch.setattr(connection, "connect", refuse)

    with pytest.raises(Error):
        ChunkJob(clock=database_clock, lease=LeasePolicy(), rate=RatePolicy()).run()

    patch.undo()
    [call] = trial.attempts
    assert (call.status, receipts.read(call) is not None) == (Attempt.Status.SENDING, True)
    trial.clock.now = database_clock() + AFTER_THE_LEASES
    recovery.recover_stalled(now=trial.clock())
    call.refresh_from_db()
    assert call.status == (Attempt.Status.LOST if answer else Attempt.Status.OK)
    assert trial.to_the_end().status == RunStatus.COMPLETE
    assert (trial.text, trial.calls) == (trial.script, 4 if answer else 3)
