"""Uploads through the real server: cut off, twice at once, and with a progress bar."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier

import psutil
import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.end_to_end.browser_kit import Site, complaints_of, open_browser, running_site, sign_in
from tests.end_to_end.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.model]

MB = 1024 * 1024
STEP_MS = 15_000
WORK_MS = 120_000
BYTES_A_SECOND = 4 * MB
# Of the throttled browser.


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    (folder / "incoming").mkdir()
    return folder


@pytest.fixture(scope="module")
def site(data: Path) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(data / "incoming"))
        patch.setenv("SCRATCH_DIR", str(data / "scratch"))
        patch.setenv("MAX_UPLOAD_MB", "64")
        with running_site(data) as site:
            yield site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(STEP_MS)
    sign_in(page, site)
    yield page
    context.close()


def visitor_of(site: Site) -> Visitor:
    visitor = Visitor(int(site.address.rpartition(":")[2]))
    visitor.sign_in(site.name, site.password)
    return visitor


def sound(folder: Path, *, seconds: int, seed: int) -> Path:
    """Return a WAV of 96,000 bytes a second."""
    path = folder / f"hearing-{seconds}-{seed}.wav"
    noise = f"anoisesrc=r=48000:seed={seed}:d={seconds}:amplitude=0.1"
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", noise, str(path)]
    subprocess.run(command, check=True)
    return path


def files_in(data: Path) -> list[str]:
    folders = [data / name for name in ("incoming", "media", "scratch")]
    return sorted(path.name for each in folders for path in each.rglob("*") if path.is_file())


def receiving(data: Path) -> set[int]:
    """Return the processes of the server that have an upload on its way in, which has no name."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        for link in Path(f"/proc/{process.pid}/fd").glob("*"):
            with suppress(OSError):
                target = os.readlink(link)  # noqa: PTH115 (it is no path any more)
                is_incoming = target.startswith(str(data / "incoming"))
                # Gunicorn's own sign of life lies there, too.
                if is_incoming and "(deleted)" in target and "wgunicorn" not in target:
                    found.add(process.pid)
    return found


def wait_until(is_so: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.1)


def test_an_upload_that_is_cut_at_half_leaves_nothing(site: Site, data: Path) -> None:
    visitor = visitor_of(site)
    before = files_in(data)

    visitor.break_off(bytes(8 * MB), 16 * MB, title="Cut off")
    connection, _ = visitor._begun(16 * MB, "Cut off later")
    connection.send(bytes(8 * MB))
    wait_until(lambda: receiving(data))
    connection.close()

    wait_until(lambda: not receiving(data))
    assert files_in(data) == before
    listed = visitor.get("/admin/hearings/hearing/").body
    assert "Cut off" not in listed
    assert "Traceback" not in (data / "serve.log").read_text()


def test_a_server_that_is_killed_in_the_middle_leaves_nothing(site: Site, data: Path) -> None:
    visitor = visitor_of(site)
    before = files_in(data)
    connection, _ = visitor._begun(16 * MB, "Killed")
    connection.send(bytes(8 * MB))
    wait_until(lambda: receiving(data))

    for pid in receiving(data):
        os.kill(pid, signal.SIGKILL)

    wait_until(lambda: not receiving(data))
    connection.close()
    assert files_in(data) == before
    assert visitor.get("/admin/hearings/hearing/").status == 200


def test_of_the_same_recording_twice_at_once_one_is_filed(
    site: Site, data: Path, tmp_path: Path
) -> None:
    content = sound(tmp_path, seconds=60, seed=1).read_bytes()
    visitors = [visitor_of(site), visitor_of(site)]
    barrier = Barrier(2)
    before = files_in_media(data)

    def upload(number: int) -> tuple[int, str, str]:
        def blocks() -> Iterator[bytes]:
            yield content[: len(content) // 2]
            barrier.wait(60)
            yield content[len(content) // 2 :]

        answer = visitors[number].upload(blocks(), len(content), title=f"Twin {number}")
        return answer.status, answer.location, answer.body

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(upload, range(2)))

    assert [status for status, _, _ in answers] == [200, 302]
    filed = re.search(r"hearing/(\d+)/change", answers[1][1])
    assert filed
    assert "This recording is already filed as" in answers[0][2]
    assert f"/admin/hearings/hearing/{filed[1]}/change/" in answers[0][2]
    assert len(files_in_media(data)) == len(before) + 1


def files_in_media(data: Path) -> list[str]:
    return sorted(path.name for path in (data / "media").rglob("*") if path.is_file())


def throttle(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    conditions = {"offline": False, "latency": 20, "downloadThroughput": -1}
    session.send(
        "Network.emulateNetworkConditions", conditions | {"uploadThroughput": BYTES_A_SECOND}
    )


def fill(page: Page, site: Site, path: Path, *, title: str) -> None:
    page.goto(f"{site.address}/admin/hearings/hearing/add/")
    page.locator("[name=upload]").set_input_files(path)
    page.locator("[name=title]").fill(title)
    page.locator("[name=date]").fill("2026-03-12")


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def shown(page: Page) -> int:
    value = page.locator("#upload-bar").get_attribute("value")
    return int(value) if value else 0


def test_the_progress_is_seen_and_the_page_that_follows(
    site: Site, page: Page, tmp_path: Path
) -> None:
    complaints = complaints_of(page)
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.method) if asked.method == "POST" else None)
    fill(page, site, sound(tmp_path, seconds=400, seed=2), title="With progress")
    throttle(page)

    save(page)
    dialog = page.get_by_role("dialog", name="Sending the recording")
    expect(dialog).to_be_visible()
    facts = page.locator("#upload-facts")
    expect(facts).to_contain_text(re.compile(r"\d+ % · .* of 36\.\d MB · about \d+ s left"))
    readings = [percent_of(facts.inner_text())]
    for _ in range(3):
        expect(facts).not_to_contain_text(f"{readings[-1]} %")
        readings.append(percent_of(facts.inner_text()))
    page.evaluate("document.querySelector('form[id$=_form]').requestSubmit()")  # a second click

    expect(page.locator("#standing")).to_be_visible(timeout=WORK_MS)
    expect(page.get_by_text("was added successfully")).to_be_visible()
    assert readings == sorted(readings) and len(set(readings)) == 4
    assert sent == ["POST"]
    assert complaints == []


def percent_of(text: str) -> int:
    found = re.match(r"(\d+) %", text)
    assert found, text
    return int(found[1])


def test_a_cancelled_upload_leaves_the_form_as_it_was(
    site: Site, page: Page, data: Path, tmp_path: Path
) -> None:
    before = files_in_media(data)
    fill(page, site, sound(tmp_path, seconds=400, seed=3), title="Cancelled")
    throttle(page)
    save(page)
    expect(page.locator("#upload-facts")).to_contain_text(" % · ")

    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog", name="Cancelled")).to_contain_text("Nothing was kept")
    page.get_by_role("button", name="Close").click()

    expect(page.locator("[name=title]")).to_have_value("Cancelled")
    wait_until(lambda: not receiving(data))
    assert files_in_media(data) == before


def test_a_page_that_is_left_warns_while_something_is_sent(
    site: Site, page: Page, tmp_path: Path
) -> None:
    fill(page, site, sound(tmp_path, seconds=400, seed=4), title="Left")
    throttle(page)
    save(page)
    expect(page.locator("#upload-facts")).to_contain_text(" % · ")
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)

    page.goto(f"{site.address}/admin/")

    assert asked == ["beforeunload"]


def test_errors_of_the_form_and_of_the_file_are_shown_as_always(
    site: Site, page: Page, tmp_path: Path
) -> None:
    fill(page, site, sound(tmp_path, seconds=6, seed=5), title="")
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.method) if asked.method == "POST" else None)
    save(page)
    expect(page.locator("[name=title]")).to_be_focused()
    assert sent == []  # a recording is not sent only to be told that its title is missing

    again = sound(tmp_path, seconds=6, seed=6)
    fill(page, site, again, title="The first")
    save(page)
    expect(page.locator("#standing")).to_contain_text("Accepted", timeout=WORK_MS)
    fill(page, site, again, title="The second")
    save(page)
    expect(page.get_by_text("This recording is already filed as")).to_be_visible()
    expect(page.locator("[name=title]")).to_have_value("The second")


def test_a_refused_recordings_findings_are_seen(site: Site, page: Page, tmp_path: Path) -> None:
    letter = tmp_path / "letter.mp3"
    letter.write_text("Dear Sir or Madam")
    fill(page, site, letter, title="A letter")

    save(page)

    standing = page.locator("#standing")
    expect(standing).to_contain_text("Refused", timeout=WORK_MS)
    expect(standing).to_contain_text("not an audio or video file that can be read")
    expect(standing).to_contain_text("Upload the recording as MP3")


def test_what_is_too_large_is_told_before_it_is_sent(
    site: Site, page: Page, tmp_path: Path
) -> None:
    large = tmp_path / "large.wav"
    with large.open("wb") as file:
        file.truncate(65 * MB)
    fill(page, site, large, title="Too large")
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.method) if asked.method == "POST" else None)

    save(page)

    dialog = page.get_by_role("dialog", name="The recording is too large")
    expect(dialog).to_contain_text("at most 64.0 MB")
    assert sent == []


def test_a_wrong_recording_is_replaced_and_the_hearing_deleted(
    site: Site, page: Page, tmp_path: Path
) -> None:
    fill(page, site, sound(tmp_path, seconds=6, seed=7), title="To be replaced")
    save(page)
    expect(page.locator("#standing")).to_contain_text("Accepted", timeout=WORK_MS)

    page.get_by_role("link", name="Replace the recording…").click()
    expect(page.get_by_text("This goes for good:")).to_be_visible()
    page.locator("[name=upload]").set_input_files(sound(tmp_path, seconds=8, seed=8))
    page.get_by_role("button", name="Replace it").click()
    expect(page.get_by_text("The recording was replaced.")).to_be_visible(timeout=WORK_MS)
    expect(page.locator("#standing")).to_contain_text("Accepted: 0:08", timeout=WORK_MS)

    page.get_by_role("link", name="Delete").click()
    expect(page.get_by_role("heading", name="Delete “To be replaced”?")).to_be_visible()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("was deleted successfully")).to_be_visible()


def test_without_scripts_the_form_works_as_before(
    browser: Browser, site: Site, page: Page, tmp_path: Path
) -> None:
    cookies = page.context.cookies()
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(cookies)  # type: ignore[arg-type]  # as they were given
    plain = context.new_page()
    fill(plain, site, sound(tmp_path, seconds=6, seed=9), title="Without scripts")
    save(plain)
    expect(plain.locator("#standing")).to_be_visible(timeout=WORK_MS)
    context.close()
