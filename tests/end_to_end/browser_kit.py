"""A real site with real workers, in a data folder and on a database of their own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect, sync_playwright

NAME, PASSWORD = "clerk", "a password for one test"
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 60
STEP_MS = 30_000
# For a page, a click, or a component to be tried again and shown, on a busy machine.
STOP_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Site:
    """Where a site answers, and who may sign in there."""

    address: str
    name: str = NAME
    password: str = PASSWORD


def models() -> Path:
    """Return the folder that has the local model; skip the test where there is none."""
    folders = (settings.MODELS_DIR, settings.BASE_DIR / "data" / "models")
    for folder in folders:
        if (folder / "base" / "model.bin").exists():
            return Path(folder)
    pytest.skip("The local model is missing: run “make model”.")


def chromium() -> str:
    """Return Chromium's path; skip the test where it is missing."""
    return shutil.which("chromium") or pytest.skip("Chromium is missing: install “chromium”.")


@contextmanager
def running_site(data: Path) -> Iterator[Site]:
    """Serve the site from the empty folder *data*, with its workers, for the block."""
    (data / "models").symlink_to(models())
    with own_database() as database:
        environment = _environment(data, database)
        for command in ("migrate -v0", "load_committees", "collectstatic --no-input -v0"):
            _manage(command.split(), environment)
        _manage(["createsuperuser", "--no-input", "--email="], environment)
        with _served(environment, data / "serve.log") as site:
            yield site


@contextmanager
def own_database() -> Iterator[dict[str, str]]:
    """Return what the environment says of a new database; by default a file in DATA_DIR."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        yield {}
        return
    name = f"browser_{uuid.uuid4().hex}"
    _execute(url, f'CREATE DATABASE "{name}"')
    try:
        yield {"DATABASE_URL": url.rpartition("/")[0] + f"/{name}"}
    finally:
        _execute(url, f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def open_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=SWITCHES)
        try:
            yield browser
        finally:
            browser.close()


def complaints_of(page: Page) -> list[str]:
    """Return a list to which every error on *page* is added from now on."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on(
        "console",
        lambda said: found.append(said.text) if said.type in ("error", "warning") else None,
    )
    return found


def _environment(data: Path, database: dict[str, str]) -> dict[str, str]:
    """Return an environment in which the project's own settings hold, not the tests'."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "MEDIA_ROOT", "WHISPER_MODEL", "DEBUG")
    }
    return kept | {
        "DJANGO_SETTINGS_MODULE": "senate_audio.settings",
        "DATA_DIR": str(data),
        "OPENAI_API_KEY": "",
        "TRANSCRIPTION_ENGINE": "whisper",
        "DJANGO_SUPERUSER_USERNAME": NAME,
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        **database,
    }


def _manage(arguments: list[str], environment: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=True, capture_output=True)


@contextmanager
def _served(environment: dict[str, str], log: Path) -> Iterator[Site]:
    port = _free_port()
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "manage.py", "serve", f"--port={port}"],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            _wait_until_it_answers(server, port, log)
            yield Site(f"http://127.0.0.1:{port}")
        finally:
            _end(server)


def _wait_until_it_answers(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(START_SECONDS * 5):
        with suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        with suppress(subprocess.TimeoutExpired):
            server.wait(0.2)
            break
    pytest.fail(f"The site did not start:\n{log.read_text()}")


def _end(server: subprocess.Popen[bytes]) -> None:
    """Ask the site to end, and see to it."""
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def sign_in(page: Page, site: Site) -> None:
    """Sign in to the admin as who may do everything there."""
    page.goto(f"{site.address}/admin/")
    page.locator("[name=username]").fill(site.name)
    page.locator("[name=password]").fill(site.password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name="Committees").first).to_be_visible()
