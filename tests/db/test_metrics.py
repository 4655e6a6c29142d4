"""Each number equals an independent count over the rows."""

from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.conf import settings
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries

from hearings.models import CheckStatus, Hearing
from tests.factories import NOW, make_chunk, make_hearing, make_run
from transcription import metrics, rates
from transcription.exposition import exposition
from transcription.filling import filling_of
from transcription.health import Report, Result, State
from transcription.models import Attempt, Chunk, ChunkStatus, Run, RunStatus

pytestmark = pytest.mark.django_db

ENDED = ("complete", "incomplete", "failed")
numbers = count(1)


@pytest.fixture
def rows() -> None:
    """Have runs of every status, of both methods, with chunks and calls of every status."""
    for status in RunStatus:
        for method in (Run.Method.PARALLEL, Run.Method.SEQUENTIAL):
            took = timedelta(seconds=next(numbers) * 7.5)
            is_over = status in Run.TERMINAL
            run = make_run(
                make_hearing(),
                status=status,
                method=method,
                paused_from=RunStatus.TRANSCRIBING if status == RunStatus.PAUSED else "",
                started_at=NOW,
                finished_at=NOW + took if is_over else None,
            )
            make_chunk(run, 0, status=ChunkStatus.DONE)
            make_chunk(run, 1)
    make_run(make_hearing(), status=RunStatus.FAILED, started_at=None)
    for check in (CheckStatus.REFUSED, CheckStatus.REFUSED, CheckStatus.CHECKING):
        make_hearing(check_status=check)
    add_calls()


def add_calls() -> None:
    chunk = Chunk.objects.earliest("pk")
    for number, (engine, status) in enumerate(
        (engine, status) for engine in ("openai", "whisper") for status in Attempt.Status
    ):
        Attempt.objects.create(
            chunk=chunk,
            claim=number,
            status=status,
            holder="h",
            audio_sha256="0" * 64,
            audio_ms=1000,
            audio_bytes=10,
            engine=engine,
            started_at=NOW,
            finished_at=None if status == Attempt.Status.SENDING else NOW,
            may_be_billed=status == Attempt.Status.LOST,
            cost_usd=Decimal("0.25") if engine == "openai" else None,
        )


def with_status(*statuses: str) -> list[Run]:
    return [run for run in Run.objects.all() if run.status in statuses]


def test_every_number_equals_a_count_by_hand(rows: None) -> None:
    found = metrics.present()
    runs, readable = list(Run.objects.all()), with_status("complete", "incomplete")
    times = [(r.started_at, r.finished_at) for r in with_status(*ENDED)]
    timed = [(end - start).total_seconds() for start, end in times if start and end]
    seconds = sum(timed)
    parallel = [r for r in readable if r.method == "parallel"]
    refused = [h for h in Hearing.objects.all() if h.check_status == "refused"]
    judged = [h for h in Hearing.objects.all() if h.check_status != "checking"]

    assert found.runs.total == len(runs) == 19
    assert found.runs.successful == len(with_status("complete")) == 2
    assert found.runs.with_gaps == len(with_status("incomplete")) == 2
    assert found.runs.failed == len(with_status("failed")) == 3
    assert found.runs.cancelled == len(with_status("cancelled")) == 2
    assert found.runs.under_way == len(runs) - 9
    assert found.runs.processing_seconds == pytest.approx(seconds)
    assert found.runs.average_seconds == pytest.approx(seconds / len(timed))
    assert found.runs.parallel == len(parallel) == 2
    assert found.chunks_processed == sum(c.status == "done" for c in Chunk.objects.all()) == 18
    assert found.validation_failures == len(refused) == 2
    assert found.runs.success_rate == pytest.approx(2 / 7)
    assert found.runs.parallel_rate == pytest.approx(2 / 4)
    assert found.validation_failure_rate == pytest.approx(len(refused) / len(judged))


def test_calls_are_those_of_hosted_engines(rows: None) -> None:
    calls = metrics.present().calls

    assert (calls.answered, calls.failed, calls.lost) == (1, 1, 1)
    assert (calls.under_way, calls.reused, calls.may_be_billed) == (1, 1, 1)
    assert calls.cost_usd == Decimal("1.25")


def test_where_nothing_was_done_there_is_no_rate() -> None:
    found = metrics.present()

    assert found.runs.total == found.chunks_processed == 0
    assert found.runs.average_seconds is None
    assert found.runs.success_rate is found.runs.parallel_rate is None
    assert found.validation_failure_rate is None


def test_it_costs_five_queries(
    rows: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(5):
        metrics.present()


def samples() -> dict[str, float]:
    """Return what a Prometheus server would read, by name and label."""
    report = Report((Result("queue", "Queue", State.FAILED, "", "", "", 0.0),))
    filling = filling_of(rates.row(settings.RATE))
    text = exposition(metrics.present(), filling, report).decode()
    return {
        "/".join([sample.name.removeprefix("senate_audio_"), *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_prometheus_reads_the_same_numbers(rows: None) -> None:
    read, found = samples(), metrics.present()

    assert read["transcriptions/complete"] == found.runs.successful
    assert read["transcriptions/failed"] == found.runs.failed
    outcomes = [value for name, value in read.items() if name.startswith("transcriptions/")]
    assert sum(outcomes) == found.runs.total
    assert read["transcriptions_parallel"] == found.runs.parallel
    assert read["processing_seconds"] == pytest.approx(found.runs.processing_seconds)
    assert read["processing_seconds_average"] == pytest.approx(found.runs.average_seconds)
    assert read["validation_failures"] == found.validation_failures
    assert read["chunks_processed"] == found.chunks_processed
    assert read["success_ratio"] == pytest.approx(found.runs.success_rate)
    assert read["parallel_ratio"] == pytest.approx(found.runs.parallel_rate)
    assert read["validation_failure_ratio"] == pytest.approx(found.validation_failure_rate)
    assert read["calls/answered"] == 1 and read["cost_usd"] == 1.25
    assert read["component_healthy/queue"] == 0


def test_prometheus_reads_how_full_the_limits_are() -> None:
    rates.reserve(settings.RATE, audio_ms=1000)
    read = samples()
    assert (read["limit_tokens"], read["limit_capacity"]) == (19, 20)
    assert read["limit_closed"] == 0

    rates.close_for(60, reason="Closed.")
    assert (samples()["limit_tokens"], samples()["limit_closed"]) == (0, 1)


def test_what_is_not_known_has_no_sample() -> None:
    read = samples()

    assert read["transcriptions/complete"] == 0
    assert "success_ratio" not in read and "processing_seconds_average" not in read
