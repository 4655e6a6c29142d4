"""The list of hearings in the admin, their edits, and what goes when one is deleted."""

import re
from datetime import date
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from hearings.forms import HearingForm
from hearings.models import CheckStatus, Committee, Hearing, ValidationFinding
from tests.factories import make_chunk, make_hearing, make_run, make_segments
from tests.web.admin_kit import ONE_WITNESS, change_address, description
from transcription.models import ChunkStatus, Run, RunStatus

pytestmark = pytest.mark.django_db

LIST = "/admin/hearings/hearing/"


def test_the_list_shows_committee_length_check_access_and_latest_run(
    administrator: Client,
) -> None:
    committee = Committee.objects.create(code="SCOM", name="Commerce")
    hearing = make_hearing(committee=committee, is_published=True, duration_ms=3_723_000)
    make_run(hearing, status=RunStatus.FAILED)
    latest = make_run(hearing, status=RunStatus.COMPLETE)

    page = administrator.get(LIST).content.decode()

    assert "SCOM" in page
    assert "1:02:03" in page
    assert "Accepted" in page
    assert "public" in page
    assert f"{latest.pk} · Complete" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=weather", {"Weather"}),
        ("?q=roe", {"Weather"}),
        ("?state=failed", {"Budget"}),
        ("?state=checking", {"Weather"}),
        ("?is_closed__exact=1", {"Budget"}),
        ("?check_status__exact=checking", {"Weather"}),
    ],
)
def test_the_list_is_searched_and_filtered(
    administrator: Client, query: str, found: set[str]
) -> None:
    weather = make_hearing(title="Weather", check_status=CheckStatus.CHECKING, duration_ms=None)
    weather.witnesses.create(name="Jane Roe")
    make_run(make_hearing(title="Budget", is_closed=True), status=RunStatus.FAILED)

    response = administrator.get(f"{LIST}{query}")

    assert {hearing.title for hearing in response.context["cl"].result_list} == found


def test_the_list_costs_the_same_however_many_hearings(
    administrator: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(40):
        committee = Committee.objects.create(code=f"C{number}", name=f"Committee {number}")
        make_run(make_hearing(title=f"Day {number}", committee=committee))

    with django_assert_max_num_queries(12):
        page = administrator.get(LIST).content.decode()

    assert "Day 39" in page and "Day 0" in page


@pytest.mark.parametrize(("order", "published"), [("publish", True), ("unpublish", False)])
def test_chosen_hearings_are_published_and_taken_back(
    administrator: Client, order: str, published: bool
) -> None:
    chosen = make_hearing(is_published=not published)
    other = make_hearing(is_published=not published)

    administrator.post(LIST, {"action": order, "_selected_action": [chosen.pk]})

    chosen.refresh_from_db()
    other.refresh_from_db()
    assert (chosen.is_published, other.is_published) == (published, not published)
    (noted,) = LogEntry.objects.all()
    assert (noted.object_id, noted.user.username) == (str(chosen.pk), "chief")
    assert noted.get_change_message() == ("Published." if published else "Unpublished.")


def test_closed_hearings_are_not_published_with_others(administrator: Client) -> None:
    closed = make_hearing(title="Executive session", is_closed=True)
    other = make_hearing()
    chosen = {"action": "publish", "_selected_action": [closed.pk, other.pk]}

    page = administrator.post(LIST, chosen, follow=True).content.decode()

    assert list(Hearing.objects.filter(is_published=True)) == [other]
    assert "one by one, on their pages: Executive session." in page


def hidden_initial(page: str) -> dict[str, str]:
    """Return what a form remembers of who might know of the hearing when it was opened."""
    return dict(re.findall(r'name="(initial-\w+)" value="(\w+)"', page))


def test_a_form_that_was_opened_before_does_not_undo_who_may_know_of_it(
    administrator: Client,
) -> None:
    hearing = make_hearing(is_published=True)
    opened = hidden_initial(administrator.get(change_address(hearing.pk)).content.decode())
    Hearing.objects.update(is_published=False, is_closed=True)

    stale = description(is_published="on", location="Room 106", **opened)
    administrator.post(change_address(hearing.pk), stale)

    hearing.refresh_from_db()
    assert (hearing.is_published, hearing.is_closed) == (False, True)
    assert hearing.location == "Room 106"


def test_a_form_publishes_what_was_not_when_it_was_opened(administrator: Client) -> None:
    hearing = make_hearing()
    opened = hidden_initial(administrator.get(change_address(hearing.pk)).content.decode())

    administrator.post(change_address(hearing.pk), description(is_published="on", **opened))

    hearing.refresh_from_db()
    assert hearing.is_published


def test_saving_a_form_leaves_alone_what_happened_meanwhile(
    administrator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check that ends, a recording that is replaced: not what was read with the form."""
    hearing = make_hearing(check_status=CheckStatus.CHECKING, duration_ms=None)

    def checked_meanwhile(form: HearingForm) -> str:
        Hearing.objects.update(check_status=CheckStatus.REFUSED, recording_bytes=7)
        return str(form.cleaned_data["language"])

    monkeypatch.setattr(HearingForm, "clean_language", checked_meanwhile)
    administrator.post(change_address(hearing.pk), description(location="Room 106"))

    hearing.refresh_from_db()
    assert (hearing.check_status, hearing.recording_bytes) == (CheckStatus.REFUSED, 7)
    assert hearing.location == "Room 106"


@pytest.mark.parametrize("query", ["?state=%00", "?state=nonsense"])
def test_a_state_that_there_is_not_is_no_error(administrator: Client, query: str) -> None:
    assert administrator.get(f"{LIST}{query}").status_code < 500


def test_an_edit_of_the_date_is_judged_without_reading_the_recording_again(
    administrator: Client,
) -> None:
    hearing = make_hearing(date=date(2226, 3, 12), check_status=CheckStatus.REFUSED)
    for code in ("date", "committee_missing"):
        ValidationFinding.objects.create(
            hearing=hearing, code=code, severity="error", message="Wrong."
        )

    administrator.post(change_address(hearing.pk), description(date="2026-03-12"))

    hearing.refresh_from_db()
    assert hearing.check_status == CheckStatus.ACCEPTED
    found = {finding.code for finding in hearing.findings.all()}
    assert found == {"committee_missing", "witnesses_missing"}


def test_witnesses_that_are_added_later_are_judged(administrator: Client) -> None:
    hearing = make_hearing()
    missing = {"code": "witnesses_missing", "severity": "warning", "message": "No witness."}
    ValidationFinding.objects.create(hearing=hearing, **missing)

    administrator.post(change_address(hearing.pk), description(**ONE_WITNESS))

    assert {finding.code for finding in hearing.findings.all()} == {"committee_missing"}


def test_no_edit_accepts_a_recording_that_cannot_be_read(administrator: Client) -> None:
    hearing = make_hearing(check_status=CheckStatus.REFUSED, duration_ms=None)
    ValidationFinding.objects.create(
        hearing=hearing, code="no_audio", severity="error", message="There is no sound."
    )

    administrator.post(change_address(hearing.pk), description(title="Another title"))

    hearing.refresh_from_db()
    assert hearing.title == "Another title"
    assert hearing.check_status == CheckStatus.REFUSED
    assert hearing.findings.filter(code="no_audio").exists()


def test_deleting_a_hearing_takes_its_runs_and_its_recording_along(
    administrator: Client,
    recordings: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    hearing = make_hearing()
    run = make_run(hearing, status=RunStatus.COMPLETE)
    make_chunk(run, status=ChunkStatus.DONE)
    make_segments(run, "The committee will come to order.")
    address = f"{LIST}{hearing.pk}/delete/"

    asked = administrator.get(address).content.decode()
    assert "the recording “hearing.mp3” (16 bytes)" in asked
    assert "1 run, with 1 sentence of transcript text" in asked
    assert len(list(recordings.glob("*"))) == 1
    with django_capture_on_commit_callbacks(execute=True):
        administrator.post(address, {"post": "yes"})

    assert not Hearing.objects.exists() and not Run.objects.exists()
    assert list(recordings.glob("*")) == []


def test_several_hearings_are_deleted_with_their_recordings(
    administrator: Client,
    recordings: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    kept = make_hearing(title="Kept")
    chosen = [make_hearing(title=f"Gone {number}").pk for number in range(2)]

    with django_capture_on_commit_callbacks(execute=True):
        administrator.post(
            LIST, {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
        )

    assert list(Hearing.objects.all()) == [kept]
    assert len(list(recordings.glob("*"))) == 1


def test_a_hearing_with_a_run_under_way_stays(administrator: Client, recordings: Path) -> None:
    hearing = make_hearing()
    make_run(hearing, status=RunStatus.TRANSCRIBING)

    response = administrator.post(f"{LIST}{hearing.pk}/delete/", {"post": "yes"})

    assert "is under way: cancel it first" in response.content.decode()
    assert Hearing.objects.filter(pk=hearing.pk).exists()


def test_asking_to_delete_costs_few_queries_however_long_the_transcript(
    administrator: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    run = make_run(status=RunStatus.COMPLETE)
    make_segments(run, *["Order."] * 100)

    with django_assert_max_num_queries(12):
        administrator.get(f"{LIST}{run.hearing_id}/delete/")


def test_a_committee_is_shown_with_its_members(administrator: Client) -> None:
    committee = Committee.objects.create(code="SCOM", name="Commerce")
    committee.members.create(name="Maria Cantwell", role="ranking member")

    listed = administrator.get("/admin/hearings/committee/").content.decode()
    page = administrator.get(f"/admin/hearings/committee/{committee.pk}/change/").content.decode()

    assert "Commerce" in listed
    assert 'value="Maria Cantwell"' in page
