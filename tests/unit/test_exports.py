import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearings.spans import Span
from tests.unit.transcript_kit import RUN, segment, transcript
from transcription.coverage import Piece
from transcription.exports import FORMATS
from transcription.exports.transcript import Transcript, TranscriptSegment
from transcription.names import Correction
from transcription.words import Timing, Word


def as_json(value: Transcript) -> Any:
    return json.loads(FORMATS["json"].render(value))


def as_text(value: Transcript) -> str:
    return FORMATS["txt"].render(value).decode()


def test_the_json_has_exactly_the_fields_that_programs_rely_on() -> None:
    word = Word(1_234, 1_500, "Order.", confidence=0.9, timing=Timing.ALIGNED)
    other = Correction(0, "Order", "Orden", "It sounds like one.")
    spoken = TranscriptSegment(1_234, 1_500, "Order.", "Chair", 0.9, ("low",), (word,), (other,))
    value = transcript(
        spoken,
        duration_ms=61_007,
        speech=(Span(1_000, 2_000), Span(40_000, 50_000)),
        pieces=(Piece(Span(0, 30_000), None), Piece(Span(30_000, 61_007), "refused")),
    )

    assert as_json(replace(value, run=replace(RUN, seams_ms=(30_250,)))) == {
        "format": "senate-audio/1",
        "hearing": {
            "slug": "oversight",
            "title": "Oversight of the “Weather” Service",
            "committee": "SCOM",
            "date": "2026-03-12",
            "duration": 61.007,
            "recording_sha256": "ab" * 32,
        },
        "run": {
            "id": 7,
            "engine": "whisper",
            "model": "base",
            "language": "en",
            "status": "complete",
            "method": "parallel",
            "track": None,
            "from": None,
            "to": None,
            "started_at": "2026-03-12T15:00:00.000+00:00",
            "finished_at": "2026-03-12T15:00:12.500+00:00",
            "processing_seconds": 12.5,
            "validation_score": None,
            "chunks": 2,
            "chunks_failed": 0,
            "billed_seconds": 0.0,
            "cost_usd": 0.0,
            "seams": [30.25],
        },
        "coverage": {
            "speech": 11.0,
            "transcribed": 1.0,
            "silence": 29.0,
            "missing": [{"start": 30.0, "end": 61.007, "reason": "refused"}],
            "unaccounted": 0.0,
        },
        "segments": [
            {
                "start": 1.234,
                "end": 1.5,
                "text": "Order.",
                "speaker": "Chair",
                "confidence": 0.9,
                "flags": ["low"],
                "words": [
                    {
                        "start": 1.234,
                        "end": 1.5,
                        "word": "Order.",
                        "confidence": 0.9,
                        "timing": "aligned",
                    }
                ],
                "corrections": [
                    {
                        "word": 0,
                        "stands": "Order",
                        "proposed": "Orden",
                        "reason": "It sounds like one.",
                    }
                ],
            }
        ],
    }


def test_what_was_not_measured_is_null() -> None:
    unmeasured = replace(RUN, started_at=None, finished_at=None, billed_seconds=None, cost_usd=None)

    run = as_json(replace(transcript(segment("Good morning.")), run=unmeasured))["run"]

    unknown = {name for name, value in run.items() if value is None}
    assert unknown == {
        "started_at",
        "finished_at",
        "processing_seconds",
        "validation_score",
        "billed_seconds",
        "cost_usd",
        *("track", "from", "to"),  # the whole of the only sound there is
    }


def test_quotes_and_accents_stay_as_they_are_in_the_bytes() -> None:
    written = FORMATS["json"].render(transcript(segment("Señor Núñez said “aye”.")))

    assert "Señor Núñez said “aye”." in written.decode()


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    """Sentences one after another, and pieces of the recording that came back or did not."""
    position, segments = 0, []
    for lengths in draw(st.lists(st.lists(st.integers(1, 900), min_size=1, max_size=6))):
        position += draw(st.integers(0, 20_000))
        words = []
        for length in lengths:
            words.append(Word(position, position + length, draw(st.sampled_from(["Aye.", "no"]))))
            position += length
        text = " ".join(word.text for word in words)
        segments.append(
            TranscriptSegment(words[0].start_ms, position, text, None, None, (), tuple(words))
        )
    duration_ms = position + draw(st.integers(1, 20_000))
    edges = sorted(draw(st.sets(st.integers(1, duration_ms))) | {0, duration_ms})
    spans = [Span(start, end) for start, end in pairwise(edges)]
    return transcript(
        *segments,
        duration_ms=duration_ms,
        speech=tuple(span for span in spans if draw(st.booleans())),
        pieces=tuple(Piece(span, draw(st.sampled_from([None, "refused"]))) for span in spans),
    )


@given(transcripts())
def test_transcribed_silence_and_missing_add_up_to_the_duration(value: Transcript) -> None:
    written = as_json(value)

    coverage = written["coverage"]
    missing = sum(
        round(gap["end"] * 1000) - round(gap["start"] * 1000) for gap in coverage["missing"]
    )
    found = round(coverage["transcribed"] * 1000) + round(coverage["silence"] * 1000) + missing
    assert coverage["unaccounted"] == 0
    assert found == round(written["hearing"]["duration"] * 1000)


@given(transcripts())
def test_segments_are_in_order_apart_and_inside_the_recording(value: Transcript) -> None:
    written = as_json(value)

    end = 0.0
    for found in written["segments"]:
        assert end <= found["start"] < found["end"] <= written["hearing"]["duration"]
        end = found["end"]


@given(transcripts())
def test_the_words_of_a_segment_are_its_text_and_each_says_where_its_time_is_from(
    value: Transcript,
) -> None:
    for found in as_json(value)["segments"]:
        assert " ".join(word["word"] for word in found["words"]) == found["text"]
        assert {word["timing"] for word in found["words"]} <= {"engine", "aligned", "estimated"}


@given(transcripts())
def test_the_plain_text_has_every_word_once_and_in_order(value: Transcript) -> None:
    unmarked = " ".join(
        block for block in as_text(value).split("\n\n") if not block.startswith("[")
    )

    spoken = " ".join(segment.text for segment in value.segments)
    assert unmarked.split() == spoken.split()


def test_sentences_that_follow_each_other_are_one_paragraph() -> None:
    value = transcript(
        segment("The committee will come to order."),
        segment("Good morning.", start_ms=1_400),
        duration_ms=2_000,
    )

    assert as_text(value) == "The committee will come to order. Good morning.\n"


def test_a_pause_begins_a_new_paragraph() -> None:
    value = transcript(
        segment("Thank you."), segment("Senator Grassley.", start_ms=1_900), duration_ms=3_000
    )

    assert as_text(value) == "Thank you.\n\nSenator Grassley.\n"


def test_a_long_speech_without_a_pause_is_cut_into_paragraphs_of_lines_one_can_read() -> None:
    sentence = "We have looked at the budget of the service for the coming year."
    value = transcript(
        *(segment(sentence, start_ms=index * 2_600) for index in range(20)), speech=()
    )

    text = as_text(value)

    assert text.count("\n\n") == 1
    assert max(map(len, text.splitlines())) <= 80


def test_what_is_missing_is_marked_where_it_is_missing_with_the_reason() -> None:
    value = transcript(
        segment("Before."),
        segment("After.", start_ms=754_000),
        duration_ms=755_000,
        pieces=(
            Piece(Span(0, 723_400), None),
            Piece(Span(723_400, 752_700), "The engine did\nnot answer."),
            Piece(Span(752_700, 755_000), None),
        ),
    )

    assert as_text(value).split("\n\n") == [
        "Before.",
        "[Missing 00:12:03–00:12:33: The engine did not answer]",
        "After.\n",
    ]


@pytest.mark.parametrize(
    ("length_ms", "mark"),
    [
        (17_900, "[No speech, 0:17]"),
        (754_000, "[No speech, 12:34]"),
        (3_605_000, "[No speech, 1:00:05]"),
    ],
)
def test_a_long_silence_is_marked_with_its_length(length_ms: int, mark: str) -> None:
    end = 200 + length_ms
    value = transcript(
        segment("Recess."),
        segment("Resumed.", start_ms=end),
        duration_ms=end + 200,
        speech=(Span(0, 200), Span(end, end + 200)),
    )

    assert as_text(value) == f"Recess.\n\n{mark}\n\nResumed.\n"


def test_a_short_silence_and_one_in_which_words_were_heard_are_not_marked() -> None:
    value = transcript(
        segment("One."),
        segment("Two.", start_ms=9_000),
        segment("Three.", start_ms=15_000),
        duration_ms=20_000,
        speech=(Span(0, 200), Span(15_000, 20_000)),
    )

    assert "[" not in as_text(value)


def test_a_doubtful_passage_stands_between_marks_with_the_reasons() -> None:
    doubts = ("It stops\nearly.", "A loop.")
    value = transcript(
        segment("Before."),
        replace(segment("Thank you.", start_ms=10_200), flags=doubts),
        replace(segment("Thank you.", start_ms=14_000), flags=doubts),
        segment("After.", start_ms=20_000),
    )

    assert as_text(value).split("\n\n") == [
        "Before.",
        "[Doubtful from 00:00:10: It stops early. A loop]",
        "Thank you.",
        "Thank you.",
        "[Doubtful to 00:00:15]",
        "After.\n",
    ]


def test_a_gap_ends_a_doubtful_passage_and_the_end_of_the_text_does() -> None:
    value = transcript(
        replace(segment("One."), flags=("Low.",)),
        replace(segment("Two.", start_ms=40_000), flags=("Low.",)),
        pieces=(
            Piece(Span(0, 20_000), None),
            Piece(Span(20_000, 30_000), "refused"),
            Piece(Span(30_000, 60_000), None),
        ),
    )

    assert as_text(value).split("\n\n") == [
        "[Doubtful from 00:00:00: Low]",
        "One.",
        "[Doubtful to 00:00:01]",
        "[Missing 00:00:20–00:00:30: refused]",
        "[Doubtful from 00:00:40: Low]",
        "Two.",
        "[Doubtful to 00:00:41]\n",
    ]


def test_a_line_says_who_speaks_where_that_changes() -> None:
    value = transcript(
        replace(segment("One."), speaker="1A"),
        replace(segment("Two.", start_ms=5_000), speaker="1A"),
        replace(segment("Three.", start_ms=5_300), speaker="2A"),
        replace(segment("Four.", start_ms=5_600), speaker=None),
    )

    assert as_text(value).split("\n\n") == [
        "Voice A (part 1):\nOne.",
        "Two.",
        "Voice A (part 2):\nThree.",
        "Speaker not known:\nFour.\n",
    ]
