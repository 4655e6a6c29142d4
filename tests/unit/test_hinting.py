import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearings.spans import Span
from transcription.engines.hosted_models import (
    KNOWN,
    LONGEST_KEYWORD,
    LONGEST_PROMPT,
    clean_keywords,
    hosted_model,
)
from transcription.engines.hosted_models import MOST_KEYWORDS as MOST_SENT
from transcription.hinting import LONGEST, MOST_KEYWORDS, for_slice, keywords_of, terms_in
from transcription.people import Subject, WitnessFacts

SAMPLE = json.loads(
    (Path(__file__).parents[2] / "sample" / "hearing.json").read_text(encoding="utf-8")
)


def subject(**values: object) -> Subject:
    facts = {
        "members": ("Chuck Grassley", "Richard J. Durbin", "John Cornyn"),
        "witnesses": tuple(WitnessFacts(**witness) for witness in SAMPLE["witnesses"]),
        "title": SAMPLE["title"],
        "description": SAMPLE["description"],
    }
    return Subject(**(facts | values))


def test_the_rarest_names_come_first_and_then_who_presides_bills_members_and_terms() -> None:
    assert keywords_of(subject()) == (
        "Ingrid Halvorsen",
        "Desmond Pryor",
        "Chuck Grassley",
        "Richard J. Durbin",
        "S. 2150",
        "John Cornyn",
        "Tidewater Institute",
        "Port Ellery",
        "Coastal Weather Station Act",
        "Ocean Observation",
        "Harbor Master",
    )


def test_nothing_known_gives_no_hints() -> None:
    assert keywords_of(Subject()) == ()


def test_a_name_that_comes_again_is_said_once() -> None:
    found = keywords_of(
        Subject(("Ted Cruz",), (WitnessFacts("Sen. TED CRUZ"),), "", "We hear from Ted Cruz.")
    )

    assert found == ("TED CRUZ",)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        (
            "We weigh the nomination of John A. Doe, of Texas, to the National Ocean and Air Unit.",
            ["John A. Doe", "Texas", "National Ocean and Air Unit"],
        ),
        ("Full Committee Hearing: Oversight of the Weather Service", ["Weather Service"]),
        ("Nominations of Jane Roe to the Federal Trade Commission", ["Jane Roe"]),
        (
            "The committee will hear from NOAA and the Tidewater Institute. Storms in Maine hurt.",
            ["NOAA", "Tidewater Institute", "Maine"],
        ),
        ("Business Meeting to Consider S. 2150, HR 77 and Public Law 117-58", []),
        ("A word with the U.S. Coast Guard on the Gulf of Maine.", ["U.S. Coast Guard"]),
        ("OPEN EXECUTIVE SESSION TO VOTE ON THE NOMINEE", []),
        ("the weather, and how it is watched", []),
        ("", []),
    ],
)
def test_terms_are_names_and_never_whole_sentences(text: str, terms: list[str]) -> None:
    found = list(terms_in(text))

    assert found[: len(terms)] == terms
    assert text not in found


@pytest.mark.parametrize(
    "bill",
    [
        *("S. 2150", "H.R. 1", "H. R. 22", "S.J. Res. 12", "S. Con. Res. 14", "H. Res. 4"),
        *("HR 77", "Public Law 117-58", "P.L. 95-87"),
    ],
)
def test_a_bill_is_named_by_its_number(bill: str) -> None:
    assert bill in keywords_of(Subject(title=f"Hearing on {bill}, and other matters"))


@pytest.mark.parametrize("text", ["Plans 5", "at 10 a.m. 5 people", "U.S. 101", "S.", "MRS. 5"])
def test_what_looks_like_a_bill_is_none(text: str) -> None:
    assert not any(any(c.isdigit() for c in term) for term in keywords_of(Subject(title=text)))


# What reaches a model --------------------------------------------------------------------------

texts = st.text(
    st.one_of(
        st.sampled_from("<>\r\n\0\x1b\x85\u2028\u2029\ufeff\ud800 ,.AaBbÉ5"), st.characters()
    ),
    max_size=90,
)


@given(
    st.builds(
        Subject,
        st.lists(texts, max_size=40).map(tuple),
        st.lists(st.builds(WitnessFacts, texts, texts, texts), max_size=9).map(tuple),
        texts,
        st.lists(texts, max_size=9).map(" ".join),
    ),
    st.sampled_from(sorted(KNOWN)),
)
def test_whatever_a_page_says_no_model_gets_what_it_refuses(subject: Subject, name: str) -> None:
    keywords = keywords_of(subject)
    model = hosted_model(name)

    sent = model.taken(keywords)

    assert len(keywords) <= MOST_KEYWORDS <= MOST_SENT
    assert all(0 < len(keyword) <= LONGEST <= LONGEST_KEYWORD for keyword in keywords)
    assert all(keyword.isprintable() and not set("<>") & set(keyword) for keyword in sent)
    assert all(keyword == " ".join(keyword.split()) != "" for keyword in sent)
    assert len({keyword.casefold() for keyword in sent}) == len(sent)
    assert model.taken(sent) == sent
    assert len(", ".join(sent)) <= LONGEST_PROMPT or model.keyword_field == "keywords"
    assert sent == tuple(clean_keywords(keywords))[: len(sent)]
    if model.keyword_field is None:
        assert sent == ()


def test_a_full_roster_fits_into_a_prompt_with_its_witnesses_and_bill() -> None:
    members = tuple(f"Firstname{i:02} Surname{i:02}" for i in range(20))

    sent = hosted_model("whisper-1").taken(keywords_of(subject(members=members)))

    assert {"Ingrid Halvorsen", "S. 2150", members[-1]} <= set(sent)


# Quiet slices ----------------------------------------------------------------------------------


def hints(*speech: tuple[int, int], duration_ms: int = 60_000, was_doubted: bool = False) -> bool:
    spans = [Span(*pair) for pair in speech]
    sent = for_slice(("a", "b"), speech=spans, duration_ms=duration_ms, was_doubted=was_doubted)
    assert sent in ((), ("a", "b"))
    return bool(sent)


def test_a_slice_of_speech_goes_out_with_hints() -> None:
    assert hints((0, 58_000))
    assert hints((0, 5_000), duration_ms=6_000)


def test_a_roll_call_with_its_pauses_goes_out_with_hints() -> None:
    assert hints(*((at, at + 650) for at in range(0, 60_000, 1_000)))


def test_a_quiet_slice_goes_out_without_any() -> None:
    assert not hints()
    assert not hints((0, 4_900), duration_ms=5_000)
    assert not hints((0, 10_000), (50_000, 57_900))


def test_what_was_doubted_is_heard_again_without_any() -> None:
    assert not hints((0, 58_000), was_doubted=True)
