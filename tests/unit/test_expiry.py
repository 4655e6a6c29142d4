"""When a recording goes under a retention period, and why it stays."""

from datetime import timedelta

import pytest

from tests.factories import NOW
from transcription.expiry import Expiry, RunFacts, expiry

DAY = timedelta(days=1)
PERIOD = 30 * DAY


def run(how: str = "complete", *, days: int = 0) -> RunFacts:
    """Return a run that ended so, so many days after the recording came in."""
    return RunFacts(
        is_over=how != "active",
        is_complete=how == "complete",
        is_cancelled=how == "cancelled",
        finished_at=None if how == "active" else NOW + days * DAY,
    )


def test_it_goes_when_the_period_after_its_transcript_is_over() -> None:
    assert expiry(NOW, [run(days=2)], PERIOD) == Expiry(NOW + 32 * DAY)


def test_what_came_in_again_is_kept_for_the_period_again() -> None:
    assert expiry(NOW + 50 * DAY, [run(days=2)], PERIOD).goes_at == NOW + 80 * DAY


def test_the_last_run_counts_also_a_cancelled_one() -> None:
    assert expiry(NOW, [run(days=2), run("cancelled", days=9)], PERIOD).goes_at == NOW + 39 * DAY
    assert expiry(NOW, [run("gaps", days=1), run(days=4)], PERIOD).goes_at == NOW + 34 * DAY


@pytest.mark.parametrize(
    ("runs", "why"),
    [
        ([], "until it is transcribed"),
        ([run("cancelled")], "until it is transcribed"),
        ([run("active")], "while a run is under way"),
        ([run(), run("active")], "while a run is under way"),
        ([run("gaps")], "until the latest run is complete"),
        ([run(), run("gaps")], "until the latest run is complete"),
        ([run("gaps"), run("cancelled")], "until the latest run is complete"),
    ],
)
def test_it_stays_as_long_as_somebody_may_want_to_hear_it(runs: list[RunFacts], why: str) -> None:
    found = expiry(NOW, runs, PERIOD)

    assert found.goes_at is None
    assert why in found.stays_because
