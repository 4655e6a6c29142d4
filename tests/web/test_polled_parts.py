"""Parts of pages that are replaced every few seconds: what one does there goes on undisturbed."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.test import Client

from hearings.models import CheckStatus, StorageCheck
from hearings.storage_problems import missing
from tests.factories import NOW, make_chunk, make_hearing, make_run, make_segments
from tests.web.admin_kit import change_address, order, run_address
from transcription import health_views, rates
from transcription.examining import Examiner
from transcription.models import ChunkStatus, RunStatus

pytestmark = pytest.mark.django_db

FOCUSABLE = ("a", "button", "summary")
VOID = ("br", "hr", "img", "input", "link", "meta", "col", "source", "track", "wbr")


@dataclass
class Page(HTMLParser):
    """Which ids a page has, and what in its polled parts can have the focus, with its id."""

    ids: Counter[str] = field(default_factory=Counter)
    polled: list[tuple[str, str | None]] = field(default_factory=list)
    polls: list[str] = field(default_factory=list)
    # Where those parts are asked for.
    depth: int = 0
    # Of elements that are open within a polled part; 0 outside.

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if element_id := named.get("id"):
            self.ids[element_id] += 1
        if self.depth and tag in FOCUSABLE:
            self.polled.append((tag, named.get("id")))
        if poll := named.get("hx-get"):
            self.polls.append(poll)
        if (self.depth or poll) and tag not in VOID:
            self.depth += 1

    def handle_endtag(self, tag: str) -> None:
        if self.depth and tag not in VOID:
            self.depth -= 1


@pytest.fixture(autouse=True)
def no_components(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no components tried, which takes connections of their own."""
    monkeypatch.setattr(health_views, "examiner", Examiner(()))


def hearing_being_checked() -> str:
    return change_address(make_hearing(check_status=CheckStatus.CHECKING, duration_ms=None).pk)


def hearing_with_a_run() -> str:
    return change_address(make_run().hearing.pk)


def run_at_work() -> str:
    run = make_run()
    for index in (0, 1):
        make_chunk(run, index, status=ChunkStatus.FAILED, error="It failed. " * 30, finished_at=NOW)
    return run_address(run.pk)


def retried_run() -> str:
    run = make_run()
    make_segments(run, "Good morning.")
    make_chunk(run, 1, status=ChunkStatus.FAILED, error="It failed.", finished_at=NOW)
    return run_address(run.pk)


def paused_run() -> str:
    run = make_run(
        status=RunStatus.PAUSED,
        paused_from=RunStatus.TRANSCRIBING,
        engine="openai",
        model="whisper-1",
    )
    return run_address(run.pk)


def closed_limit() -> str:
    rates.close_for(600, reason="The server asked for it.")
    return f"/admin/transcription/ratelimit/{rates.row(settings.RATE).pk}/change/"


def health() -> str:
    return "/admin/health/"


def storage_being_checked() -> str:
    hearing = make_hearing()
    problem = missing("recordings/x", hearing=hearing.pk, title=hearing.title).to_json()
    StorageCheck.objects.create(requested_at=NOW, problems=[problem, problem])
    return "/admin/storage/"


@pytest.mark.parametrize(
    ("set_up", "focusable"),
    [
        (hearing_being_checked, 3),
        (hearing_with_a_run, 3),
        (run_at_work, 5),
        (retried_run, 5),
        (paused_run, 5),
        (closed_limit, 1),
        (health, 1),
        (storage_being_checked, 3),
    ],
)
def test_what_can_have_the_focus_has_an_id_of_its_own_so_that_it_keeps_it(
    administrator: Client, set_up: Callable[[], str], focusable: int
) -> None:
    """The script gives the focus to what has the id of the element that it has replaced."""
    page = Page()
    page.feed(administrator.get(set_up()).content.decode())

    assert len(page.polled) >= focusable
    assert [page.ids[element_id or ""] for _, element_id in page.polled] == [1] * len(page.polled)


@pytest.mark.parametrize(
    "set_up", [hearing_with_a_run, run_at_work, closed_limit, health, storage_being_checked]
)
def test_when_the_session_is_over_the_whole_page_leads_to_signing_in(
    administrator: Client, set_up: Callable[[], str]
) -> None:
    address = set_up()
    page = Page()
    page.feed(administrator.get(address).content.decode())
    administrator.logout()

    assert page.polls
    for poll in page.polls:
        answer = administrator.get(poll, headers={"HX-Request": "true"})
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer["HX-Refresh"] == "true"
        assert "no-store" in answer["Cache-Control"]
    assert administrator.get(address)["Location"] == f"/admin/login/?next={address}"


def test_other_redirects_of_parts_stay_what_they_are(administrator: Client) -> None:
    run = make_run()

    answer = administrator.post(order(run, "cancel"), headers={"HX-Request": "true"})

    assert answer["Location"] == run_address(run.pk)
