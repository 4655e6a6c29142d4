"""Status 200, and no answer: kept as it came, asked once more, then a person decides."""

import itertools

import pytest

from tests.answers.kit import Trial, assert_is_a_sentence
from tests.fake_api import faults
from tests.fake_api.refusals import Fault
from transcription import receipts
from transcription.models import Attempt, ChunkStatus, RunStatus

UNUSABLE = [
    faults.cut_json(),
    faults.empty_body(),
    faults.html_with_200(),
    faults.not_text(),
    faults.list_body(),
    faults.text_null(),
    faults.text_missing(),
    faults.text_nan(),
    faults.deep_body(),
    faults.huge_body(64),
    faults.gzip_bomb(64),
]
CROOKED = [
    faults.ends_past_the_audio(),
    faults.negative_times(),
    faults.overlapping(),
    faults.doubled(),
    faults.shuffled(),
    faults.ends_before_starts(),
]


def name(fault: Fault) -> str:
    return fault.name


@pytest.mark.parametrize("fault", UNUSABLE, ids=name)
def test_it_is_asked_once_more_and_what_came_is_kept(trial: Trial, fault: Fault) -> None:
    trial.api.next(fault)
    trial.start()

    assert trial.to_the_end().status == RunStatus.COMPLETE

    assert (trial.text, trial.calls, trial.first.ambiguous) == (trial.script, 4, 1)
    call = trial.attempts[0]
    assert (call.status, call.failure) == (Attempt.Status.FAILED, "AnswerUnusable")
    assert call.may_be_billed
    assert_is_a_sentence(call.error)
    assert receipts.path_of(call).exists()


@pytest.mark.parametrize("fault", UNUSABLE[:3], ids=name)
def test_a_second_time_a_person_decides(trial: Trial, fault: Fault) -> None:
    trial.refuse_first(fault)
    trial.start()

    trial.to_the_end()

    assert (trial.run.status, trial.calls) == (RunStatus.INCOMPLETE, 4)
    assert (trial.first.status, trial.first.ambiguous) == (ChunkStatus.NEEDS_PERSON, 2)
    assert "paid for" in trial.run.reason


@pytest.mark.parametrize("fault", [faults.nan_times(), faults.infinite_times()], ids=name)
def test_times_that_are_no_numbers_make_an_answer_unusable(trial: Trial, fault: Fault) -> None:
    trial.api.next(fault)
    trial.start("whisper-1")

    assert trial.to_the_end().status == RunStatus.COMPLETE

    assert (trial.text, trial.calls) == (trial.script, 4)


@pytest.mark.parametrize("fault", CROOKED, ids=name)
def test_crooked_times_are_put_right_and_flagged(trial: Trial, fault: Fault) -> None:
    trial.api.next(fault)
    trial.start("whisper-1")

    assert trial.to_the_end().status == RunStatus.COMPLETE

    assert trial.calls == 3
    assert trial.first.flags
    words = trial.first.words
    assert all(0 <= w.start_ms < w.end_ms <= trial.first.end_ms for w in words)
    assert all(a.start_ms <= b.start_ms for a, b in itertools.pairwise(words))
    heard, said = trial.text.split(), trial.script.split()
    assert set(heard) == set(said)
    assert sum(a == b for a, b in zip(heard, said, strict=False)) >= len(said) // 2


def test_a_honest_answer_is_not_flagged(trial: Trial) -> None:
    trial.start("whisper-1")

    assert trial.to_the_end().status == RunStatus.COMPLETE

    assert (trial.text, trial.calls, trial.first.flags) == (trial.script, 3, [])
    assert receipts.path_of(trial.attempts[0]).read_bytes().startswith(b"{")


@pytest.mark.parametrize("fault", [faults.wrong_usage(), faults.wrong_duration()], ids=name)
def test_a_usage_or_length_unlike_ours_is_taken_and_shown(trial: Trial, fault: Fault) -> None:
    trial.api.next(fault)
    trial.start("whisper-1")

    assert trial.to_the_end().status == RunStatus.COMPLETE

    assert (trial.text, trial.calls) == (trial.script, 3)
    billed = [attempt.billed_ms or 0 for attempt in trial.attempts]
    assert all(billed)
    if fault.name.startswith("wrong_usage"):
        assert billed[0] > 2 * trial.attempts[0].audio_ms


def test_an_answer_without_usage_counts_what_was_sent(trial: Trial) -> None:
    trial.api.next(faults.no_usage())
    trial.start()

    trial.to_the_end()

    assert trial.attempts[0].billed_ms == trial.attempts[0].audio_ms
