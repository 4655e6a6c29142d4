import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from transcription.evaluation import (
    NotComparable,
    WordErrors,
    errors_by_word,
    text_of_export,
    word_errors,
)


def exported(*texts: str) -> str:
    segments = [{"text": text} for text in texts]
    return json.dumps({"format": "senate-audio/1", "segments": segments})


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    return written(tmp_path / "said.txt", "The committee will come to order. Good morning.")


def written(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def evaluate(*arguments: object) -> str:
    said = StringIO()
    call_command("evaluate", *map(str, arguments), stdout=said)
    return said.getvalue()


def test_each_kind_of_error_is_counted() -> None:
    errors = word_errors(
        "Good morning and welcome to all our guests here today.",
        "Morning and goodbye to all our guests here today, indeed.",
    )

    assert errors == WordErrors(
        reference_words=10, hits=8, substitutions=1, deletions=1, insertions=1
    )
    assert errors.rate == 0.3


def test_each_error_is_at_the_word_of_the_reference_that_it_is_about() -> None:
    assert errors_by_word("come to order good morning", "come to odor morning") == (0, 0, 1, 1, 0)


def test_a_word_that_was_invented_counts_with_the_one_said_before_it() -> None:
    heard = "Oh come to order please good morning all"
    assert errors_by_word("Come to order. Good morning.", heard) == (1, 0, 1, 0, 1)


def test_case_punctuation_numbers_and_spelling_are_no_errors() -> None:
    errors = word_errors(
        "Mr. Chairman, it is about twenty-one colours!", "mister chairman it's about 21 colors"
    )

    assert errors.errors == 0


def test_dots_where_a_speaker_was_cut_off_are_no_words() -> None:
    assert word_errors("I yield to the", "… I yield… to the …").errors == 0


def test_a_marked_gap_costs_its_words_and_no_invented_ones() -> None:
    errors = word_errors(
        "Good morning and welcome", "Good morning [Missing 00:00:02–00:00:03: no answer]"
    )

    assert (errors.deletions, errors.insertions) == (2, 0)


def test_an_empty_transcript_lost_every_word() -> None:
    assert word_errors("Good morning", "").rate == 1.0


@pytest.mark.parametrize("reference", ["", "  \n", "[laughter] — …"])
def test_a_reference_without_words_is_refused(reference: str) -> None:
    with pytest.raises(NotComparable, match="no words"):
        word_errors(reference, "Good morning")


def test_the_text_of_an_export_is_its_segments_joined() -> None:
    assert text_of_export(exported("Good morning.", "Thank you.")) == "Good morning. Thank you."


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("Good morning.", "not JSON"),
        ("[]", "not a transcript"),
        ('{"format": "other/1", "segments": []}', "not a transcript"),
        ('{"format": "senate-audio/1"}', "damaged"),
        ('{"format": "senate-audio/1", "segments": [{"text": null}]}', "damaged"),
    ],
)
def test_what_is_no_transcript_is_refused_with_the_reason(content: str, complaint: str) -> None:
    with pytest.raises(NotComparable, match=complaint):
        text_of_export(content)


def test_the_command_says_the_rate_and_its_parts(reference: Path, tmp_path: Path) -> None:
    transcript = written(
        tmp_path / "heard.json", exported("The committee will come to order.", "Good evening.")
    )

    said = evaluate(reference, transcript)

    assert said.splitlines()[0] == "Word error rate   12.50%   (1 errors in 8 words)"
    assert "Substitutions     1" in said


def test_the_command_gives_the_figures_to_programs(reference: Path, tmp_path: Path) -> None:
    transcript = written(tmp_path / "heard.txt", "The committee will come to order.")

    figures = json.loads(evaluate(reference, transcript, "--json"))

    assert figures == {
        "word_error_rate": 0.25,
        "reference_words": 8,
        "hits": 6,
        "substitutions": 0,
        "deletions": 2,
        "insertions": 0,
        "seams": None,
        "timing": None,
        "invented": None,
        "names": None,
    }


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "heard.json cannot be read: No such file"),
        (b"Good morning.", "heard.json cannot be evaluated. It is not JSON"),
        (b"\xff\xfe\x00", "heard.json is not text in UTF-8"),
    ],
)
def test_a_transcript_that_cannot_be_used_is_wrong_usage_in_one_sentence(
    reference: Path, tmp_path: Path, content: bytes | None, complaint: str
) -> None:
    transcript = tmp_path / "heard.json"
    if content is not None:
        transcript.write_bytes(content)

    with pytest.raises(CommandError, match=complaint) as refused:
        evaluate(reference, transcript)

    assert refused.value.returncode == 2


def test_an_empty_reference_is_wrong_usage(tmp_path: Path) -> None:
    reference = written(tmp_path / "said.txt", "\n")
    transcript = written(tmp_path / "heard.json", exported("Good morning."))

    with pytest.raises(CommandError, match=r"said\.txt cannot be used.*no words") as refused:
        evaluate(reference, transcript)

    assert refused.value.returncode == 2
