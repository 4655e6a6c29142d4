"""The check of the storage as a person sees it: asked for, found wrong, repaired, well again."""

import os
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end.browser_kit import STEP_MS, Site, complaints_of, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.model]


def test_a_person_has_the_storage_checked_and_repaired(
    site: Site, page: Page, tmp_path: Path
) -> None:
    complaints = complaints_of(page)
    stray = old_file(tmp_path / "media" / "recordings" / ("0" * 32))
    sign_in(page, site)
    page.get_by_role("link", name="Storage").click()
    heading = page.locator("#storage h2")
    expect(heading).to_have_text("Not checked yet")

    page.get_by_role("button", name="Check", exact=True).click()
    expect(heading).to_have_text("1 problem found", timeout=STEP_MS)
    expect(page.locator("#storage li")).to_contain_text("No row of the database names this")
    assert stray.exists()
    look(page, "found")

    page.get_by_role("link", name="Repair…").click()
    expect(page.locator("section h2")).to_have_text("Repair what can be repaired?")
    look(page, "asked")
    page.get_by_role("button", name="Repair", exact=True).click()
    expect(heading).to_have_text("Repaired", timeout=STEP_MS)
    assert not stray.exists()

    page.get_by_role("button", name="Check again").click()
    expect(heading).to_have_text("All is well", timeout=STEP_MS)
    assert complaints == []


def look(page: Page, name: str) -> None:
    """See that nothing is wider than a telephone; keep the pictures where SCREENSHOTS says."""
    for width in (1280, 400):
        page.set_viewport_size({"width": width, "height": 800})
        widest = page.evaluate("document.querySelector('#storage, section').scrollWidth")
        assert widest <= width
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=f"{folder}/storage-{name}-{width}.png")
    page.set_viewport_size({"width": 1280, "height": 800})


def old_file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"nobody's")
    then = time.time() - 2 * 24 * 3600
    os.utime(path, (then, then))
    return path
