"""Asked for again by a person: words that were there stay, unless the new answer says more."""

import pytest

from hearings.spans import Span
from tests.answers.kit import Trial
from tests.factories import NOW
from tests.fake_api import faults
from tests.fake_api.refusals import Fault
from transcription import kept_doubts, pipeline
from transcription.concluding import conclude
from transcription.kept_doubts import KeptDoubt
from transcription.models import Attempt, Chunk, ChunkStatus, Run, RunStatus
from transcription.transcripts import coverage_of_run

HOLE = Span(7_000, 9_800)
TOLD = KeptDoubt("3 s of speech have no words here.", HOLE)
IN_VAIN = [
    faults.empty_text(),
    faults.failed(400),
    faults.loop("Thank you.", 30),
    faults.other_language("Diolch yn fawr iawn i chi gyd am ddod yma heddiw. " * 6),
]


@pytest.fixture
def lacking(trial: Trial) -> Trial:
    """Give a run that has ended, whose first chunk lacks words in its last seconds."""
    trial.start()
    trial.to_the_end()
    words = [word.to_json() for word in trial.first.words if word.end_ms <= HOLE.start_ms]
    doubts = kept_doubts.to_json([TOLD])
    Chunk.objects.filter(pk=trial.first.pk).update(
        result=words, doubts=doubts, unworded=[[HOLE.start_ms, HOLE.end_ms]]
    )
    concluded(trial)
    return trial


def concluded(trial: Trial) -> Run:
    Run.objects.update(status=RunStatus.MERGING, finished_at=None)
    trial.run.refresh_from_db()
    conclude(trial.run, now=NOW)
    return trial.run


def retried(trial: Trial, fault: Fault | None) -> Trial:
    if fault:
        trial.api.next(fault, times=3)
    assert pipeline.retry(trial.run, now=NOW)
    trial.to_the_end()
    return trial


def missing(trial: Trial) -> list[Span]:
    return [gap.span for gap in coverage_of_run(trial.run).missing]


@pytest.mark.parametrize("fault", IN_VAIN, ids=lambda fault: fault.name)
def test_an_answer_that_says_less_costs_no_word_that_was_there(
    lacking: Trial, fault: Fault
) -> None:
    before, calls = lacking.text, lacking.calls
    assert (lacking.run.status, missing(lacking)) == (RunStatus.INCOMPLETE, [HOLE])

    retried(lacking, fault)

    assert lacking.calls > calls
    assert (lacking.run.status, lacking.text) == (RunStatus.INCOMPLETE, before)
    assert missing(lacking) == [HOLE]
    assert TOLD.told in lacking.run.reason


def test_after_it_was_in_vain_it_can_be_asked_for_once_more(lacking: Trial) -> None:
    retried(lacking, faults.empty_text())
    calls = lacking.calls

    retried(lacking, None)

    assert (lacking.run.status, lacking.text) == (RunStatus.COMPLETE, lacking.script)
    assert lacking.calls == calls + 1
    assert missing(lacking) == []


def test_what_was_in_vain_is_told_once(lacking: Trial) -> None:
    retried(lacking, faults.failed(400))
    told = lacking.run.reason

    assert told.startswith("It was asked for again in vain: ")
    assert concluded(lacking).reason == told


def test_an_answer_that_says_more_takes_its_place(lacking: Trial) -> None:
    retried(lacking, None)

    assert (lacking.run.status, lacking.text) == (RunStatus.COMPLETE, lacking.script)
    assert lacking.run.reason == ""


def test_what_was_heard_before_stays_on_its_row(lacking: Trial) -> None:
    before = lacking.first

    retried(lacking, None)

    before.refresh_from_db()
    assert before.status == ChunkStatus.SUPERSEDED
    assert len(before.words) < len(lacking.first.words)
    assert (lacking.first.parent, lacking.first.reruns) == (before, 1)


def test_doubtful_words_of_a_failed_chunk_stay_too(lacking: Trial) -> None:
    first = Chunk.objects.filter(pk=lacking.first.pk)
    first.update(status=ChunkStatus.FAILED, error="No second answer came.", unworded=[])
    Attempt.objects.update(is_rejected=True)
    before = lacking.text

    retried(lacking, faults.empty_text())

    assert (lacking.run.status, lacking.text) == (RunStatus.INCOMPLETE, before)


def test_a_retry_that_is_cancelled_costs_no_word_either(lacking: Trial) -> None:
    before = lacking.text
    assert pipeline.retry(lacking.run, now=NOW)

    assert pipeline.cancel(lacking.run, now=NOW)

    assert (lacking.run.status, lacking.text) == (RunStatus.INCOMPLETE, before)
    assert missing(lacking) == [HOLE]
    assert lacking.run.reason.startswith("It was asked for again in vain: Cancelled by a person.")
    assert pipeline.can_retry(lacking.run)
