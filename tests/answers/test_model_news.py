"""The day on which a model ends comes from its server, asked once a day."""

from datetime import date

import pytest
from django.core.cache import cache

from tests.answers.kit import Trial
from tests.fake_api import faults
from transcription.models import RunStatus, ServerModel


@pytest.fixture(autouse=True)
def nobody_asked_today() -> None:
    cache.clear()


def test_a_worker_asks_once_and_remembers(trial: Trial) -> None:
    trial.start("whisper-1")

    trial.work()
    trial.to_the_end()

    assert [lookup.path for lookup in trial.api.lookups] == ["/v1/models/whisper-1"]
    assert ServerModel.objects.get(model="whisper-1").shutdown_date == date(2027, 2, 26)


def test_a_server_that_does_not_tell_stops_nothing(trial: Trial) -> None:
    trial.api.lookup_fault = faults.failed(500)
    trial.start("whisper-1")

    assert trial.to_the_end().status == RunStatus.COMPLETE
    assert trial.text == trial.script
