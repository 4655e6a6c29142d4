"""The health of a real site with real workers, seen in a browser and by the command."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end.browser_kit import STEP_MS, Site, complaints_of, sign_in
from tests.end_to_end.world import World, all_end, wait_until

GREEN, RED = "rgb(29, 99, 64)", "rgb(163, 36, 28)"


@pytest.mark.browser
@pytest.mark.processes
@pytest.mark.model
def test_a_component_goes_red_and_green_again_while_one_looks(
    site: Site, page: Page, tmp_path: Path
) -> None:
    complaints = complaints_of(page)
    media, away = tmp_path / "media", tmp_path / "away"
    sign_in(page, site)
    page.get_by_role("link", name="Health").click()
    expect_state(page, "queue", "ok", GREEN)
    expect_state(page, "storage", "ok", GREEN)

    media.rename(away)
    media.write_text("a file in the way")
    expect_state(page, "storage", "failed", RED)
    expect(page.locator("#component-storage")).to_contain_text("What to do:")
    expect(page.locator("#health h2").first).to_contain_text("1 of 10 components has failed")

    media.unlink()
    away.rename(media)
    expect_state(page, "storage", "ok", GREEN)
    expect(page.locator("#health h2").first).not_to_contain_text("failed")
    assert complaints == []


def expect_state(page: Page, code: str, word: str, colour: str) -> None:
    """Wait until the component is shown with this word in this colour."""
    shown = page.locator(f"#component-{code} h3 strong")
    expect(shown).to_have_text(word, timeout=STEP_MS)
    expect(shown).to_have_css("color", colour)


@pytest.mark.processes
def test_killed_workers_turn_the_queue_red_and_new_ones_green(world: World) -> None:
    assert queue(world) == (1, "failed")

    with world.start("workers") as workers:
        workers.wait_for_message("workers are ready")
        wait_until(lambda: queue(world) == (0, "ok"))
        family = workers.family()
        workers.kill()
        assert all_end(family)

    assert queue(world) == (1, "failed")
    with world.workers():
        wait_until(lambda: queue(world) == (0, "ok"))


def queue(world: World) -> tuple[int, str]:
    """Return how `healthcheck` ended, and what it says of the queue."""
    with world.start("healthcheck", "--json", ALIGN_WORDS="off") as command:
        done = command.finished()
    (found,) = [one for one in json.loads(done.out)["components"] if one["code"] == "queue"]
    return done.code, found["state"]
