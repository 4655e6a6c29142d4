import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from hearings.committees import Outcome, load_committees
from hearings.models import Committee, Member

pytestmark = pytest.mark.django_db


@pytest.fixture
def rosters(tmp_path: Path) -> Path:
    return tmp_path / "rosters.json"


def ship(rosters: Path, *members: dict[str, str], **committee: Any) -> dict[Outcome, int]:
    """Load one committee, SCOM, with *members* and return what happened."""
    entry = {
        "code": "SCOM",
        "name": "Committee on Commerce",
        "chamber": "senate",
        "kind": "standing",
        "url": "https://www.commerce.senate.gov/",
        "members": list(members),
    } | committee
    rosters.write_text(json.dumps({"committees": [entry]}))
    return dict(load_committees(rosters))


def senator(name: str, **values: str) -> dict[str, str]:
    return {"name": name, "party": "Democratic", "state": "Washington", "role": "member"} | values


def test_the_shipped_file_gives_twenty_committees_and_four_rosters() -> None:
    load_committees()

    assert Committee.objects.count() == 20
    assert Member.objects.values("committee").distinct().count() == 4
    chair = Member.objects.get(committee__code="SBAN", role="chair")
    assert (chair.name, chair.state) == ("Tim Scott", "South Carolina")


def test_a_second_run_changes_nothing(rosters: Path) -> None:
    first = ship(rosters, senator("Maria Cantwell"))

    second = ship(rosters, senator("Maria Cantwell"))

    assert first == {Outcome.CREATED: 2}
    assert second == {Outcome.UNCHANGED: 2}


def test_a_newer_file_updates_what_no_person_touched(rosters: Path) -> None:
    ship(rosters, senator("Maria Cantwell"))

    outcomes = ship(rosters, senator("Maria Cantwell", role="chair"))

    assert outcomes == {Outcome.UNCHANGED: 1, Outcome.UPDATED: 1}
    assert Member.objects.get().role == "chair"


def test_a_persons_edit_stays_while_the_other_fields_are_updated(rosters: Path) -> None:
    ship(rosters)
    Committee.objects.update(name="Commerce, as we call it")

    ship(rosters, name="Committee on Commerce and Science", url="https://example.org/")

    committee = Committee.objects.get()
    assert committee.name == "Commerce, as we call it"
    assert committee.url == "https://example.org/"


def test_a_persons_edit_stays_however_often_newer_files_come(rosters: Path) -> None:
    ship(rosters)
    Committee.objects.update(name="Commerce, as we call it")

    outcomes = [ship(rosters, name=f"Edition {number}") for number in range(3)]

    assert outcomes == [{Outcome.LEFT: 1}] * 3
    assert Committee.objects.get().name == "Commerce, as we call it"


def test_a_member_whom_a_person_deleted_or_renamed_does_not_come_back(rosters: Path) -> None:
    members = [senator("Maria Cantwell"), senator("Amy Klobuchar")]
    ship(rosters, *members)
    Member.objects.get(name="Maria Cantwell").delete()
    Member.objects.filter(name="Amy Klobuchar").update(name="Amy J. Klobuchar")

    outcomes = ship(rosters, *members)

    assert outcomes == {Outcome.UNCHANGED: 1, Outcome.LEFT: 2}
    assert [member.name for member in Member.objects.all()] == ["Amy J. Klobuchar"]


def test_a_committee_that_a_person_deleted_stays_away_with_new_members_too(
    rosters: Path,
) -> None:
    ship(rosters, senator("Maria Cantwell"))
    Committee.objects.all().delete()

    outcomes = ship(rosters, senator("Maria Cantwell"), senator("Amy Klobuchar"))

    assert outcomes == {Outcome.LEFT: 3}
    assert not Committee.objects.exists() and not Member.objects.exists()


def test_a_committee_that_a_person_made_first_is_left_as_it_is(rosters: Path) -> None:
    Committee.objects.create(code="SCOM", name="Ours")

    outcomes = ship(rosters, senator("Maria Cantwell"))

    assert outcomes == {Outcome.LEFT: 1, Outcome.CREATED: 1}
    assert Committee.objects.get().name == "Ours"


def test_a_file_that_breaks_off_in_its_middle_changes_nothing(rosters: Path) -> None:
    with pytest.raises(KeyError):
        ship(rosters, senator("Maria Cantwell"), {"party": "Independent"})

    assert not Committee.objects.exists()


def test_the_command_says_in_a_sentence_what_it_did() -> None:
    said = StringIO()

    call_command("load_committees", stdout=said)
    call_command("load_committees", stdout=said)

    first, second = said.getvalue().splitlines()
    assert first.startswith("Committees and members: 115 created, 0 updated, 0 unchanged, 0 left")
    assert second.startswith("Committees and members: 0 created, 0 updated, 115 unchanged")


def test_the_command_can_be_quiet() -> None:
    said = StringIO()

    call_command("load_committees", "--quiet", stdout=said)

    assert said.getvalue() == ""
    assert Committee.objects.exists()
