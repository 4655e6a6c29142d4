"""Which names in a transcript may be misspelt, and which hints were hardly heard."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcription.names import HARDLY_HEARD, Correction, corrections, hardly_heard
from transcription.people import Person, Subject, WitnessFacts, person_of
from transcription.sounding import edits, likeness, sound_of
from transcription.words import Word

ROOT = Path(__file__).parents[2]
ROSTERS = {
    committee["code"]: tuple(member["name"] for member in committee["members"])
    for committee in json.loads(
        (ROOT / "hearings" / "data" / "senate_committees.json").read_text(encoding="utf-8")
    )["committees"]
    if committee["members"]
}
EVERYONE = tuple({name for names in ROSTERS.values() for name in names})
WITNESSES = (
    WitnessFacts("Dr. Ingrid Halvorsen", "Director of Ocean Observation", "Tidewater Institute"),
    WitnessFacts("Mr. Desmond Pryor", "Harbor Master", "Port Ellery"),
)


def hearing_of(code: str) -> Subject:
    """Return what a database with all rosters knows of a hearing of one committee."""
    return Subject(ROSTERS[code], WITNESSES, others=EVERYONE)


def proposed(text: str, code: str = "SSJU") -> list[tuple[str, str]]:
    found = corrections(text.split(), hearing_of(code))
    assert all(each.stands in text.split()[each.word] for each in found)
    return [(each.stands, each.proposed) for each in found]


# What is misheard ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "heard", "meant"),
    [
        ("SSJU", "Senator Grassi", "Grassley"),
        ("SSJU", "Senator Cornett", "Cornyn"),
        ("SSJU", "Chairman Grassly", "Grassley"),
        ("SSJU", "Ranking Member Durban", "Durbin"),
        ("SSJU", "Senator Holley", "Hawley"),
        ("SSJU", "Senator Klobishar", "Klobuchar"),
        ("SSJU", "Senator Kuhns", "Coons"),
        ("SSJU", "Senator Crews", "Cruz"),
        ("SSJU", "Mr. Tillus", "Tillis"),
        ("SSJU", "Ms. Bloomenthal", "Blumenthal"),
        ("SSJU", "John Cornin", "Cornyn"),
        ("SSJU", "Senator Christopher A. Koons", "Coons"),
        ("SCOM", "Senator Loomis", "Lummis"),
        ("SCOM", "Senator Fisher", "Fischer"),
        ("SCOM", "Senator Luhan", "Luján"),
        ("SCOM", "Senator Federman", "Fetterman"),
        ("SBAN", "Senator Van Holland", "Hollen"),
        ("SBAN", "Senator Cortes Masto", "Cortez"),
        ("SSCI", "Senator Langford", "Lankford"),
        ("SSCI", "Senator Shumer", "Schumer"),
        ("SCOM", "Dr. Halverson", "Halvorsen"),
        ("SCOM", "Mr. Prior", "Pryor"),
    ],
)
def test_a_misheard_name_is_proposed_as_whose_it_may_be(code: str, heard: str, meant: str) -> None:
    text = f"Thank you, {heard}, for that question."

    assert proposed(text, code) == [(heard.split()[-1 - ("Masto" in heard)], meant)]


def test_a_proposal_says_why() -> None:
    (found,) = corrections(["Thanks,", "Senator", "Grassi."], hearing_of("SSJU"))

    assert found == Correction(
        2,
        "Grassi",
        "Grassley",
        "Nobody expected is called “Grassi”; after “Senator” it sounds like Chuck Grassley, "
        "a member of the committee.",
    )
    assert Correction.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_a_spelling_that_is_proposed_once_is_proposed_wherever_it_names_somebody() -> None:
    text = "Mr. Cornett? Aye. As Cornett’s bill, said Senator Cornett, shows. Cornett is here."

    assert proposed(text) == [("Cornett", "Cornyn")] * 3


# What is left alone ----------------------------------------------------------------------------


@pytest.mark.parametrize("code", ROSTERS)
def test_a_name_that_is_spelt_right_is_left_alone(code: str) -> None:
    surnames = [person.surname for name in EVERYONE if (person := person_of(name))]
    said = [f"{title} {name}’s time." for name in surnames for title in ("Senator", "Mr.")]

    assert proposed(" ".join([*said, *EVERYONE]), code) == []


@pytest.mark.parametrize(
    "text",
    [
        "Senator Grimes spoke.",  # as like to Graham as to Grassley
        "Thank you, Senator. Corning makes glass.",
        "Thank you, Senator, Corning makes glass.",
        "Mr. Chairman, Mr. President, Madam Clerk, Mr. Speaker, Dr. Doctor",
        "the senator cornett",
        "Senator CORNETT",
        "Mr. Cornelius and Ms. Grass testified.",
        "A member Cornett of the club.",
        "Every Member Cornett of the club.",
        "Cornett and Grassi, attorneys at law",
        "Senator C0rnyn",
        "Senator",
        "",
    ],
)
def test_what_nobody_can_tell_is_left_alone(text: str) -> None:
    assert proposed(text) == []


def test_a_common_word_of_the_text_is_no_name_unless_it_sounds_just_like_one() -> None:
    assert proposed("Kernel panics. A kernel is code, Senator Kernel said.") == []
    assert proposed("The crews sailed, Senator Crews.") == [("Crews", "Cruz")]


def test_nobody_known_is_nobody_misspelt() -> None:
    assert corrections(["Senator", "Grassi"], Subject()) == ()


@pytest.mark.parametrize("code", ROSTERS)
def test_the_sample_hearing_has_no_false_proposal(code: str) -> None:
    text = (ROOT / "sample" / "hearing.ref.txt").read_text(encoding="utf-8")
    # The intelligence committee has a Lankford, and so the sample's invented Langford is one.
    expected = {("Langford", "Lankford")} if code == "SSCI" else set()

    assert set(proposed(text, code)) == expected


@pytest.mark.parametrize("code", ROSTERS)
def test_a_long_text_full_of_other_names_has_next_to_no_false_proposal(code: str) -> None:
    text = (Path(__file__).parent / "names_of_others.txt").read_text(encoding="utf-8")
    assert len(text.split()) > 1_500

    assert proposed(text, code) == []


@given(
    st.lists(
        st.sampled_from(
            ["Senator", "Mr.", "Dr.", "John", "A.", "Grassi", "Cornyn,", "it", "…", "“"]
        )
        | st.text(min_size=1, max_size=9).filter(lambda text: len(text.split()) == 1),
        max_size=40,
    )
)
def test_any_words_give_proposals_that_name_words_which_stand_there(texts: list[str]) -> None:
    for found in corrections(texts, hearing_of("SSJU")):
        assert found.stands and found.stands in texts[found.word]
        assert found.proposed in {part for name in EVERYONE for part in name.split()} | {
            "Halvorsen",
            "Pryor",
        }


# Likeness --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sound"),
    [
        ("Grassley", "krsl"),
        ("Cruz", "krs"),
        ("Crews", "krs"),
        ("Wright", "rt"),
        ("Philips", "flps"),
    ],
)
def test_names_that_sound_alike_have_one_key(name: str, sound: str) -> None:
    assert sound_of(name) == sound


@pytest.mark.parametrize(
    ("left", "right", "count"),
    [("", "", 0), ("", "ab", 2), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3)],
)
def test_edits_are_counted_and_a_swap_is_one(left: str, right: str, count: int) -> None:
    assert edits(left, right) == edits(right, left) == count


@given(st.text(max_size=12), st.text(max_size=12))
def test_likeness_is_a_share_and_the_same_both_ways(left: str, right: str) -> None:
    assert 0 <= likeness(left, right) == likeness(right, left) <= 1


# Hints that were hardly heard ------------------------------------------------------------------

TOLD = ("Chuck Grassley", "John Cornyn", "S. 2150", "Coastal Weather Station Act", "Maine")
PEOPLE = (Person("Chuck Grassley", True), Person("John Cornyn", True))


def sentence(text: str, *unsure: str, chance: float | None = HARDLY_HEARD / 2) -> list[Word]:
    """Return the words of *text*, all sure but those that are not."""
    return [
        Word(at * 400, at * 400 + 300, word, chance if word in unsure else 0.9)
        for at, word in enumerate(text.split())
    ]


def flagged(words: list[Word]) -> tuple[str, ...]:
    return hardly_heard(words, told=TOLD, people=PEOPLE)


@pytest.mark.parametrize(
    ("text", "unsure", "hint"),
    [
        ("Thank you, Senator Cornyn.", ("Cornyn.",), "Cornyn"),
        ("Senator Cornyn’s bill", ("Cornyn’s",), "Cornyn"),
        ("We hear John Cornyn now.", ("John", "Cornyn"), "John Cornyn"),
        ("From Maine, we", ("Maine,",), "Maine"),
        ("The Coastal Weather Station Act.", ("Coastal", "Weather", "Station", "Act."), TOLD[3]),
    ],
)
def test_a_hint_without_support_is_flagged(text: str, unsure: tuple[str, ...], hint: str) -> None:
    told = f"“{hint}” was given as a hint and is hardly heard here."

    assert flagged(sentence(text, *unsure)) == (told,)


@pytest.mark.parametrize(
    "words",
    [
        sentence("Thank you, Senator Cornyn."),
        sentence("Thank you, Senator Cornyn.", "Cornyn.", chance=None),
        sentence("Thank you, Senator Cornyn.", "Cornyn.", chance=HARDLY_HEARD),
        sentence("Thank you, Senator Durbin.", "Durbin."),
        sentence("the weather station", "weather", "station"),
        sentence("An Act to amend", "Act"),
        sentence("We hear John Smith", "John", "Smith"),
        sentence("the coast of maine", "maine"),
        [],
    ],
)
def test_what_is_heard_or_was_no_hint_or_nobody_knows_is_not(words: list[Word]) -> None:
    assert flagged(words) == ()


def test_a_hint_that_comes_twice_is_flagged_once_and_without_hints_nothing_is() -> None:
    words = sentence("Cornyn and Cornyn", "Cornyn")

    assert len(flagged(words)) == 1
    assert hardly_heard(words, told=(), people=PEOPLE) == ()
