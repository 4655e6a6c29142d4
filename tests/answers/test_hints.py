"""What a model is told before it hears: names, as it takes them, and nothing over quiet audio."""

import pytest

from hearings.models import Committee, Member, Witness
from tests.answers.kit import Trial
from tests.fake_api import Answer, faults, models
from tests.fake_api.arrivals import Arrival
from tests.fake_api.formats import HeardWord, heard_answer
from transcription.models import Attempt, Run, RunStatus

NAMES = ["Ingrid Halvorsen", "Chuck Grassley", "Richard Durbin", "S. 2150", "John Cornyn"]


@pytest.fixture(autouse=True)
def known(trial: Trial) -> None:
    """Have the hearing know a committee, a witness and a bill, with what may not be sent."""
    committee = Committee.objects.create(code="SSJU", name="Committee on the Judiciary")
    for name, role in (
        ("John Cornyn", "member"),
        ("Richard Durbin", "ranking_member"),
        ("Chuck Grassley", "chair"),
    ):
        Member.objects.create(committee=committee, name=name, role=role)
    Witness.objects.create(hearing=trial.hearing, name="Dr. <Ingrid>\r\nHalvorsen")
    trial.hearing.title = "Hearing on S. 2150"
    trial.hearing.committee = committee
    trial.hearing.save()


@pytest.mark.parametrize(
    ("model", "field", "value"),
    [
        ("gpt-transcribe", "keywords[]", NAMES),
        ("whisper-1", "prompt", [", ".join(NAMES)]),
        ("gpt-4o-transcribe", "prompt", [", ".join(NAMES)]),
        ("gpt-4o-mini-transcribe", "prompt", [", ".join(NAMES)]),
        ("gpt-4o-transcribe-diarize", "prompt", None),
        ("mine", "prompt", None),
    ],
)
def test_names_arrive_as_the_model_takes_them_and_are_kept_with_the_call(
    trial: Trial, model: str, field: str, value: list[str] | None
) -> None:
    trial.api.models["mine"] = models.Model("mine", formats=("json", "verbose_json"))
    trial.start(model)
    trial.to_the_end()

    assert trial.run.status == RunStatus.COMPLETE
    assert [arrival.fields.get(field) for arrival in trial.api.arrivals] == [value] * 3
    assert [call.keywords for call in trial.attempts] == [NAMES if value else []] * 3


@pytest.mark.parametrize("model", ["gpt-transcribe", "whisper-1"])
def test_a_quiet_slice_goes_without(trial: Trial, model: str) -> None:
    quiet = [[200, 9_800], [10_200, 12_200], [20_200, 29_800]]
    trial.hearing.analysis.speech = quiet
    trial.hearing.analysis.save()
    trial.start(model)
    trial.to_the_end()

    told = ["prompt" in call.fields or "keywords[]" in call.fields for call in trial.api.arrivals]
    assert (told[:2], told[-1]) == ([True, False], True)
    assert [bool(call.keywords) for call in trial.attempts] == told


def test_the_language_is_that_with_which_the_run_began(trial: Trial) -> None:
    trial.start("whisper-1")
    trial.hearing.language = "cy"
    trial.hearing.save()
    trial.to_the_end()

    assert {arrival.first("language") for arrival in trial.api.arrivals} == {"en"}


@pytest.mark.parametrize("model", ["gpt-transcribe", "whisper-1"])
def test_an_echo_of_the_hints_is_asked_for_again_without_them(trial: Trial, model: str) -> None:
    trial.start(model)
    trial.refuse_first(faults.prompt_echo())
    trial.to_the_end()

    parent = trial.run.chunks.get(start_ms=0, generation=0)
    assert "lists the hints" in " ".join(doubt.sentence for doubt in parent.kept_doubts)
    assert parent.attempts.get().is_rejected
    halves = Attempt.objects.filter(chunk__parent=parent)
    assert [call.keywords for call in halves] == [[], []]
    assert (trial.text, trial.run.status) == (trial.script, RunStatus.COMPLETE)


def anew(trial: Trial) -> None:
    """Begin a run that takes the answers of the one before."""
    Run.objects.update(settings_key="of another parallelism")
    trial.start()
    trial.to_the_end()


def test_the_same_hints_find_the_answers_of_before_and_their_echo(trial: Trial) -> None:
    trial.start()
    trial.to_the_end()

    anew(trial)

    assert trial.calls == 3
    assert [(call.status, call.keywords) for call in trial.attempts] == [("reused", NAMES)] * 3


def test_with_other_hints_it_is_another_question(trial: Trial) -> None:
    trial.start()
    trial.to_the_end()
    trial.hearing.witnesses.all().delete()

    anew(trial)

    assert (trial.calls, trial.text) == (6, trial.script)
    assert [call.keywords for call in trial.attempts] == [NAMES[1:]] * 3


def test_a_name_that_is_put_right_in_mid_run_asks_nothing_twice(trial: Trial) -> None:
    """An answer that a dead worker paid for is found, though the page says otherwise by now."""
    trial.start()
    trial.to_the_end()
    trial.hearing.witnesses.update(name="Ingrid Halverson")
    trial.run.chunks.update(status="waiting", finished_at=None, result=None)
    Run.objects.update(status=RunStatus.TRANSCRIBING, finished_at=None)
    trial.run.refresh_from_db()

    trial.to_the_end()

    assert (trial.calls, trial.text) == (3, trial.script)


SPEECH = (
    "We turn to the storm of last winter and to what it cost the harbors of the coast. "
    "I yield to Senator Cornyn and then to Senator Grassi."
)


def unsure_of_cornyn(arrival: Arrival) -> Answer:
    """Say *SPEECH* over the whole slice."""
    texts = SPEECH.split()
    step = arrival.upload.duration_ms / len(texts)
    return heard_answer(
        arrival,
        [
            HeardWord(text, at * step, (at + 1) * step, logprob=-4 if text == "Cornyn" else -0.1)
            for at, text in enumerate(texts)
        ],
    )


def test_a_hint_of_which_the_model_is_not_sure_is_flagged_and_a_misheard_name_proposed(
    trial: Trial,
) -> None:
    trial.api.answer = unsure_of_cornyn
    trial.start("gpt-4o-transcribe")
    trial.to_the_end()

    sentence = trial.run.segments.get(index=1)
    assert sentence.text == "I yield to Senator Cornyn and then to Senator Grassi."
    assert sentence.flags == ["“Cornyn” was given as a hint and is hardly heard here."]
    assert [word["confidence"] for word in sentence.words[3:6]] == [0.905, 0.018, 0.905]
    (proposal,) = sentence.corrections
    assert (proposal["word"], proposal["proposed"]) == (9, "Grassley")
    assert sentence.confidence is not None
    assert trial.run.segments.get(index=0).flags == []


def test_where_the_model_says_nothing_of_its_words_no_hint_is_flagged(trial: Trial) -> None:
    trial.api.answer = unsure_of_cornyn
    trial.start()
    trial.to_the_end()

    assert {str(segment.flags) for segment in trial.run.segments.all()} == {"[]"}
    assert {segment.confidence for segment in trial.run.segments.all()} == {None}
