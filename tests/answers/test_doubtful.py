"""Status 200, well formed, and not what was said: asked for once more, then kept and shown."""

from typing import Any

import pytest

from hearings.spans import union
from tests.answers.kit import Trial, assert_is_a_sentence
from tests.factories import NOW
from tests.fake_api import Arrival, faults
from tests.fake_api.refusals import Fault
from tests.fake_api.wrong_answers import bent
from transcription import pipeline
from transcription.models import Attempt, ChunkStatus, RunStatus
from transcription.transcripts import coverage_of_run

LOSSES = [faults.tail_missing(0.7), faults.middle_missing(0.7)]
# Told by the times of the words that came; without times only by how much text there is.
HALF_MS = 7_000
# Halves of the chunks are shorter.
DOUBTFUL = [
    faults.loop(),
    faults.stock_phrase(),
    faults.other_language("Diolch yn fawr iawn i chi gyd am ddod yma heddiw. " * 6),
]
EMPTY = [faults.empty_text(), faults.prompt_echo()]
# No prompt is sent, so its echo is nothing.


def name(fault: Fault) -> str:
    return fault.name


@pytest.mark.parametrize("fault", DOUBTFUL + EMPTY, ids=name)
def test_it_is_asked_for_once_more_in_shorter_cuts(trial: Trial, fault: Fault) -> None:
    trial.api.next(fault)
    trial.start()

    assert trial.to_the_end().status == RunStatus.COMPLETE

    assert (trial.text, trial.calls) == (trial.script, 5)
    (given_up,) = trial.run.chunks.filter(status=ChunkStatus.SUPERSEDED)
    assert_is_a_sentence(given_up.error)
    assert all(attempt.status == Attempt.Status.OK for attempt in trial.attempts)
    assert not any(trial.run.segments.values_list("flags", flat=True))


@pytest.mark.parametrize("fault", LOSSES, ids=name)
def test_a_hole_in_the_words_is_filled_by_asking_again(trial: Trial, fault: Fault) -> None:
    trial.api.next(fault)
    trial.start("whisper-1")

    assert trial.to_the_end().status == RunStatus.COMPLETE

    assert (trial.text, trial.calls) == (trial.script, 5)


def without_words(named: str, first: float, last: float) -> Fault:
    """Leave out the words between two shares of the sound, not the segment that they are in."""

    def change(value: dict[str, Any]) -> None:
        value["words"] = [
            word for word in value["words"] if not first <= word["start"] / value["duration"] < last
        ]
        text = " ".join(word["word"].strip() for word in value["words"])
        value["text"] = text
        value["segments"] = [value["segments"][0] | {"text": text}]

    return bent(named, change)


@pytest.mark.parametrize(
    "fault",
    [
        without_words("head", 0.0, 0.6),
        without_words("middle", 0.2, 0.8),
        without_words("tail", 0.4, 1.0),
    ],
    ids=name,
)
def test_a_hole_that_stays_is_named_and_can_be_asked_for_again(trial: Trial, fault: Fault) -> None:
    trial.api.next(fault, times=3)
    trial.start("whisper-1")

    assert trial.to_the_end().status == RunStatus.INCOMPLETE

    lost = [span for chunk in trial.run.chunks.current() for span in chunk.unworded_spans]
    assert lost
    assert tuple(gap.span for gap in coverage_of_run(trial.run).missing) == union(lost)
    assert trial.run.reason.count("of speech came back without words") == len(lost)
    assert pipeline.retry(trial.run, now=NOW)
    assert trial.to_the_end().status == RunStatus.COMPLETE
    assert trial.text == trial.script


@pytest.mark.parametrize("fault", DOUBTFUL, ids=name)
def test_what_stays_doubtful_is_kept_and_flagged(trial: Trial, fault: Fault) -> None:
    trial.api.next(fault, times=3)
    trial.start()

    assert trial.to_the_end().status == RunStatus.COMPLETE

    assert trial.calls == 5
    flags = list(trial.run.segments.order_by("index").values_list("flags", flat=True))
    assert flags[0]
    assert not flags[-1]
    assert [doubt.sentence for doubt in trial.first.kept_doubts] == flags[0]
    for sentence in flags[0]:
        assert_is_a_sentence(sentence)


@pytest.mark.parametrize("fault", EMPTY, ids=name)
def test_what_stays_empty_over_speech_is_a_gap_with_its_reason(trial: Trial, fault: Fault) -> None:
    trial.api.next(fault, times=3)
    trial.start()

    trial.to_the_end()

    assert (trial.run.status, trial.calls) == (RunStatus.INCOMPLETE, 5)
    assert "without a word" in trial.run.reason
    assert trial.first.status == ChunkStatus.FAILED


@pytest.mark.parametrize("model", ["gpt-transcribe", "whisper-1"])
def test_an_honest_answer_is_not_doubted(trial: Trial, model: str) -> None:
    trial.start(model)

    trial.to_the_end()

    assert (trial.run.status, trial.calls) == (RunStatus.COMPLETE, 3)
    assert [chunk.doubts for chunk in trial.run.chunks.all()] == [[], [], []]


def test_doubtful_words_are_better_than_none_when_the_second_answer_never_comes(
    trial: Trial,
) -> None:
    looping, away = faults.loop("Thank you.", 30), faults.failed(500)

    def choose(arrival: Arrival) -> Fault | None:
        if arrival.number == 0:
            return looping
        return away if arrival.upload.duration_ms < HALF_MS else None

    trial.api.plan(choose)
    trial.start()

    trial.to_the_end()

    assert trial.run.status == RunStatus.INCOMPLETE
    assert trial.text.startswith("Thank you. Thank you.")
    assert trial.run.segments.order_by("index")[0].flags
    assert trial.first.status == ChunkStatus.FAILED
