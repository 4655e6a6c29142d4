"""What an answer says, in full and in order, whatever times a server gave with it."""

import json
from typing import Any

import pytest

from hearings.spans import Span
from tests.unit.answer_kit import LENGTH_MS, assert_sound, heard, segment, text_of, times_of, word
from transcription.engines import crooked_times
from transcription.engines.answers import DIFFERS, UNCLEAN, WORDS_DIFFER, Heard
from transcription.engines.base import AnswerUnusable, Usage

# Honest answers --------------------------------------------------------------------------------


def test_text_alone_is_spread_over_the_speech() -> None:
    found = heard({"text": "yes no"}, speech=(Span(2_000, 2_700),))

    assert times_of(found) == [(2_000, 2_400), (2_400, 2_700)]
    assert {word.timing for word in found.words} == {"estimated"}
    assert found.flags == ()


def test_words_lend_their_times_to_the_text_with_its_punctuation() -> None:
    found = heard(
        {
            "text": "Twenty-five, please. Don’t!",
            "segments": [segment(0, 3, " Twenty-five, please."), segment(3, 4, " Don’t!")],
            "words": [
                *(word(0.1, 0.5, "Twenty"), word(0.6, 0.9, "five"), word(1, 2, "please")),
                word(3.1, 3.9, "Don't"),
            ],
        }
    )

    assert text_of(found) == "Twenty-five, please. Don’t!"
    assert times_of(found) == [(100, 900), (1_000, 2_000), (3_100, 3_900)]
    assert {word.timing for word in found.words} == {"engine"}
    assert found.flags == ()


def test_segments_without_words_are_spread_each_in_its_own_time() -> None:
    found = heard({"text": "one two", "segments": [segment(1, 2, "one"), segment(8, 9, "two")]})

    assert times_of(found) == [(1_000, 2_000), (8_000, 9_000)]
    assert {word.timing for word in found.words} == {"estimated"}
    assert found.flags == ()


def test_words_without_segments_are_enough() -> None:
    found = heard({"text": "one, two", "words": [word(1, 2, "one"), word(8, 9, "two")]})

    assert times_of(found) == [(1_000, 2_000), (8_000, 9_000)]


def test_speakers_stay_with_their_words() -> None:
    segments = [segment(0, 2, "Do you?", speaker="A"), segment(2, 3, "I do.", speaker="B")]
    found = heard({"text": "Do you? I do.", "segments": segments})

    assert [word.speaker for word in found.words] == ["A", "A", "B", "B"]


def test_a_text_that_names_its_speakers_says_no_more_than_its_segments() -> None:
    segments = [
        segment(0, 2, "Do you?", speaker="agent"),
        segment(2, 3, "Yes: I do.", speaker="A"),
        segment(3, 4, "Do I?", speaker="A"),
    ]

    found = heard({"text": "Agent: Do you?\nA: Yes: I do.\nDo I?", "segments": segments})

    assert text_of(found) == "Do you? Yes: I do. Do I?"
    assert [word.speaker for word in found.words] == ["agent"] * 2 + ["A"] * 5
    assert found.words[2].start_ms == 2_000
    assert found.flags == ()


def test_a_text_that_names_its_speakers_and_says_more_is_kept_with_them() -> None:
    found = heard(
        {
            "text": "A: One.\nB: Two three.\nC: four",
            "segments": [segment(0, 2, "One.", speaker="A"), segment(2, 3, "Two", speaker="B")],
        }
    )

    assert text_of(found) == "One. Two three. C: four"
    assert [word.speaker for word in found.words] == ["A", "B", "B", None, None]
    assert DIFFERS in found.flags


def test_a_line_that_begins_like_a_speakers_name_is_said_where_nobody_is_named() -> None:
    found = heard({"text": "A: one", "segments": [segment(0, 2, "A: one")]})

    assert text_of(found) == "A: one"


def test_a_speaker_that_is_no_name_is_none() -> None:
    found = heard({"text": "x y", "segments": [segment(0, 1, "x", speaker=7), segment(1, 2, "y")]})

    assert {word.speaker for word in found.words} == {None}


def test_a_silence_is_no_words() -> None:
    assert heard({"text": " ", "segments": [], "words": []}) == Heard(())


def test_a_text_that_only_the_segments_hold_is_taken() -> None:
    assert text_of(heard({"segments": [segment(0, 1, "one")]})) == "one"


# Crooked ones ----------------------------------------------------------------------------------


CROOKED = [
    ([segment(0, 4, "a b"), segment(4, 30, "c")], crooked_times.PAST_END),
    ([segment(-5, 4, "a b"), segment(4, 8, "c")], crooked_times.BEFORE_START),
    ([segment(4, 0, "a b"), segment(8, 4, "c")], crooked_times.BACKWARDS),
    ([segment(4, 8, "c"), segment(0, 4, "a b")], crooked_times.SHUFFLED),
    ([segment(0, 6, "a b"), segment(4, 8, "c")], crooked_times.OVERLAPPED),
    ([segment(0, 4, "a b"), segment(0, 4, "a b"), segment(4, 8, "c")], crooked_times.DOUBLED),
    ([segment(0, 4, "a b"), segment(None, "x", "c")], crooked_times.UNTIMED),
    ([segment(0, 4, "a b"), segment(1e400, 5, "c")], None),
    ([segment(0, 4, "a b"), segment(10**400, 5, "c")], crooked_times.UNTIMED),
    ([segment(0, 4, "a b"), segment(True, 5, "c")], crooked_times.UNTIMED),
    ([segment(0, 4, "a b"), segment(99, 101, "c")], crooked_times.UNTIMED),
]


@pytest.mark.parametrize(("segments", "flag"), CROOKED)
def test_each_kind_of_fault_is_put_right_and_named(
    segments: list[dict[str, Any]], flag: str | None
) -> None:
    if flag is None:
        body = json.dumps({"text": "a b c", "segments": segments}).replace("Infinity", "1e999")
        found = heard(body.encode())
        flag = crooked_times.UNTIMED
    else:
        found = heard({"text": "a b c", "segments": segments})

    assert text_of(found) == "a b c"
    assert flag in found.flags
    assert_sound(found, LENGTH_MS)


def test_an_end_far_too_late_does_not_push_what_follows() -> None:
    found = heard(
        {
            "text": "a b c",
            "segments": [segment(0, 900, "a"), segment(2, 4, "b"), segment(4, 6, "c")],
        }
    )

    assert times_of(found)[2] == (4_000, 6_000)


def test_a_part_without_times_lies_between_its_neighbours() -> None:
    found = heard(
        {
            "text": "a b c",
            "segments": [segment(0, 1, "a"), segment(None, None, "b"), segment(5, 6, "c")],
        }
    )

    assert times_of(found) == [(0, 1_000), (1_000, 5_000), (5_000, 6_000)]


def test_what_was_said_twice_in_no_time_is_kept_twice() -> None:
    words = [word(1, 1, "no"), word(1, 1, "no")]

    assert text_of(heard({"text": "no no", "words": words})) == "no no"


def test_doubled_parts_are_single_although_the_text_is_doubled_too() -> None:
    parts = [segment(0, 1, "a"), segment(0, 1, "a"), segment(1, 2, "b"), segment(1, 2, "b")]

    found = heard({"text": "a b a b", "segments": parts})

    assert text_of(found) == "a b"
    assert found.flags == (crooked_times.DOUBLED,)


def test_rounding_is_no_fault() -> None:
    segments = [segment(0, 4.05, "a"), segment(4, 10.09, "b")]

    assert heard({"text": "a b", "segments": segments}).flags == ()


# Text against its parts ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "segments", "kept"),
    [
        ("one two three", [segment(0, 1, "one")], "one two three"),
        ("one", [segment(0, 1, "one"), segment(1, 2, "two")], "one two"),
        ("", [segment(0, 1, "one")], "one"),
        ("one two", ["junk", {"text": 5}, segment(0, 1, "one")], "one two"),
    ],
)
def test_no_text_is_lost_where_text_and_segments_differ(
    text: str, segments: list[Any], kept: str
) -> None:
    found = heard({"text": text, "segments": segments})

    assert text_of(found) == kept
    assert DIFFERS in found.flags


def test_a_segment_whose_words_differ_is_spread_and_the_next_keeps_its_words() -> None:
    found = heard(
        {
            "text": "one two three four",
            "segments": [segment(0, 4, "one two"), segment(4, 8, "three four")],
            "words": [word(0, 1, "one"), word(5, 6, "three"), word(6, 7, "four")],
        }
    )

    assert text_of(found) == "one two three four"
    assert [word.timing for word in found.words] == ["estimated"] * 2 + ["engine"] * 2
    assert times_of(found)[2:] == [(5_000, 6_000), (6_000, 7_000)]
    assert found.flags == (WORDS_DIFFER,)


def test_words_that_no_text_holds_are_passed_over() -> None:
    found = heard(
        {
            "text": "one two",
            "segments": [segment(0, 4, "one"), segment(4, 8, "two")],
            "words": [word(0, 1, "one"), word(2, 3, "um"), word(5, 6, "two")],
        }
    )

    assert times_of(found) == [(0, 1_000), (5_000, 6_000)]


def test_characters_that_no_database_takes_are_replaced_and_named() -> None:
    found = heard(b'{"text": "a\\u0000b \\ud800 c"}')

    assert text_of(found) == "a\ufffdb \ufffd c"
    assert found.flags == (UNCLEAN,)
    text_of(found).encode()


# What is no answer -----------------------------------------------------------------------------

UNUSABLE = [
    (b"", "empty"),
    (b" \n", "empty"),
    (b"<html>Sign in</html>", "web page"),
    (b'{"text": "The commi', "cut off"),
    (b'{"text": "x"', "cut off"),
    (b"plain text", "not JSON"),
    (b'{"text": "x"} {"text": "y"}', "not JSON"),
    (b"[]", "wrong shape"),
    (b'"text"', "wrong shape"),
    (b"null", "wrong shape"),
    (b"{}", "no text"),
    (b'{"text": null}', "no text"),
    (b'{"text": 5, "segments": 6}', "no text"),
    (b'{"error": {"message": "no"}}', "no text"),
    (b'{"text": NaN}', "NaN"),
    (b'{"text": "x", "segments": [{"start": -Infinity}]}', "NaN"),
    (b'{"text": "\xff"}', "UTF-8"),
    (b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too deeply"),
    (b'{"n": ' + b"9" * 5_000 + b"}", "not JSON"),
]


@pytest.mark.parametrize(("body", "why"), UNUSABLE, ids=[str(n) for n in range(len(UNUSABLE))])
def test_what_is_no_answer_says_which_way(body: bytes, why: str) -> None:
    with pytest.raises(AnswerUnusable, match=why) as raised:
        heard(body)

    assert raised.value.may_be_billed


# Usage -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        ({"type": "duration", "seconds": 12}, Usage(audio_ms=12_000)),
        ({"type": "duration", "seconds": 0.5}, Usage(audio_ms=500)),
        ({"type": "tokens", "total_tokens": 7, "input_tokens": 5}, Usage(tokens=7)),
        ({"type": "tokens", "input_tokens": 5, "output_tokens": 4}, Usage(tokens=9)),
        ({"seconds": "12"}, Usage()),
        ({"seconds": -1, "total_tokens": 10**30}, Usage()),
        ({"seconds": True}, Usage()),
        ([1], Usage()),
        (None, Usage()),
    ],
)
def test_usage_is_read_in_both_shapes_and_garbage_is_none(usage: Any, read: Usage) -> None:
    assert heard({"text": "", "usage": usage}).usage == read
