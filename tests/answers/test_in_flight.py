"""Several calls at once when one of them is told to stop: nobody begins another."""

import time
from dataclasses import replace

import pytest
from pytest_django import Settings

from hearings.models import Hearing, RecordingAnalysis
from tests.answers.kit import Trial
from tests.at_once import at_once
from tests.db.run_kit import work
from tests.factories import NOW
from tests.fake_api import FakeApi, faults
from tests.fake_api.refusals import Fault
from transcription import pipeline

SHORT_MS = 1_500
KNOWN_SECONDS = 0.15
# Until everyone could know: calls that were announced before may still arrive.


@pytest.mark.alone
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "fault", [faults.wrong_key(), faults.rate_limited("600")], ids=["wrong key", "slow down"]
)
def test_after_the_word_to_stop_nobody_calls(
    api: FakeApi, trial: Trial, settings: Settings, fault: Fault
) -> None:
    settings.RATE = replace(
        settings.RATE, max_concurrent_chunks=4, capacity=1_000, per_minute=100_000
    )
    RecordingAnalysis.objects.update(
        speech=[[at * SHORT_MS + 50, (at + 1) * SHORT_MS - 150] for at in range(20)]
    )
    chosen = replace(trial.options(), parallel=None, chunk_ms=SHORT_MS)
    hearing = Hearing.objects.get(pk=trial.hearing.pk)
    trial.run = pipeline.start(hearing, chosen, by=None, now=NOW)
    told: list[float] = []

    def choose(arrival: object) -> Fault | None:
        time.sleep(0.05)
        if len(api.arrivals) < 6 or told:
            return None
        told.append(time.monotonic())
        return fault

    api.plan(choose)

    at_once([lambda: work(trial.clock)] * 8)

    late = [arrival.at - told[0] for arrival in api.arrivals if arrival.at > told[0]]
    assert told
    assert all(seconds < KNOWN_SECONDS for seconds in late), late
    assert len(late) <= 4
