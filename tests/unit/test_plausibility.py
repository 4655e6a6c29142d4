"""Answers that may lack words or have some that nobody said, told from honest ones."""

from dataclasses import replace

import pytest

from hearings.spans import Span
from tests.unit.plausibility_kit import (
    NAMES,
    QUESTION,
    REPLY,
    SPANISH,
    TESTIMONY,
    doubts,
    judged,
    said,
    written,
)
from transcription.plausibility import Doubt, Suspicion, pace_of, suspicions
from transcription.words import Timing, Word

HONEST = {
    "a statement": TESTIMONY,
    "one word": "Aye.",
    "thanks alone": "Thank you.",
    "somebody who says no six times": f"No, no, no, no, no, no. {TESTIMONY}",
    "thanks all around": f"Thank you. Thank you. Thank you, thank you, thank you. {TESTIMONY}",
    "a voice vote": "All in favor say aye. Aye. Aye. Aye. Aye. Opposed? No. No. The ayes have it.",
    "a roll call": " ".join(f"Senator {name}? Aye." for name in NAMES),
    "a roll call of misters": " ".join(f"Mr. {name}. Mr. {name}, aye by proxy." for name in NAMES),
    "a roll call without answers": " ".join(f"Senator {name}." for name in NAMES),
    "a roll call in small letters": " ".join(f"senator {name} votes no" for name in NAMES).lower(),
    "an amendment that is read twice": "Strike line four and insert the following. " * 2
    + TESTIMONY,
    "two sentences of Spanish": f"{TESTIMONY} {SPANISH} {REPLY} {QUESTION}",
    "numbers": "S. 2150 gives $400 million in 2026, $420 million in 2027 and $450 million in 2028.",
    "a subtitle that is spoken of": f"{TESTIMONY} We ask for subtitles by 2027 in every chamber.",
    "a farewell to those who watch": f"{TESTIMONY} Thank you for watching this hearing at home.",
    "a laugh that is noted": f"{TESTIMONY} [Laughter] {REPLY}",
}


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST)
@pytest.mark.parametrize("with_times", [True, False], ids=["times", "no times"])
def test_what_people_say_is_not_suspected(text: str, with_times: bool) -> None:
    words = said(text)
    speech = [Span(0, words[-1].end_ms)]

    assert judged(words if with_times else written(text, speech), speech=speech) == ()


@pytest.mark.parametrize(
    ("confidence", "doubted"), [(0.04, True), (0.29, True), (0.5, False), (None, False)]
)
def test_words_that_the_engine_is_unsure_of_are_suspected(
    confidence: float | None, doubted: bool
) -> None:
    words = [replace(word, confidence=confidence) for word in said(TESTIMONY)]

    found = judged(words, speech=[Span(0, words[-1].end_ms)])

    assert [suspicion.doubt for suspicion in found] == [Doubt.UNSURE] * doubted


def test_a_few_words_that_the_engine_is_unsure_of_are_no_reason() -> None:
    words = [replace(word, confidence=0.9) for word in said(TESTIMONY)]
    words[3:9] = [replace(word, confidence=0.01) for word in words[3:9]]

    assert judged(words, speech=[Span(0, words[-1].end_ms)]) == ()


def test_nothing_over_speech_is_suspected_and_nothing_over_silence_is_right() -> None:
    speech = [Span(4_000, 20_000), Span(30_000, 54_000)]

    (found,) = judged((), speech=speech)

    assert found == Suspicion(
        Doubt.EMPTY, Span(4_000, 54_000), "40 s of speech came back without a word."
    )
    assert judged((), speech=[]) == ()
    assert judged((), speech=[Span(4_000, 5_900)]) == ()


def test_marks_of_sounds_are_no_words() -> None:
    words = said("[Music] ♪ ♪ (applause) [BLANK_AUDIO]")

    assert doubts(judged(words, speech=[Span(0, 20_000)])) == [Doubt.EMPTY]


def test_a_text_of_that_length_that_leaves_speech_unsaid_is_told_with_its_place() -> None:
    words = said(TESTIMONY)
    end_ms = words[-1].end_ms + 2_500

    (found,) = suspicions(
        words,
        speech=[Span(0, end_ms)],
        duration_ms=end_ms,
        language="en",
        output_ceiling_tokens=len(words),
    )

    assert (found.doubt, found.span) == (Doubt.CEILING, Span(words[-1].end_ms, end_ms))


def test_a_word_in_brackets_is_a_word() -> None:
    assert judged(said("(Aye.)"), speech=[Span(0, 3_000)]) == ()


def test_words_in_brackets_are_words() -> None:
    words = said("(the committee meets) and [music to my ears")

    assert judged(words) == ()


def test_a_tail_without_words_is_told_with_its_place() -> None:
    words = said(TESTIMONY)
    end_ms = words[-1].end_ms

    (found,) = judged(words, speech=[Span(0, end_ms), Span(end_ms + 400, end_ms + 6_400)])

    assert found == Suspicion(
        Doubt.TAIL,
        Span(end_ms + 400, end_ms + 6_400),
        "6 s of speech came back without words.",
    )


def test_a_middle_and_a_head_without_words_are_told_with_their_places() -> None:
    before = said(TESTIMONY, from_ms=6_000)
    hole = Span(before[-1].end_ms, before[-1].end_ms + 3_000)
    after = said(REPLY, from_ms=hole.end_ms)

    found = judged((*before, *after), speech=[Span(0, after[-1].end_ms)])

    assert [(s.doubt, s.span) for s in found] == [
        (Doubt.HEAD, Span(0, 6_000)),
        (Doubt.MIDDLE, hole),
    ]


def test_a_shorter_hole_is_left_to_the_limits_of_what_can_be_known() -> None:
    before = said(TESTIMONY)
    after = said(REPLY, from_ms=before[-1].end_ms + 2_999)

    assert judged((*before, *after)) == ()


def test_a_pause_without_speech_is_no_hole() -> None:
    before, after = said(TESTIMONY), said(REPLY, from_ms=90_000)
    speech = [Span(0, before[-1].end_ms), Span(90_000, after[-1].end_ms)]

    assert judged((*before, *after), speech=speech) == ()


def test_a_word_that_is_stretched_over_a_hole_does_not_hide_it() -> None:
    before = said(TESTIMONY)
    after = said(REPLY, from_ms=before[-1].end_ms + 8_000)
    stretched = Word(before[-1].start_ms, after[0].start_ms, before[-1].text)

    assert doubts(judged((*before[:-1], stretched, *after))) == [Doubt.MIDDLE]


def test_without_times_a_hole_has_no_place_and_a_great_loss_is_still_told() -> None:
    speech = [Span(0, 60_000)]

    (found,) = judged(written("I support the goal of this bill.", speech), speech=speech)

    assert found == Suspicion(Doubt.SPARSE, None, "60 s of speech came back with 7 words.")


def test_one_estimated_word_makes_all_places_unknown() -> None:
    words = said(TESTIMONY)
    end_ms = words[-1].end_ms
    estimated = Word(0, words[0].end_ms, words[0].text, timing=Timing.ESTIMATED)

    assert judged((estimated, *words[1:]), speech=[Span(0, end_ms + 6_000)]) == ()


@pytest.mark.parametrize(
    ("share", "doubt"),
    [(0.6, Doubt.SPARSE), (0.78, Doubt.SPARSE), (0.82, None), (1.1, None), (1.5, Doubt.INVENTED)],
)
def test_an_answer_is_measured_against_the_rest_of_its_recording(
    share: float, doubt: Doubt | None
) -> None:
    words = written(f"{TESTIMONY} {REPLY} and so I", [Span(0, 45_000)])
    pace = pace_of(words, [Span(0, 45_000)])
    assert pace

    found = suspicions(
        words,
        speech=[Span(0, 45_000)],
        duration_ms=45_000,
        language="en",
        usual_pace=pace / share,
    )

    assert doubts(found) == ([] if doubt is None else [doubt])


def test_a_text_that_ends_with_a_sentence_may_be_somewhat_shorter_than_usual() -> None:
    words = written(f"{TESTIMONY} {REPLY}", [Span(0, 45_000)])
    pace = pace_of(words, [Span(0, 45_000)])
    assert pace

    for share, expected in [(0.78, []), (0.7, [Doubt.SPARSE])]:
        found = suspicions(
            words,
            speech=[Span(0, 45_000)],
            duration_ms=45_000,
            language="en",
            usual_pace=pace / share,
        )
        assert doubts(found) == expected


def test_a_pace_is_not_told_of_little_speech() -> None:
    assert pace_of(said(TESTIMONY), [Span(0, 29_999)]) is None


def test_more_text_than_anyone_says_is_suspected() -> None:
    assert doubts(judged(said(TESTIMONY, ms_per_letter=25))) == [Doubt.INVENTED]


def test_words_where_nobody_speaks_are_suspected_with_their_place() -> None:
    lead, rest = (
        said("This hearing is about to begin, please stand by."),
        said(TESTIMONY, from_ms=60_000),
    )

    (found,) = judged((*lead, *rest), speech=[Span(60_000, rest[-1].end_ms)])

    assert (found.doubt, found.span) == (Doubt.INVENTED, Span(0, lead[-1].end_ms))
    assert found.sentence == "9 words came back for a stretch where nobody speaks."


@pytest.mark.parametrize("with_times", [True, False], ids=["times", "no times"])
def test_a_text_as_long_as_the_engine_writes_that_stops_early_is_suspected(
    with_times: bool,
) -> None:
    words = said(f"{TESTIMONY} {REPLY} {QUESTION} And I")
    speech = [Span(0, words[-1].end_ms)]
    answer = words if with_times else written(" ".join(w.text for w in words), speech)

    def found(ceiling: int | None) -> list[Doubt]:
        return doubts(
            suspicions(
                answer,
                speech=speech,
                duration_ms=speech[-1].end_ms,
                language="en",
                output_ceiling_tokens=ceiling,
            )
        )

    assert found(len(words) * 4 // 3) == [Doubt.CEILING]
    assert found(len(words) * 2) == []
    assert found(None) == []


def test_a_text_of_that_length_that_ends_with_its_sound_is_honest() -> None:
    words = said(TESTIMONY)

    assert (
        suspicions(
            words,
            speech=[Span(0, words[-1].end_ms)],
            duration_ms=words[-1].end_ms,
            language="en",
            output_ceiling_tokens=len(words),
        )
        == ()
    )
