"""The list of hearings."""

from datetime import date

import pytest
from django.test import Client

from hearings.models import CheckStatus, Committee
from tests.factories import NOW, make_hearing, make_run
from transcription.listing import State
from transcription.models import RunStatus

pytestmark = pytest.mark.django_db

TITLES = ["Weather service", "Rail safety", "Ocean weather"]


def titles(client: Client, query: str = "") -> list[str]:
    return [hearing.title for hearing in client.get(f"/{query}").context["page"]]


@pytest.fixture
def commerce() -> Committee:
    return Committee.objects.create(code="SSCM", name="Committee on Commerce")


@pytest.fixture
def three(commerce: Committee) -> None:
    for month, title in enumerate(TITLES, start=1):
        make_hearing(
            title=title,
            date=date(2026, month, 1),
            is_published=True,
            committee=commerce if title == "Rail safety" else None,
        )


@pytest.mark.usefixtures("three")
def test_the_newest_hearing_comes_first(client: Client) -> None:
    assert titles(client) == ["Ocean weather", "Rail safety", "Weather service"]


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=WEATHER", ["Ocean weather", "Weather service"]),
        ("?q=%25", []),
        ("?committee=SSCM", ["Rail safety"]),
        ("?since=2026-02-01", ["Ocean weather", "Rail safety"]),
        ("?until=2026-02-01", ["Rail safety", "Weather service"]),
        ("?since=2026-02-01&until=2026-02-01", ["Rail safety"]),
        ("?q=weather&committee=SSCM", []),
        (
            "?q=&committee=&status=&since=&until=",
            ["Ocean weather", "Rail safety", "Weather service"],
        ),
    ],
)
def test_the_list_is_narrowed_down(client: Client, query: str, found: list[str]) -> None:
    assert titles(client, query) == found


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?committee=NONE", "There is no such committee."),
        ("?status=eaten", "There is no such status."),
        ("?since=yesterday", "Write the date as YYYY-MM-DD."),
        ("?q=%00", "Null characters are not allowed."),
    ],
)
def test_a_wrong_filter_is_told_and_not_applied(client: Client, query: str, told: str) -> None:
    response = client.get(f"/{query}")

    assert told in response.content.decode()
    assert len(response.context["page"]) == 3


STATES = [
    (CheckStatus.CHECKING, [], State.CHECKING),
    (CheckStatus.REFUSED, [], State.REFUSED),
    (CheckStatus.ACCEPTED, [], State.WAITING),
    (CheckStatus.ACCEPTED, [RunStatus.CANCELLED], State.WAITING),
    (CheckStatus.ACCEPTED, [RunStatus.PREPARING], State.WORKING),
    (CheckStatus.ACCEPTED, [RunStatus.COMPLETE, RunStatus.MERGING], State.WORKING),
    (CheckStatus.ACCEPTED, [RunStatus.PAUSED], State.PAUSED),
    (CheckStatus.ACCEPTED, [RunStatus.COMPLETE], State.TRANSCRIBED),
    (CheckStatus.ACCEPTED, [RunStatus.COMPLETE, RunStatus.FAILED], State.TRANSCRIBED),
    (CheckStatus.ACCEPTED, [RunStatus.INCOMPLETE, RunStatus.COMPLETE], State.TRANSCRIBED),
    (CheckStatus.ACCEPTED, [RunStatus.COMPLETE, RunStatus.INCOMPLETE], State.GAPS),
    (CheckStatus.ACCEPTED, [RunStatus.FAILED], State.FAILED),
]


@pytest.mark.parametrize(("checked", "runs", "state"), STATES)
def test_each_hearing_shows_where_it_stands_and_is_found_by_it(
    client: Client, checked: CheckStatus, runs: list[RunStatus], state: State
) -> None:
    hearing = make_hearing(check_status=checked, is_published=True)
    for status in runs:
        is_paused = status == RunStatus.PAUSED
        make_run(hearing, status=status, paused_from=RunStatus.TRANSCRIBING if is_paused else "")

    listed = {other: titles(client, f"?status={other}") for other in State}

    assert f'<span class="badge {state}">{state.label}</span>' in client.get("/").content.decode()
    assert listed == {other: [hearing.title] if other == state else [] for other in State}


def test_only_committees_of_visible_hearings_are_offered(client: Client, staff: Client) -> None:
    secret = Committee.objects.create(code="SECR", name="Committee on Secrets")
    make_hearing(committee=secret)
    make_hearing(title="Open", is_published=True)

    assert "Committee on Secrets" not in client.get("/").content.decode()
    assert "Committee on Secrets" in staff.get("/").content.decode()


def test_titles_are_shown_as_written(client: Client) -> None:
    make_hearing(title="<script>alert(1)</script> & “more”", is_published=True)

    page = client.get("/").content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; “more”" in page
    assert "<script>alert" not in page


def test_the_list_comes_in_pages_that_keep_the_filter(client: Client) -> None:
    for number in range(30):
        make_hearing(title=f"Day {number}", date=date(2026, 1, number + 1), is_published=True)

    first, second = client.get("/?q=day"), client.get("/?q=day&page=2")

    assert (len(first.context["page"]), len(second.context["page"])) == (25, 5)
    assert 'href="?q=day&amp;page=2"' in first.content.decode()
    assert client.get("/?page=nonsense").status_code == 200


def test_an_empty_site_says_so(client: Client) -> None:
    page = client.get("/").content.decode()

    assert "There are no hearings yet." in page
    assert "Title contains" not in page


@pytest.mark.usefixtures("three")
def test_a_search_without_a_hit_leads_back(client: Client) -> None:
    page = client.get("/?q=tax").content.decode()

    assert "No hearing matches." in page
    assert '<a href="/">Show all hearings</a>' in page


def test_the_number_of_queries_does_not_grow_with_the_list(
    staff: Client, commerce: Committee, django_assert_max_num_queries: object
) -> None:
    for number in range(25):
        hearing = make_hearing(title=f"Day {number}", committee=commerce)
        make_run(hearing, status=RunStatus.COMPLETE, finished_at=NOW)

    with django_assert_max_num_queries(5):  # type: ignore[operator]  # a fixture without a public type
        response = staff.get("/")

    assert len(response.context["page"]) == 25


def test_who_is_signed_in_can_sign_out(reader: Client) -> None:
    assert "Sign out" in reader.get("/").content.decode()

    response = reader.post("/sign-out/")

    assert response.headers["Location"] == "/"
    assert "Sign in" in reader.get("/").content.decode()


def test_only_staff_are_led_to_the_admin(client: Client, reader: Client, staff: Client) -> None:
    pages = [visitor.get("/").content.decode() for visitor in (client, reader, staff)]

    assert ['href="/admin/"' in page for page in pages] == [False, False, True]
