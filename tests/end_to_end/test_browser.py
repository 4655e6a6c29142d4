"""The whole way as a person goes it: sign in, upload, transcribe, read, listen."""

import json
import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from tests.end_to_end.browser_kit import Site, complaints_of, open_browser, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.model]

SAMPLE = settings.BASE_DIR / "sample"
FACTS = json.loads((SAMPLE / "hearing.json").read_text())
ESTIMATE = re.compile(
    r"\d+ chunks?, \d+ calls?, nothing is paid, (less than a minute|about \d+ minutes?) "
)
STEP_MS = 15_000
# For a page or a click, on a busy machine.
WORK_MS = 180_000
# For what the workers do.


@pytest.fixture
def page(site: Site) -> Iterator[Page]:
    del site  # which goes after it
    with open_browser() as browser:
        page = browser.new_page()
        page.set_default_timeout(STEP_MS)
        yield page


def test_a_person_uploads_transcribes_reads_and_listens(site: Site, page: Page) -> None:
    complaints = complaints_of(page)

    sign_in(page, site)
    upload_the_sample(page, site)
    expect(page.locator("#standing")).to_contain_text("Accepted", timeout=WORK_MS)
    page.get_by_role("link", name="Transcribe…").click()
    expect(page.locator("form.standing")).to_contain_text(ESTIMATE)
    expect(page.locator("form.standing")).to_contain_text("Readiness ")
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#readiness")).to_contain_text("Readiness before the start: ")
    readings = progress_readings(page)

    assert len(set(readings)) >= 2
    assert readings == sorted(readings)
    assert readings[-1] == 100

    page.get_by_role("link", name="Read the transcript").click()
    second = click_a_sentence(page)

    assert f"#t={second:g}" in page.url
    assert "weather" in page.locator("#transcript").inner_text().lower()
    assert complaints == []


def upload_the_sample(page: Page, site: Site) -> None:
    witness = FACTS["witnesses"][0]
    page.goto(f"{site.address}/admin/hearings/hearing/add/")
    page.locator("[name=upload]").set_input_files(SAMPLE / "hearing.mp3")
    page.locator("[name=title]").fill(FACTS["title"])
    page.locator("[name=date]").fill(FACTS["date"])
    committee = page.locator("[name=committee] option", has_text=f"({FACTS['committee']})")
    page.locator("[name=committee]").select_option(committee.get_attribute("value"))
    page.get_by_text("Add another Witness").click()
    page.locator("[name=witnesses-0-name]").fill(witness["name"])
    page.locator("[name=witnesses-0-title]").fill(witness["title"])
    page.get_by_role("button", name="Save", exact=True).click()


def progress_readings(page: Page) -> list[int]:
    """Return the percents that the run's page showed, one after another, until it was complete."""
    shown = page.locator("#progress .facts span").first
    expect(shown).to_be_visible()
    readings = [percent(shown.inner_text())]
    while readings[-1] < 100:
        expect(shown).not_to_have_text(f"{readings[-1]} %", timeout=WORK_MS)
        readings.append(percent(shown.inner_text()))
    expect(page.locator("#progress h2")).to_contain_text("complete", timeout=WORK_MS)
    return readings


def percent(text: str) -> int:
    found = re.fullmatch(r"(\d+) %", text.strip())
    assert found, text
    return int(found[1])


def click_a_sentence(page: Page) -> float:
    """Click a sentence from the middle; return its second, which the player then plays."""
    sentences = page.locator("#transcript a[data-end]")
    sentence = sentences.nth(sentences.count() // 2)
    second = float((sentence.get_attribute("href") or "").removeprefix("#t="))
    assert second > 10
    sentence.click()
    page.wait_for_function(
        "second => Math.abs(document.getElementById('player').currentTime - second) < 3",
        arg=second,
    )
    return second
