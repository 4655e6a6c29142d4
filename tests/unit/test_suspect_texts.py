from random import Random

import pytest

from hearings.spans import Span
from tests.unit.plausibility_kit import (
    FINNISH,
    FRENCH,
    GERMAN,
    ITALIAN,
    PORTUGUESE,
    QUESTION,
    REPLY,
    RUSSIAN,
    SPANISH,
    TESTIMONY,
    WELSH,
    doubts,
    judged,
    said,
    written,
)
from transcription.plausibility import Doubt, suspicions

LANGUAGES = {"es": SPANISH, "fr": FRENCH, "de": GERMAN, "pt": PORTUGUESE, "it": ITALIAN}


@pytest.mark.parametrize("language", [*LANGUAGES, "en"])
def test_a_text_in_its_language_is_not_suspected_and_in_any_other_it_is(language: str) -> None:
    texts = {**LANGUAGES, "en": TESTIMONY}

    found = {name: doubts(judged(said(text), language=language)) for name, text in texts.items()}

    assert found == {name: [] if name == language else [Doubt.LANGUAGE] for name in texts}


@pytest.mark.parametrize("text", [WELSH, RUSSIAN])
def test_a_drift_into_another_language_or_script_is_seen(text: str) -> None:
    assert doubts(judged(said(text))) == [Doubt.LANGUAGE]


def test_a_script_without_spaces_is_judged_by_its_letters() -> None:
    words = said("我们今天开会讨论这个法案，请各位委员发言，谢谢大家。", ms_per_letter=200)

    assert judged(words, language="zh") == ()
    assert doubts(judged(words)) == [Doubt.LANGUAGE]


def test_a_drift_in_the_second_half_is_seen() -> None:
    drifted = said(f"{TESTIMONY} {REPLY} {SPANISH} {PORTUGUESE} {SPANISH}")

    assert doubts(judged(drifted)) == [Doubt.LANGUAGE]


def test_a_language_without_a_list_is_judged_by_its_letters_alone() -> None:
    assert judged(said(RUSSIAN), language="ru") == ()
    assert doubts(judged(said(TESTIMONY), language="ru")) == [Doubt.LANGUAGE]
    assert judged(said(TESTIMONY), language="xx") == ()


def test_a_short_answer_is_not_judged_by_its_language() -> None:
    assert judged(said("Muchas gracias, señor presidente.")) == ()


@pytest.mark.parametrize(
    ("phrase", "times"),
    [
        ("no", 10),
        ("Thank you.", 12),
        ("We will go to the store.", 6),
        ("I yield back the balance of my time to the chair.", 5),
        (TESTIMONY, 2),
        ("はい", 12),
    ],
)
@pytest.mark.parametrize("with_times", [True, False], ids=["times", "no times"])
def test_a_loop_is_told_with_its_phrase(phrase: str, times: int, with_times: bool) -> None:
    words = said(f"{TESTIMONY} " + f"{phrase} " * times + TESTIMONY[::-1])
    first = len(TESTIMONY.split())
    speech = [Span(0, words[-1].end_ms)]
    answer = words if with_times else written(" ".join(w.text for w in words), speech)

    found = [s for s in judged(answer, speech=speech) if s.doubt is Doubt.LOOP]

    assert len(found) == 1
    assert (
        found[0].span is None
        or phrase == TESTIMONY
        or (abs(found[0].span.start_ms - words[first].start_ms) < 1_000)
    )
    assert (found[0].span is not None) == with_times
    assert f"comes {times if phrase != TESTIMONY else 3} times in a row." in found[0].sentence


HINTS = ("Langford", "Quintero", "Dr. Ingrid Halvorsen", "Pryor", "Port Ellery", "Nakamura")
TITLE = "Hearing on S. 2150, the Coastal Weather Station Act"


@pytest.mark.parametrize(
    ("text", "is_echo"),
    [
        (f"Quintero, Dr. Ingrid Halvorsen, Pryor, Port Ellery. {TESTIMONY}", True),
        (f"{TESTIMONY} Langford, Quintero, Dr. Ingrid Halvorsen, Pryor.", True),
        (f"{TITLE}. {TESTIMONY}", True),
        (f"Langford, Quintero and Nakamura are here, and Pryor. {TESTIMONY}", False),
        (f"This is the {TITLE}. {TESTIMONY}", False),
        (f"Langford? Aye. Quintero? Aye. Dr. Ingrid Halvorsen? No. Pryor? {TESTIMONY}", False),
    ],
)
def test_hints_as_they_were_given_are_an_echo_and_spoken_ones_are_not(
    text: str, is_echo: bool
) -> None:
    words = said(text)

    found = suspicions(
        words,
        speech=[Span(0, words[-1].end_ms)],
        duration_ms=words[-1].end_ms,
        language="en",
        prompted=(*HINTS, TITLE),
    )

    assert doubts(found) == ([Doubt.ECHO] if is_echo else [])


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Thanks for watching!", "en"),
        ("Thank you for watching. Please subscribe.", "en"),
        (f"{TESTIMONY} Subtitles by the Amara.org community.", "en"),
        (f"{GERMAN} Untertitel im Auftrag des ZDF für funk, 2017.", "de"),
        (f"{FRENCH} Sous-titrage ST' 501", "fr"),
        (f"{SPANISH} Subtítulos realizados por la comunidad de Amara.org", "es"),
        ("¡Gracias por ver el video!", "es"),
        (f"{ITALIAN} Sottotitoli e revisione a cura di QTSS.", "it"),
        ("Obrigado por assistir!", "pt"),
        ("ご視聴ありがとうございました", "ja"),
        (f"{RUSSIAN} Редактор субтитров А.Семкин", "ru"),
    ],
)
def test_what_models_write_where_nobody_speaks_is_told(text: str, language: str) -> None:
    assert doubts(judged(said(text), language=language)) == [Doubt.STOCK]


@pytest.mark.parametrize("text", ["Thank you.", "Bye.", "Vielen Dank.", "you"])
def test_a_stock_phrase_over_silence_is_told_and_over_its_own_sound_is_not(text: str) -> None:
    words = said(text, from_ms=20_000)
    speech = [Span(20_000, words[-1].end_ms)]

    assert doubts(judged(words, speech=[Span(0, 900)])) == [Doubt.STOCK]
    assert doubts(judged(written(text, ()), speech=[])) == [Doubt.STOCK]
    assert judged(words, speech=speech) == ()


def test_thanks_alone_for_a_long_speech_are_told() -> None:
    speech = [Span(0, 20_000)]

    found = doubts(judged(written("Thank you. Thank you.", speech), speech=speech))

    assert found == [Doubt.SPARSE, Doubt.STOCK]


def test_a_passage_that_comes_twice_is_told() -> None:
    passage = " ".join(REPLY.split()[:30])

    (found,) = judged(said(f"{TESTIMONY} {passage} {passage} {QUESTION}"))

    assert found.doubt is Doubt.LOOP
    assert found.sentence.endswith("…” comes 2 times in a row.")


def test_a_loop_in_a_script_without_spaces_is_told() -> None:
    words = said("はい。" + "そうですね" * 6, ms_per_letter=200)

    assert doubts(judged(words, language="ja")) == [Doubt.LOOP]


def test_a_loop_that_changes_a_little_is_told_too() -> None:
    random = Random(3)
    phrases = ["I think that we", "we think so", "that I think", "so we know that"]
    text = " ".join(" ".join(random.sample(phrases, 4)) for _ in range(12))

    (found,) = judged(said(text))

    assert (found.doubt, found.sentence) == (
        Doubt.LOOP,
        "80 words in a row repeat the same few.",
    )


def test_a_language_that_is_on_no_list_is_seen_by_what_is_not_in_it() -> None:
    assert doubts(judged(said(f"{FINNISH} {FINNISH[::-1]}"))) == [Doubt.LANGUAGE]


def test_a_few_words_in_another_script_are_not_suspected() -> None:
    assert judged(said(f"{TESTIMONY} Господин председатель, спасибо. {REPLY}")) == ()
