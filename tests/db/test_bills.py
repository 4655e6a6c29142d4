"""What a run cost, as far as that is known."""

from decimal import Decimal

import pytest

from tests.factories import NOW, make_chunk, make_run
from transcription.bills import Bill, bill_of
from transcription.models import Attempt, Chunk, ChunkStatus, Run
from transcription.transcripts import transcript_of

pytestmark = pytest.mark.django_db

CENT = Decimal("0.01")


def make_call(chunk: Chunk, claim: int, **values: object) -> Attempt:
    values = {
        "status": Attempt.Status.OK,
        "holder": "host:1",
        "audio_sha256": "0" * 64,
        "audio_ms": 10_000,
        "audio_bytes": 320_000,
        "engine": "openai",
        "model": "gpt-transcribe",
        "started_at": NOW,
        "finished_at": NOW,
    } | values
    return Attempt.objects.create(chunk=chunk, claim=claim, **values)


@pytest.fixture
def hosted() -> Run:
    return make_run(engine="openai", model="gpt-transcribe")


def test_answered_calls_are_summed_those_of_chunks_cut_anew_too(hosted: Run) -> None:
    whole = make_chunk(hosted, 0, status=ChunkStatus.SUPERSEDED, finished_at=NOW)
    make_call(whole, 1, billed_ms=10_000, cost_usd=CENT)
    make_call(make_chunk(hosted, 1), 1, billed_ms=5_500, cost_usd=2 * CENT)
    make_call(make_chunk(make_run()), 1, billed_ms=99_000, cost_usd=99 * CENT)

    assert bill_of(hosted) == Bill(15_500, 3 * CENT, 3 * CENT)


def test_a_failed_call_that_may_be_billed_is_known_and_not_certain(hosted: Run) -> None:
    chunk = make_chunk(hosted)
    make_call(chunk, 1, billed_ms=10_000, cost_usd=CENT)
    make_call(chunk, 2, status=Attempt.Status.FAILED, may_be_billed=True, cost_usd=CENT)

    assert bill_of(hosted) == Bill(10_000, CENT, 2 * CENT)


def test_where_one_price_is_unknown_so_is_the_sum(hosted: Run) -> None:
    chunk = make_chunk(hosted)
    make_call(chunk, 1, billed_ms=10_000, cost_usd=CENT)
    make_call(chunk, 2, billed_ms=10_000, cost_usd=None)

    assert bill_of(hosted) == Bill(20_000, None, CENT)


def test_where_one_length_is_unknown_so_is_the_sum(hosted: Run) -> None:
    chunk = make_chunk(hosted)
    make_call(chunk, 1, billed_ms=10_000, cost_usd=CENT)
    make_call(chunk, 2, billed_ms=None, cost_usd=CENT)

    assert bill_of(hosted) == Bill(None, 2 * CENT, 2 * CENT)


def test_before_a_hosted_engine_answered_nothing_is_known(hosted: Run) -> None:
    make_call(make_chunk(hosted), 1, status=Attempt.Status.FAILED)

    assert bill_of(hosted) == Bill(None, None, Decimal(0))
    assert bill_of(hosted).in_words == ""


def test_the_embedded_engine_is_known_to_cost_nothing() -> None:
    run = make_run(engine="whisper")
    make_call(make_chunk(run), 1, engine="", model="")

    assert bill_of(run) == Bill(0, Decimal(0), Decimal(0))
    assert bill_of(run).in_words == "nothing"


def test_a_run_that_went_on_with_the_embedded_engine_cost_what_came_before() -> None:
    run = make_run(engine="whisper")
    chunk = make_chunk(run)
    make_call(chunk, 1, billed_ms=10_000, cost_usd=54 * CENT)
    make_call(chunk, 2, engine="whisper", model="base")

    assert bill_of(run) == Bill(10_000, 54 * CENT, 54 * CENT)
    assert bill_of(run).in_words == "$0.54"


def test_the_export_says_what_was_billed(hosted: Run) -> None:
    make_call(make_chunk(hosted), 1, billed_ms=12_500, cost_usd=CENT)

    facts = transcript_of(hosted).run

    assert (facts.billed_seconds, facts.cost_usd) == (12.5, 0.01)
