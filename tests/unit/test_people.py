import pytest

from transcription.people import Person, Subject, WitnessFacts, folded, person_of


@pytest.mark.parametrize(
    ("written", "name", "surname"),
    [
        ("Dr. Ingrid Halvorsen", "Ingrid Halvorsen", "Halvorsen"),
        ("The Honorable Ben Ray Luján", "Ben Ray Luján", "Luján"),
        ("Hon. John Q. Public, Ph.D., Director", "John Q. Public", "Public"),
        ("Senator Chuck Grassley (R-IA)", "Chuck Grassley", "Grassley"),
        ("Robert F. Kennedy Jr.", "Robert F. Kennedy", "Kennedy"),
        ("Vice Admiral Karl  Schultz", "Karl Schultz", "Schultz"),
        ("Cindy Hyde-Smith", "Cindy Hyde-Smith", "Hyde-Smith"),
        ("Madonna", "Madonna", "Madonna"),
        ("General", "General", "General"),
    ],
)
def test_a_name_is_read_without_titles_degrees_and_parties(
    written: str, name: str, surname: str
) -> None:
    person = person_of(written)

    assert person and (person.name, person.surname) == (name, surname)


@pytest.mark.parametrize("written", ["", "  ", "(vacant)", "—", "42"])
def test_what_holds_no_name_is_nobody(written: str) -> None:
    assert person_of(written) is None


def test_everyone_expected_is_named_once_and_a_member_is_known_as_one() -> None:
    subject = Subject(
        members=("Ted Cruz", "Ted Cruz"), witnesses=(WitnessFacts("Dr. Ada Roe"), WitnessFacts(""))
    )

    assert subject.people == (Person("Ada Roe"), Person("Ted Cruz", is_member=True))


def test_names_are_compared_without_accents_capitals_and_marks() -> None:
    assert folded("Ben Ray Luján") == "benraylujan"
    assert folded("O’Brien-Smith.") == folded("OBRIEN SMITH")
