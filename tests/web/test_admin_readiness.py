"""Before a run starts a clerk sees what speaks against it, and what is accepted is kept."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from hearings.models import Hearing, ValidationFinding
from tests.factories import make_hearing
from tests.fake_api import FakeApi, faults
from tests.web.admin_kit import run_address
from transcription.models import AcceptedFinding, Run

pytestmark = pytest.mark.django_db

START = "/admin/hearings/hearing/transcribe/?hearing="
KEY = "sk-proj-Sentinel0Key1That2Must3Never4Appear"


@pytest.fixture(autouse=True)
def local_model(settings: Settings, tmp_path: Path) -> None:
    """Let the embedded engine find files where its model would be."""
    cache.clear()
    for name in ("model.bin", "config.json"):
        (tmp_path / name).touch()
    settings.WHISPER_MODEL = str(tmp_path)


@pytest.fixture
def api(settings: Settings) -> Iterator[FakeApi]:
    with FakeApi(known_key=KEY) as server:
        settings.OPENAI_BASE_URL = server.url
        settings.OPENAI_API_KEY = KEY
        yield server


@pytest.fixture
def hearing() -> Hearing:
    """Give a hearing with little speech and without a committee."""
    hearing = make_hearing(duration_ms=300_000)
    for code, message in (
        ("little_speech", "People speak in only 4.0% of the recording."),
        ("committee_missing", "No committee is given."),
    ):
        ValidationFinding.objects.create(
            hearing=hearing, code=code, severity="warning", message=message, measured="4.0% speech"
        )
    return hearing


def page_of(client: Client, *hearings: Hearing) -> str:
    keys = "&hearing=".join(str(hearing.pk) for hearing in hearings)
    return client.get(START + keys).content.decode()


def hidden(page: str) -> list[str]:
    """Return what the page's Start says that its reader has seen."""
    return re.findall(r'name="accepted" value="(\w+)"', page)


def test_the_page_shows_each_finding_its_validator_and_the_score(
    administrator: Client, hearing: Hearing
) -> None:
    page = page_of(administrator, hearing)

    assert "People speak in only 4.0% of the recording." in page
    assert "Measured: 4.0% speech" in page
    for area in ("Machine", "Sound", "Description"):
        assert f'<span class="quiet">{area}:</span>' in page
    assert re.search(r"Readiness 9\d %", page)
    assert {"little_speech", "committee_missing", "workers_missing"} <= set(hidden(page))
    assert f"in spite of {len(hidden(page))} warnings" in page


def test_nothing_starts_before_the_warnings_were_shown(
    administrator: Client, hearing: Hearing
) -> None:
    response = administrator.post(f"{START}{hearing.pk}", {"engine": "whisper", "language": "es"})

    page = response.content.decode()
    assert response.status_code == 200
    assert "Something was found that you have not seen yet." in page
    assert 'value="es"' in page
    assert not Run.objects.exists()


def test_what_was_shown_is_accepted_by_starting_and_is_told_on_the_runs_page(
    administrator: Client, hearing: Hearing
) -> None:
    seen = hidden(page_of(administrator, hearing))

    response = administrator.post(f"{START}{hearing.pk}", {"engine": "whisper", "accepted": seen})

    run = Run.objects.get()
    assert response["Location"] == run_address(run.pk)
    accepted = AcceptedFinding.objects.get(run=run, code="little_speech")
    assert (accepted.area, accepted.accepted_name) == ("audio", "chief")
    page = administrator.get(run_address(run.pk)).content.decode()
    assert f"Readiness before the start: {run.validation_score} %" in page
    assert "Started in spite of this by chief on" in page
    assert "People speak in only 4.0% of the recording." in page


def test_of_several_hearings_those_with_something_unseen_wait(
    administrator: Client, hearing: Hearing
) -> None:
    good = make_hearing(title="Good")
    address = f"{START}{hearing.pk}&hearing={good.pk}"

    told = administrator.post(address, {"engine": "whisper"}, follow=True).content.decode()

    assert [run.hearing for run in Run.objects.all()] == [good]
    assert f"{hearing}: Something was found that you have not seen yet." in told


def test_of_several_hearings_each_finding_says_whose_it_is(
    administrator: Client, hearing: Hearing
) -> None:
    page = page_of(administrator, hearing, make_hearing(title="Day 2"))

    items = re.findall(r'<li class="warning">(.*?)</li>', page, re.DOTALL)
    (speech,) = [item for item in items if "People speak" in item]
    (workers,) = [item for item in items if "No workers" in item]
    assert hearing.title in speech and "Day 2" not in speech
    assert "All hearings" in workers


def test_a_machine_that_cannot_is_not_to_be_chosen_and_starts_nothing(
    administrator: Client, settings: Settings
) -> None:
    settings.READINESS = replace(settings.READINESS, least_disk_bytes=2**60)
    hearing = make_hearing()

    page = page_of(administrator, hearing)
    told = administrator.post(f"{START}{hearing.pk}", {"engine": "whisper"}, follow=True)

    assert "Little room is left on the disk" in page
    assert "disabled" in page.split('value="whisper"')[1].split(">")[0]
    assert "Little room is left on the disk" in told.content.decode()
    assert not Run.objects.exists()


def test_a_key_that_is_not_taken_is_told_before_any_call(
    administrator: Client, api: FakeApi
) -> None:
    api.lookup_fault = faults.wrong_key()
    hearing = make_hearing()

    page = page_of(administrator, hearing)
    told = administrator.post(f"{START}{hearing.pk}", {"engine": "openai"}, follow=True)

    assert "refuses the API key" in page.split('value="whisper"')[0]
    assert "refuses the API key" in told.content.decode()
    assert api.arrivals == []
    assert not Run.objects.exists()
    assert KEY not in page + told.content.decode()


def test_many_hearings_cost_one_question_to_the_server(administrator: Client, api: FakeApi) -> None:
    page_of(administrator, *(make_hearing(title=f"Day {n}") for n in range(5)))

    assert len(api.lookups) == 1


def test_who_may_not_start_runs_sees_no_findings_and_asks_nobody(
    staff: Client, api: FakeApi, hearing: Hearing
) -> None:
    answers = [
        staff.get(f"{START}{hearing.pk}"),
        staff.post(f"{START}{hearing.pk}", {"engine": "openai", "accepted": ["little_speech"]}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert api.lookups == []
    assert not Run.objects.exists()
