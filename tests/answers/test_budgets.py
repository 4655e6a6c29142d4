"""What may be spent: the call that could break a budget is not made."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from pytest_django import Settings

from hearings.models import Hearing, RecordingAnalysis
from tests.answers.kit import Trial
from tests.at_once import at_once
from tests.db.run_kit import work
from tests.end_to_end.world import wait_until
from tests.factories import NOW
from tests.fake_api import FakeApi, faults
from transcription import budgets, costs, pipeline
from transcription.models import Attempt, Run, RunStatus
from transcription.policies import BudgetPolicy

PRICE = Decimal("0.0045")
CALL = costs.highest_price_of(10_000, PRICE) or Decimal(0)
# The most that one of the three calls can cost.
SHORT_MS = 1_500
SHORT_CALL = costs.highest_price_of(SHORT_MS, PRICE) or Decimal(0)


def test_a_run_within_its_budget_is_not_stopped(trial: Trial, settings: Settings) -> None:
    settings.BUDGET = BudgetPolicy(usd_per_hearing=CALL * 3, usd_per_month=CALL * 3)
    trial.start()

    assert trial.to_the_end().status == RunStatus.COMPLETE


@pytest.mark.parametrize("of_what", ["hearing", "month"])
def test_the_call_that_could_break_a_budget_is_not_made(
    trial: Trial, settings: Settings, of_what: str
) -> None:
    settings.BUDGET = BudgetPolicy(**{f"usd_per_{of_what}": CALL * 2})
    trial.start()

    trial.to_the_end()

    assert (trial.run.status, trial.calls) == (RunStatus.PAUSED, 2)
    assert f"BUDGET_USD_PER_{of_what.upper()}" in trial.run.reason
    assert Attempt.objects.count() == 2
    settings.BUDGET = BudgetPolicy()
    assert pipeline.resume(trial.run, now=trial.clock())
    assert trial.to_the_end().status == RunStatus.COMPLETE
    assert (trial.text, trial.calls) == (trial.script, 3)


def test_what_may_have_been_billed_counts_with_all_that_it_could_cost(
    trial: Trial, settings: Settings
) -> None:
    settings.BUDGET = BudgetPolicy(usd_per_hearing=CALL * 3)
    trial.api.next(faults.reset_after_body())
    trial.start()

    trial.to_the_end()

    assert (trial.run.status, trial.calls) == (RunStatus.PAUSED, 3)


def test_a_refused_call_costs_nothing(trial: Trial, settings: Settings) -> None:
    settings.BUDGET = BudgetPolicy(usd_per_hearing=CALL * 3)
    trial.api.next(faults.failed(500), times=3)
    trial.start()

    assert trial.to_the_end().status == RunStatus.COMPLETE


def test_without_a_price_nothing_is_sent_under_a_budget(trial: Trial, settings: Settings) -> None:
    trial.start()
    settings.BUDGET = BudgetPolicy(usd_per_month=Decimal(1000))
    settings.OPENAI_USD_PER_MINUTE = None

    trial.to_the_end()

    assert (trial.run.status, trial.calls) == (RunStatus.PAUSED, 0)
    assert "OPENAI_USD_PER_MINUTE" in trial.run.reason


def test_last_months_calls_are_not_this_months(trial: Trial, settings: Settings) -> None:
    settings.BUDGET = BudgetPolicy(usd_per_month=CALL * 3)
    trial.start()
    trial.to_the_end()
    trial.clock.now += timedelta(days=31)

    assert budgets.of_month(trial.clock()) == 0
    assert budgets.of_hearing(trial.hearing) > 0


@pytest.mark.django_db(transaction=True)
def test_sixteen_workers_racing_for_a_budget_of_ten_calls_make_ten(
    api: FakeApi, trial: Trial, settings: Settings
) -> None:
    settings.BUDGET = BudgetPolicy(usd_per_hearing=SHORT_CALL * 10)
    settings.RATE = replace(settings.RATE, max_concurrent_chunks=16, capacity=1_000)
    RecordingAnalysis.objects.update(
        speech=[[at * SHORT_MS + 50, (at + 1) * SHORT_MS - 150] for at in range(20)]
    )
    chosen = replace(trial.options(), parallel=None, chunk_ms=SHORT_MS)
    hearing = Hearing.objects.get(pk=trial.hearing.pk)
    trial.run = pipeline.start(hearing, chosen, by=None, now=NOW)
    api.plan(lambda _arrival: faults.wrong_usage(3))  # what has ended leaves no room either
    api.hold()

    at_once([lambda: work(trial.clock)] * 16 + [partial(let_go_when_paused, trial)])

    trial.run.refresh_from_db()
    assert trial.run.status == RunStatus.PAUSED
    assert (trial.calls, api.most_at_once) == (10, 10)
    assert Attempt.objects.filter(status=Attempt.Status.OK).count() == 10


def let_go_when_paused(trial: Trial) -> int:
    """Have the server answer when nobody more may ask."""
    trial.api.wait_for(10)
    wait_until(lambda: Run.objects.get(pk=trial.run.pk).status == RunStatus.PAUSED)
    trial.api.let_go()
    return 0
