"""What no waiting mends: the run pauses at once, after one call, and says what to do."""

from pathlib import Path

import pytest
from pytest_django import Settings

from tests.answers.kit import KEY, Trial
from tests.fake_api import FakeApi, faults
from tests.fake_api.refusals import Fault
from tests.fake_api.tls import self_signed
from transcription import pipeline
from transcription.models import ChunkStatus, RunStatus


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (faults.quota_exhausted(), "quota"),
        (faults.quota_exhausted("credit_balance_exhausted"), "credit"),
        (faults.spend_limit(), "spend"),
        (faults.wrong_key(), "OPENAI_API_KEY"),
        (faults.country_refused(), "country"),
        (faults.payment_required(), "pay"),
        (faults.model_gone(), "gpt-transcribe"),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
def test_the_run_pauses_after_one_call_and_says_what_to_do(
    trial: Trial, fault: Fault, says: str
) -> None:
    trial.api.next(fault, times=9)
    trial.start()

    trial.to_the_end()

    assert (trial.run.status, trial.calls) == (RunStatus.PAUSED, 1)
    assert says.lower() in trial.run.reason.lower()
    assert KEY not in trial.run.reason + trial.first.error
    assert (trial.first.status, trial.first.tries) == (ChunkStatus.WAITING, 0)


def test_a_paused_run_goes_on_when_a_person_has_mended_it(trial: Trial) -> None:
    trial.api.next(faults.quota_exhausted())
    trial.start()
    trial.to_the_end()

    assert pipeline.resume(trial.run, now=trial.clock())

    assert trial.to_the_end().status == RunStatus.COMPLETE
    assert (trial.text, trial.calls) == (trial.script, 4)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nothing_follows_a_redirect_to_another_host(trial: Trial, status: int) -> None:
    with FakeApi() as other:
        trial.api.next(faults.redirect(status, other.url + "/audio/transcriptions"), times=9)
        trial.start()

        trial.to_the_end()

        assert (other.connections, trial.calls) == (0, 1)
    assert trial.run.status == RunStatus.PAUSED
    assert "another address" in trial.run.reason


def test_a_certificate_that_nobody_trusts_gets_no_audio(
    trial: Trial, settings: Settings, tmp_path: Path
) -> None:
    trial.start()
    with FakeApi(tls=self_signed(tmp_path)) as server:
        settings.OPENAI_BASE_URL = server.url

        trial.to_the_end()

        assert server.arrivals == []
    assert trial.run.status == RunStatus.PAUSED
    assert "certificate" in trial.run.reason
