"""The estimate from the limits and the calls in the database, and what a start would do."""

from datetime import timedelta
from decimal import Decimal

import pytest
from pytest_django import Settings

from hearings.spans import Span
from tests.db.run_kit import recorded_hearing
from tests.factories import NOW, make_chunk, make_hearing, make_run
from transcription import admission, pipeline, rates
from transcription.estimating import CallPace, Limits
from transcription.forecast import EMBEDDED_PACE, HOSTED_PACE, Terms, keep, terms_of
from transcription.models import Attempt, Chunk, ChunkStatus, RateLimit, Run, RunStatus
from transcription.outlook import outlook
from transcription.planning import Plan, PlannedChunk
from transcription.policies import RatePolicy
from transcription.run_options import RunOptions

pytestmark = pytest.mark.django_db

TWO_CHUNKS = Plan(
    (PlannedChunk(Span(0, 60_000)), PlannedChunk(Span(60_000, 120_000))), "sequential", 1
)


def make_call(chunk: Chunk, claim: int, *, seconds: float, **values: object) -> Attempt:
    values = {
        "status": Attempt.Status.OK,
        "holder": "host:1",
        "audio_sha256": "0" * 64,
        "audio_ms": 100_000,
        "audio_bytes": 3_200_000,
        "engine": "openai",
        "model": "gpt-transcribe",
        "started_at": NOW,
        "finished_at": NOW + timedelta(seconds=seconds),
    } | values
    return Attempt.objects.create(chunk=chunk, claim=claim, **values)


def scripted(**values: object) -> RunOptions:
    return RunOptions("scripted", "script", "en", chunk_ms=10_000, **values)  # type: ignore[arg-type]


def test_before_the_first_call_the_seeds_are_the_limits(settings: Settings) -> None:
    settings.RATE = RatePolicy(max_concurrent_chunks=2, capacity=7, per_minute=11)

    assert terms_of("openai", "gpt-transcribe").limits == Limits(2, 7, 11)
    assert not RateLimit.objects.exists()


def test_the_row_is_the_limit_with_what_refusals_left_of_it() -> None:
    RateLimit.objects.create(
        name="hosted",
        max_concurrent=5,
        capacity=30,
        per_minute=60,
        pace=0.5,
        audio_seconds_per_minute=900,
    )

    assert terms_of("openai", "gpt-transcribe").limits == Limits(5, 30, 30, 900)


def test_the_estimate_begins_with_the_row_as_it_is_now(settings: Settings) -> None:
    settings.RATE = RatePolicy(capacity=4, per_minute=4)
    RateLimit.objects.create(
        name="hosted",
        max_concurrent=5,
        capacity=4,
        per_minute=4,
        audio_seconds_per_minute=600,
    )
    for _ in range(3):
        assert rates.reserve(settings.RATE, audio_ms=300_000) == 0

    used = terms_of("openai", "gpt-transcribe").limits
    assert used.opens_in == 0
    assert used.full_in == pytest.approx(45, abs=2)
    assert used.audio_full_in == pytest.approx(90, abs=2)

    rates.close_for(600, reason="The server asked for it.")
    closed = terms_of("openai", "gpt-transcribe")
    assert closed.limits.opens_in == pytest.approx(600, abs=2)
    # No burst leaves at the opening: the second call follows a quarter of a minute later.
    assert closed.estimate(TWO_CHUNKS).seconds >= 600 - 2 + 15


def test_a_server_that_named_a_lower_limit_is_believed() -> None:
    RateLimit.objects.create(
        name="hosted", max_concurrent=5, capacity=30, per_minute=60, server_per_minute=12
    )

    assert terms_of("openai", "gpt-transcribe").limits == Limits(5, 12, 12)


def test_the_embedded_engine_has_its_own_limit_and_costs_nothing(settings: Settings) -> None:
    settings.RATE = RatePolicy(embedded_per_host=2)

    assert terms_of("whisper", "base") == Terms(Decimal(0), Limits(2), EMBEDDED_PACE)


def test_how_long_a_call_takes_is_measured_by_the_latest_of_the_same_model() -> None:
    chunk = make_chunk(make_run())
    for claim, seconds in enumerate([2, 4, 4, 4, 90]):
        make_call(chunk, claim, seconds=seconds)
    for claim in range(10, 16):
        make_call(chunk, claim, seconds=50, model="whisper-1")
        make_call(chunk, claim + 10, seconds=50, status=Attempt.Status.FAILED)

    assert terms_of("openai", "gpt-transcribe").pace == CallPace(0.0, 0.04)


def test_few_calls_say_nothing_yet() -> None:
    chunk = make_chunk(make_run())
    for claim in range(4):
        make_call(chunk, claim, seconds=50)

    assert terms_of("openai", "gpt-transcribe").pace == HOSTED_PACE


def test_a_run_keeps_what_was_expected_of_it() -> None:
    run = make_run()
    terms = Terms(Decimal("0.006"), Limits(1), CallPace(10.0, 0.0))

    keep(run, terms.estimate(TWO_CHUNKS))

    run.refresh_from_db()
    assert run.estimated_usd == Decimal("0.012")
    assert run.estimated_seconds == 20


def test_a_new_run_is_reckoned_whole() -> None:
    found = outlook(recorded_hearing(), scripted())

    assert found.earlier is None
    assert found.estimate.chunks == 3
    assert str(found).startswith("3 chunks, 3 calls, nothing is paid, less than a minute")
    assert not Run.objects.exists()


def test_of_an_interrupted_run_only_what_is_left_is_reckoned() -> None:
    hearing = recorded_hearing()
    run = pipeline.start(hearing, scripted(), by=None, now=NOW)
    run.chunks.filter(index=0).update(status=ChunkStatus.DONE, result=[], finished_at=NOW)

    found = outlook(hearing, scripted())

    assert found.earlier == run
    assert found.estimate.chunks == 2
    assert str(found).startswith(f"Run {run.pk} goes on: 2 chunks")


def test_what_is_done_is_not_paid_again_unless_that_is_asked_for() -> None:
    hearing = recorded_hearing()
    run = pipeline.start(hearing, scripted(), by=None, now=NOW)
    run.chunks.update(status=ChunkStatus.DONE, result=[], finished_at=NOW)
    run.move(to=RunStatus.COMPLETE, now=NOW)

    done, anew = (outlook(hearing, scripted(), again=again) for again in (False, True))

    assert str(done) == f"Run {run.pk} has done this already: nothing is sent, nothing is paid."
    assert (anew.earlier, anew.estimate.chunks) == (None, 3)


def test_of_an_ended_run_what_lacks_words_is_reckoned() -> None:
    hearing = recorded_hearing()
    run = pipeline.start(hearing, scripted(), by=None, now=NOW)
    run.chunks.update(status=ChunkStatus.DONE, result=[], finished_at=NOW)
    run.chunks.filter(index=0).update(unworded=[[0, 4_000]])
    run.move(to=RunStatus.INCOMPLETE, now=NOW)

    assert outlook(hearing, scripted()).estimate.chunks == 1


def test_a_cancelled_run_is_not_taken_up() -> None:
    hearing = recorded_hearing()
    pipeline.cancel(pipeline.start(hearing, scripted(), by=None, now=NOW), now=NOW)

    assert outlook(hearing, scripted()).earlier is None


def test_other_settings_are_another_run() -> None:
    hearing = recorded_hearing()
    pipeline.start(hearing, scripted(), by=None, now=NOW)

    assert outlook(hearing, scripted(parallel=2)).earlier is None


def test_what_a_start_would_refuse_has_no_outlook() -> None:
    with pytest.raises(admission.StartRefused, match="has not been accepted"):
        outlook(make_hearing(check_status="refused"), scripted())
