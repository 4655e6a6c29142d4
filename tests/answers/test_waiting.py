"""What passes with time: everyone waits, and no try is burnt."""

import pytest

from tests.answers.kit import Trial
from tests.fake_api import faults
from tests.fake_api.refusals import Fault
from transcription.clock import database_clock
from transcription.models import ChunkStatus, RunStatus


@pytest.mark.parametrize(
    ("fault", "least", "most"),
    [
        (faults.rate_limited("7"), 6, 7),
        (faults.rate_limited_until(60), 57, 60),
        (faults.rate_limited(None), 10, 20),
        (faults.rate_limited("nan"), 10, 20),
        (faults.rate_limited("soon"), 10, 20),
        (faults.slow_down(), 10, 20),
        (faults.slow_down(30), 29, 30),
        (faults.overloaded(), 10, 20),
        (faults.overloaded(600), 599, 600),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
def test_everyone_waits_and_no_try_is_burnt(
    trial: Trial, fault: Fault, least: float, most: float
) -> None:
    trial.api.next(fault)
    trial.start()
    begun = database_clock().timestamp()

    trial.work()

    assert least <= trial.closed_until() - begun
    assert trial.closed_seconds() <= most
    assert (trial.calls, trial.first.status, trial.first.tries) == (1, ChunkStatus.WAITING, 0)
    assert "busy" in trial.first.error or "too many" in trial.first.error.lower()
    trial.clock.pass_by(most + 1)
    trial.work()
    if most > 5:
        assert trial.calls == 1  # the shared limit is still closed
    assert trial.to_the_end().status == RunStatus.COMPLETE
    assert (trial.text, trial.calls) == (trial.script, 4)


@pytest.mark.parametrize("fault", [faults.rate_limited("-5"), faults.rate_limited_until(-3_600)])
def test_a_moment_in_the_past_is_now(trial: Trial, fault: Fault) -> None:
    trial.api.next(fault)
    trial.start()

    trial.work()

    assert trial.closed_seconds() < 5
    assert trial.to_the_end().status == RunStatus.COMPLETE
    assert (trial.text, trial.calls, trial.first.tries) == (trial.script, 4, 0)


def test_a_wait_of_a_day_pauses_the_run_and_says_until_when(trial: Trial) -> None:
    trial.api.next(faults.rate_limited("86400"))
    trial.start()

    trial.to_the_end()

    assert (trial.run.status, trial.calls) == (RunStatus.PAUSED, 1)
    assert "13 March 2026, 11:00 EDT" in trial.run.reason
    assert trial.closed_seconds() > 86_000


def test_a_server_that_is_busy_for_long_costs_no_chunk_its_tries(trial: Trial) -> None:
    trial.api.next(faults.rate_limited("60"), times=15)
    trial.start()

    trial.to_the_end()

    assert (trial.run.status, trial.text, trial.calls) == (RunStatus.COMPLETE, trial.script, 18)


@pytest.mark.parametrize(("reset", "seconds"), [("45s", 45), ("6m0s", 60)])
def test_a_limit_that_is_used_up_closes_until_its_reset_or_for_a_minute(
    trial: Trial, reset: str, seconds: float
) -> None:
    trial.api.next(faults.with_limits(20, 0, reset))
    trial.start()

    trial.work()

    assert seconds - 5 <= trial.closed_seconds() <= seconds
    assert trial.calls == 1
    assert trial.to_the_end().status == RunStatus.COMPLETE
    assert (trial.text, trial.calls) == (trial.script, 3)
