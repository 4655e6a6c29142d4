"""What `evaluate` measures beside the words: seams, times, inventions, names."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from transcription.evaluation import (
    Figures,
    NotComparable,
    figures_of,
    heard_in,
    names_in,
    reference_in,
    words_near_seams,
)
from transcription.evaluation.comparison import traced


def exported(
    *said: tuple[float, str], seams: list[float] | None = None, duration: float = 60.0
) -> str:
    """Return a transcript of sentences that start at these seconds, half a second a word."""
    segments = []
    for start, text in said:
        words = [
            {"start": start + i / 2, "end": start + i / 2 + 0.4, "word": word}
            for i, word in enumerate(text.split())
        ]
        segments.append({"text": text, "words": words})
    value: dict[str, Any] = {
        "format": "senate-audio/1",
        "hearing": {"duration": duration},
        "run": {} if seams is None else {"seams": seams},
        "segments": segments,
    }
    return json.dumps(value)


def turns(*said: tuple[float, float, str]) -> str:
    return json.dumps(
        [{"speaker": "A", "start": start, "end": end, "text": text} for start, end, text in said]
    )


def measured(
    said: str, transcript: str, *, times: str | None = None, names: list[str] | None = None
) -> Figures:
    reference = reference_in(times) if times else None
    return figures_of(said, heard_in(transcript), times=reference, names=names)


def test_an_error_near_a_seam_is_told_from_one_elsewhere() -> None:
    heard = exported(
        (0, "the committee will come to odor"),
        (20, "good mourning and welcome"),
        seams=[22.0, 55.0],
    )

    seams = measured("The committee will come to order. Good morning and welcome.", heard).seams

    assert seams is not None
    assert (seams.seams, seams.near.reference_words, seams.near.errors) == (2, 4, 1)
    assert (seams.elsewhere.reference_words, seams.elsewhere.errors) == (6, 1)
    assert seams.elsewhere.rate == pytest.approx(1 / 6)


def test_words_that_were_lost_count_where_the_transcript_lacks_them() -> None:
    heard = exported((0, "the clerk"), (30, "the chair votes aye"), seams=[15.0])

    seams = measured("The clerk will call the roll. The chair votes aye.", heard).seams

    assert seams is not None
    assert (seams.near.reference_words, seams.near.errors) == (2, 2)
    assert (seams.elsewhere.reference_words, seams.elsewhere.errors) == (8, 2)


def test_words_lost_before_the_first_and_after_the_last_lie_there() -> None:
    heard = exported((30, "come to order"), seams=[10.0, 50.0], duration=62.0)

    seams = measured("One two come to order three", heard).seams

    assert seams is not None
    assert (seams.near.reference_words, seams.near.errors) == (2, 2)


def test_the_words_near_seams_are_those_of_the_reference_heard_or_not() -> None:
    said = "The committee will come to order. Good morning and welcome."
    heard = exported(
        (0, "a committee will come to order"), (20, "good mourning welcome"), seams=[22.0]
    )

    assert words_near_seams(said, heard_in(heard)) == frozenset({6, 7, 8, 9})


def test_without_seams_no_word_is_known_to_be_near_one() -> None:
    assert words_near_seams("Come to order.", heard_in(exported((0, "come to order")))) is None


def test_where_there_is_no_seam_there_is_no_rate_near_one() -> None:
    seams = measured("Good morning.", exported((0, "good morning"), seams=[])).seams

    assert seams is not None
    assert seams.near.rate is None
    assert seams.elsewhere.rate == 0


def test_starts_are_measured_against_those_of_turns() -> None:
    heard = exported((1.1, "good morning all"), (10.0, "the clerk will call"), (20.4, "no"))
    times = turns(
        (1.0, 3.0, "Good morning all."), (9.8, 12.0, "The clerk will call."), (20.0, 20.5, "No.")
    )

    starts = measured("Good morning all. The clerk will call. No.", heard, times=times).starts

    assert starts is not None
    assert (starts.sentences, starts.found) == (3, 3)
    assert starts.median_seconds == pytest.approx(0.2)
    assert starts.p95_seconds == starts.worst_seconds == pytest.approx(0.4)


def test_starts_are_those_of_sentences_where_the_reference_has_them() -> None:
    heard = exported((1.0, "good morning"), (5.0, "the clerk will call"))
    sentences = [
        {"start": 1.0, "end": 2.0, "text": "Good morning."},
        {"start": 4.0, "end": 6.0, "text": "The clerk will call."},
    ]
    times = json.dumps([{"start": 1.0, "end": 6.0, "text": "ignored", "sentences": sentences}])

    starts = measured("Good morning. The clerk will call.", heard, times=times).starts

    assert starts is not None
    assert starts.sentences == 2
    assert starts.worst_seconds == pytest.approx(1.0)


def test_a_start_of_which_only_a_chance_word_was_heard_is_not_measured() -> None:
    heard = exported((1.0, "good morning"), (9.0, "the clerk will call"))
    times = turns(
        (1.0, 2.0, "Good morning."), (4.0, 6.0, "The bill."), (9.0, 11.0, "The clerk will call.")
    )

    starts = measured("Good morning. The bill. The clerk will call.", heard, times=times).starts

    assert starts is not None
    assert (starts.sentences, starts.found, starts.worst_seconds) == (3, 1, 0.0)


def test_where_no_start_was_heard_there_is_no_error_of_starts() -> None:
    starts = measured("Aye.", exported((0, "bananas")), times=turns((0, 1, "Aye."))).starts

    assert starts is not None
    assert (starts.found, starts.median_seconds) == (0, None)


def test_words_where_nobody_speaks_are_counted_a_minute_of_that_silence() -> None:
    heard = exported((10, "thank you thank you"), (31.2, "good morning"), duration=92.0)

    invention = measured("Good morning.", heard, times=turns((31, 32, "Good morning."))).invention

    assert invention is not None
    assert invention.words == 4
    assert invention.silent_minutes == pytest.approx((30 + 59) / 60)
    assert invention.per_minute == pytest.approx(4 * 60 / 89)


def test_a_word_that_reaches_into_a_silence_or_stands_in_a_pause_is_not_invented() -> None:
    heard = exported((0.8, "well good morning"), (3.4, "um"), (4.5, "all"), duration=6.0)
    times = turns((1.0, 3.0, "Good morning"), (4.5, 6.0, "all."))

    invention = measured("Good morning all.", heard, times=times).invention

    assert invention is not None
    assert (invention.words, invention.silent_minutes, invention.per_minute) == (0, 0, None)


def test_names_are_recalled_where_all_their_words_stand() -> None:
    said = "Senator Grassley thanked Dr. Ingrid Halvorsen. Grassley left."
    heard = exported((0, "senator Grassi thanked doctor Ingrid Halvorsen Grassley left"))

    names = measured(said, heard, names=["Grassley", "Dr. Ingrid Halvorsen", "Cornyn"]).names

    assert names is not None
    assert (names.occurrences, names.recalled, names.missed) == (3, 2, ("Grassley",))


def test_without_an_occurrence_there_is_no_share_of_names() -> None:
    names = measured("Good morning.", exported((0, "good morning")), names=["Cornyn"]).names

    assert names is not None
    assert names.share is None


def test_the_names_of_a_reference_are_used_unless_others_are_given() -> None:
    times = json.dumps({"turns": json.loads(turns((0, 1, "Aye Cornyn."))), "names": ["Cornyn"]})
    heard = exported((0, "aye Cornyn"))

    assert measured("Aye Cornyn.", heard, times=times).names is not None
    others = measured("Aye Cornyn.", heard, times=times, names=[]).names
    assert others is not None
    assert others.occurrences == 0


def test_what_the_files_do_not_hold_is_not_measured() -> None:
    timeless = json.dumps({"format": "senate-audio/1", "segments": [{"text": "good morning"}]})

    figures = measured("Good morning.", timeless, times=turns((0, 1, "Good morning.")))

    assert figures.words.errors == 0
    assert (figures.seams, figures.starts, figures.invention, figures.names) == (None,) * 4


def test_words_keep_their_places_where_normalising_joins_and_parts_them() -> None:
    found = traced(["It's", "twenty", "one", "[laughter]", "Mr.", "—", "Chairman."])

    assert found.words == ("it", "is", "21", "mister", "chairman")
    assert found.sources[0] == found.sources[1] == 0
    assert found.sources[2] in (1, 2)
    assert found.sources[3:] == (4, 6)


def test_a_list_of_names_may_have_remarks() -> None:
    assert names_in("Grassley\n\nCornyn  # of Texas\n# others\nGrassley\n") == (
        "Grassley",
        "Cornyn",
    )


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        "[3]",
        '[{"start": 1, "end": 2}]',
        '[{"start": "soon", "end": 2, "text": "Aye."}]',
        '[{"start": 2, "end": 1, "text": "Aye."}]',
        '[{"start": NaN, "end": 1, "text": "Aye."}]',
        '{"turns": null}',
    ],
)
def test_times_in_another_form_are_refused(content: str) -> None:
    with pytest.raises(NotComparable, match="no list of turns"):
        reference_in(content)


def test_words_out_of_order_are_no_transcript() -> None:
    with pytest.raises(NotComparable, match="damaged"):
        heard_in(exported((9, "good morning"), (1, "all")))


@pytest.fixture
def said(tmp_path: Path) -> Path:
    path = tmp_path / "x.ref.txt"
    path.write_text("Good morning, Senator Cornyn.")
    path.with_suffix(".json").write_text(turns((1.0, 3.0, "Good morning, Senator Cornyn.")))
    return path


def evaluated(*arguments: object) -> str:
    written = StringIO()
    call_command("evaluate", *map(str, arguments), stdout=written)
    return written.getvalue()


def test_the_command_takes_the_times_beside_the_reference(said: Path, tmp_path: Path) -> None:
    transcript = tmp_path / "x.json"
    transcript.write_text(
        exported((1.25, "good morning senator Cornett"), (40, "thank you"), seams=[30.0])
    )
    names = tmp_path / "names.txt"
    names.write_text("Cornyn\n")

    figures = json.loads(evaluated(said, transcript, "--names", names, "--json"))

    assert figures["seams"] == {
        "count": 1,
        "within_seconds": 5.0,
        "near": {"reference_words": 0, "errors": 0, "error_rate": None},
        "elsewhere": {"reference_words": 4, "errors": 3, "error_rate": 0.75},
    }
    assert figures["timing"] == {
        "starts": 1,
        "found": 1,
        "median_seconds": 0.25,
        "p95_seconds": 0.25,
        "worst_seconds": 0.25,
    }
    assert figures["invented"] == {"words": 2, "silent_minutes": 0.933333, "per_minute": 2.142857}
    assert figures["names"] == {"occurrences": 1, "recalled": 0, "share": 0.0, "missed": ["Cornyn"]}


def test_the_command_prints_no_number_for_what_was_not_measured(said: Path, tmp_path: Path) -> None:
    transcript = tmp_path / "x.json"
    transcript.write_text(exported((1.25, "good morning senator Cornyn"), seams=[3.0]))

    written = evaluated(said, transcript).splitlines()

    assert written[5:] == [
        "Errors at seams   0.00% within 5 s of 1 seams, no words elsewhere",
        "Starts are off    0.250 s (median), 0.250 s (95 %), 0.250 s (worst); 1 of 1 found",
        "Invented words    0.0 a silent minute   (0 in 0.9 minutes)",
    ]


@pytest.mark.parametrize(
    ("option", "complaint"),
    [("--times", "no list of turns"), ("--names", "not text in UTF-8")],
)
def test_a_file_of_times_or_names_that_cannot_be_used_is_wrong_usage(
    said: Path, tmp_path: Path, option: str, complaint: str
) -> None:
    transcript, bad = tmp_path / "x.txt", tmp_path / "bad"
    transcript.write_text("Good morning.")
    bad.write_bytes(b"{}" if option == "--times" else b"\xff\xfe\x00")

    with pytest.raises(CommandError, match=complaint) as refused:
        evaluated(said, transcript, option, bad)

    assert refused.value.returncode == 2
