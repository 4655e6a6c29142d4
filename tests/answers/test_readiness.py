"""What a hosted engine says when it is asked before the start: nothing that is asked costs."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import IntegrityError, transaction
from pytest_django import Settings

from tests.answers.kit import KEY, Trial
from tests.factories import NOW
from tests.fake_api import FakeApi, error_answer, faults
from tests.fake_api.refusals import Fault, said
from tests.fake_api.tls import self_signed
from transcription import admission, pipeline, rates
from transcription.models import AcceptedFinding, Run, RunStatus
from transcription.policies import BudgetPolicy
from transcription.scoring import Area, Readiness

USUAL = {"workers_missing"}
# No cluster is alive in these tests.
NO_SCOPE = said(
    "no scope", error_answer(403, message="Insufficient permissions. Missing scopes: model.read")
)


@pytest.fixture(autouse=True)
def nobody_asked_just_now() -> None:
    cache.clear()


def assessed(trial: Trial, model: str = "gpt-transcribe") -> Readiness:
    return admission.assess(trial.hearing, trial.options(model=model), now=NOW)


def codes(readiness: Readiness) -> set[str]:
    return {each.finding.code for each in readiness.judged} - USUAL


def assert_nothing_was_sent(trial: Trial) -> None:
    assert trial.calls == 0
    assert not Run.objects.exists()


def test_an_engine_that_answers_passes_for_one_question(trial: Trial) -> None:
    readiness = assessed(trial)

    assert codes(readiness) == set()
    assert [lookup.path for lookup in trial.api.lookups] == ["/v1/models/gpt-transcribe"]
    assert trial.calls == 0


def test_a_question_is_not_repeated_at_once_but_with_another_key(
    trial: Trial, settings: Settings
) -> None:
    trial.start()
    assessed(trial)
    assert len(trial.api.lookups) == 1

    settings.OPENAI_API_KEY = "sk-another"
    assert codes(assessed(trial)) == {"refused"}


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (faults.wrong_key(), "OPENAI_API_KEY"),
        (faults.country_refused(), "country"),
        (faults.quota_exhausted(), "quota"),
        (faults.model_gone(), "gpt-transcribe"),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
def test_a_start_is_refused_before_any_sound_is_sent(trial: Trial, fault: Fault, says: str) -> None:
    trial.api.lookup_fault = fault

    with pytest.raises(admission.StartRefused, match=says) as refusal:
        trial.start()

    assert_nothing_was_sent(trial)
    assert KEY not in str(refusal.value)


def test_a_model_that_the_server_has_not_is_refused(trial: Trial) -> None:
    with pytest.raises(admission.StartRefused, match="no model “abacus-1”"):
        trial.start("abacus-1")

    assert_nothing_was_sent(trial)


def test_a_certificate_that_nobody_trusts_is_refused(
    trial: Trial, settings: Settings, tmp_path: Path
) -> None:
    with FakeApi(tls=self_signed(tmp_path)) as server:
        settings.OPENAI_BASE_URL = server.url

        with pytest.raises(admission.StartRefused, match="certificate"):
            trial.start()

        assert server.arrivals == []


@pytest.mark.parametrize("fault", [faults.failed(500), faults.failed(503), NO_SCOPE])
def test_a_server_that_does_not_tell_is_a_warning_and_the_run_goes_well(
    trial: Trial, fault: Fault
) -> None:
    trial.api.lookup_fault = fault

    assert codes(assessed(trial)) == {"not_answering"}
    trial.start()

    assert trial.to_the_end().status == RunStatus.COMPLETE


def test_a_server_that_is_not_there_is_a_warning(trial: Trial, settings: Settings) -> None:
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"

    assert codes(assessed(trial)) == {"not_answering"}


def test_while_the_limit_is_closed_nobody_asks(trial: Trial) -> None:
    rates.close_for(120, reason="The account may spend no more.")

    (warning,) = assessed(trial).of(Area.ACCESS)

    assert (warning.code, trial.api.lookups) == ("limit", [])
    assert "The account may spend no more." in warning.message


def test_a_model_that_ends_soon_is_a_warning(trial: Trial) -> None:
    chosen = trial.options(model="whisper-1")

    early = admission.assess(trial.hearing, chosen, now=NOW)
    late = admission.assess(trial.hearing, chosen, now=NOW + timedelta(days=300))

    assert early.of(Area.ACCESS) == ()
    (warning,) = late.of(Area.ACCESS)
    assert warning.code == "model_ends"
    assert "26 February 2027" in warning.message


def test_a_closed_hearing_never_goes_to_a_hosted_engine(trial: Trial) -> None:
    trial.hearing.is_closed = True
    trial.hearing.save()

    assert codes(assessed(trial)) == {"closed"}
    with pytest.raises(admission.StartRefused, match="must not leave the house"):
        trial.start()
    assert_nothing_was_sent(trial)


def test_a_budget_that_does_not_last_is_a_warning_with_what_is_left(
    trial: Trial, settings: Settings
) -> None:
    settings.BUDGET = BudgetPolicy(usd_per_hearing=Decimal("0.001"), usd_per_month=Decimal(5))

    (warning,) = assessed(trial).of(Area.ACCESS)

    assert warning.code == "budget"
    assert warning.needed == "at most less than $0.01 are left"


def test_without_a_price_a_budget_refuses(trial: Trial, settings: Settings) -> None:
    settings.BUDGET = BudgetPolicy(usd_per_month=Decimal(1000))
    settings.OPENAI_USD_PER_MINUTE = None

    with pytest.raises(admission.StartRefused, match="OPENAI_USD_PER_MINUTE"):
        trial.start()

    assert_nothing_was_sent(trial)


def test_a_full_disk_refuses_and_says_where(trial: Trial, settings: Settings) -> None:
    settings.READINESS = replace(settings.READINESS, least_disk_bytes=2**60)

    with pytest.raises(admission.StartRefused, match="Little room is left on the disk for rec"):
        trial.start()

    assert_nothing_was_sent(trial)
    assert trial.api.lookups != []


def test_a_host_without_ffmpeg_refuses(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(admission.StartRefused, match="apt-get install ffmpeg"):
        trial.start()

    assert_nothing_was_sent(trial)


def test_what_was_accepted_is_kept_with_who_and_when_and_the_score(trial: Trial) -> None:
    clerk = User.objects.create_user("clerk")
    trial.api.lookup_fault = faults.failed(500)
    expected = assessed(trial)
    seen = [each.finding.code for each in expected.warnings]

    run = pipeline.start(trial.hearing, trial.options(), by=clerk, now=NOW, accepted=seen)

    kept = {row.code: row for row in run.accepted_findings.all()}
    assert set(kept) == {"workers_missing", "not_answering"}
    row = kept["not_answering"]
    assert (row.area, row.accepted_by, row.accepted_name) == ("access", clerk, "clerk")
    assert row.accepted_at == NOW
    assert "did not answer" in row.message
    assert run.validation_score == expected.score
    clerk.delete()
    row.refresh_from_db()
    assert (row.accepted_by, row.accepted_name) == (None, "clerk")


def test_what_a_person_has_not_seen_is_not_accepted(trial: Trial) -> None:
    chosen = trial.options(model="whisper-1")
    late = NOW + timedelta(days=300)

    with pytest.raises(admission.NotAccepted) as refusal:
        pipeline.start(trial.hearing, chosen, by=None, now=late, accepted=["no_speech"])

    assert "model_ends" in [each.finding.code for each in refusal.value.readiness.warnings]
    assert_nothing_was_sent(trial)
    pipeline.start(trial.hearing, chosen, by=None, now=late, accepted=["model_ends"])
    assert Run.objects.count() == 1


def test_what_passes_by_itself_is_kept_but_asks_nobody(trial: Trial, settings: Settings) -> None:
    settings.READINESS = replace(
        settings.READINESS,
        most_load_per_core=-1.0,
        hosted_memory_bytes=2**60,
        hosted_least_memory_bytes=0,
    )

    run = pipeline.start(trial.hearing, trial.options(), by=None, now=NOW, accepted=[])

    kept = set(run.accepted_findings.values_list("code", flat=True))
    assert kept == {"processor", "memory", "workers_missing"}


def test_too_little_memory_refuses(trial: Trial, settings: Settings) -> None:
    settings.READINESS = replace(
        settings.READINESS, hosted_memory_bytes=2**60, hosted_least_memory_bytes=2**60
    )

    with pytest.raises(admission.StartRefused, match="MB of memory are free"):
        trial.start()

    assert_nothing_was_sent(trial)


def test_the_table_takes_a_finding_once_and_from_somebody(trial: Trial) -> None:
    run = trial.start()
    row = run.accepted_findings.get()
    assert row.accepted_name == "command line"

    for values in ({"code": row.code}, {"code": "other", "accepted_name": ""}):
        row.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            AcceptedFinding(
                **{
                    "run": run,
                    "area": "system",
                    "message": "Old.",
                    "accepted_name": "clerk",
                    "accepted_at": NOW,
                    **values,
                }
            ).save(force_insert=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.filter(pk=run.pk).update(validation_score=101)
