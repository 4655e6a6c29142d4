"""A run that stopped does not go on where it would only stop again: the person is told why."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.core.cache import cache
from pytest_django import Settings

from tests.answers.kit import Trial
from tests.factories import NOW
from tests.fake_api import faults
from transcription import admission, pipeline
from transcription.models import ChunkStatus, Run, RunStatus


def no_room(_: Trial, settings: Settings) -> None:
    settings.READINESS = replace(settings.READINESS, least_disk_bytes=2**60)


def wrong_key(trial: Trial, _: Settings) -> None:
    trial.api.known_key = "sk-another"
    cache.clear()


def closed(trial: Trial, _: Settings) -> None:
    trial.hearing.is_closed = True
    trial.hearing.save()


HINDRANCES = pytest.mark.parametrize(
    ("hinder", "said"),
    [(no_room, "disk"), (wrong_key, "OPENAI_API_KEY"), (closed, "must not leave the house")],
)
Hinder = Callable[[Trial, Settings], None]


def paused(trial: Trial) -> Run:
    trial.api.next(faults.quota_exhausted())
    trial.start()
    return trial.to_the_end()


def lacking(trial: Trial) -> Run:
    trial.start()
    run = trial.to_the_end()
    run.chunks.filter(pk=trial.first.pk).update(status=ChunkStatus.FAILED)
    Run.objects.update(status=RunStatus.INCOMPLETE)
    run.refresh_from_db()
    return run


@HINDRANCES
@pytest.mark.parametrize("stop", [paused, lacking])
def test_what_would_stop_it_again_is_said_and_nothing_is_sent(
    trial: Trial, settings: Settings, stop: Callable[[Trial], Run], hinder: Hinder, said: str
) -> None:
    run = stop(trial)
    status, calls = run.status, trial.calls
    admission.check_going_on(run, now=NOW)
    hinder(trial, settings)
    run = Run.objects.get(pk=run.pk)

    with pytest.raises(admission.StartRefused, match=said):
        admission.check_going_on(run, now=NOW)
    with pytest.raises(admission.StartRefused, match=said):
        pipeline.start(run.hearing, trial.options(), by=None, now=NOW)

    run.refresh_from_db()
    assert (run.status, trial.calls) == (status, calls)


def test_a_run_that_lacks_nothing_is_found_again_whatever_the_host_is_like(
    trial: Trial, settings: Settings
) -> None:
    run = trial.start()
    trial.to_the_end()
    no_room(trial, settings)

    assert pipeline.start(trial.hearing, trial.options(), by=None, now=NOW) == run
