"""Worlds for tests, and short recordings of every format, cut from the sample."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page

from tests.end_to_end.browser_kit import STEP_MS, Site, open_browser, running_site
from tests.end_to_end.world import Databases, World
from tests.fake_api import Answer, Arrival, FakeApi, text_answer, words_of_the_sound

SAMPLE = settings.BASE_DIR / "sample" / "hearing.mp3"
PATIENT_LEASE = "30"
# Seconds, as by default: nobody is killed in a shared world, and to load a model on a busy machine
# takes longer than the two seconds that are enough elsewhere.
CODECS = {
    "mp3": ["-c:a", "libmp3lame"],
    "m4a": ["-c:a", "aac"],
    "wav": ["-ar", "44100", "-ac", "2"],
    "flac": [],
    "ogg": ["-c:a", "libvorbis"],
    "webm": ["-c:a", "libopus"],
    "mp4": ["-c:a", "aac"],
}

Cut = Callable[..., Path]

WORDS_A_SECOND = 2.2
# As people speak.


def plain_english(arrival: Arrival) -> Answer:
    """Answer with as much of the sample's text as can be said in the time."""
    text = SAMPLE.with_name("hearing.ref.txt").read_text().split()
    first = 37 * arrival.number % len(text)
    count = round(arrival.duration_ms / 1000 * WORDS_A_SECOND)
    return text_answer(" ".join((text * 2)[first : first + count]))


@pytest.fixture(scope="session")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Cut:
    """Return a function that cuts a recording out of the sample, each only once."""
    folder = tmp_path_factory.mktemp("recordings")

    def cut_once(form: str = "mp3", *, start: int = 0, seconds: int = 20) -> Path:
        path: Path = folder / f"hearing-{start}-{seconds}.{form}"
        if not path.exists():
            picture = ["-f", "lavfi", "-i", "color=black:s=64x64:r=5"] if form == "mp4" else []
            sound = ["-ss", str(start), "-t", str(seconds), "-i", str(SAMPLE)]
            ffmpeg(*sound, *picture, "-t", str(seconds), *CODECS[form], str(path))
        return path

    return cut_once


def ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", *arguments], check=True)


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as server:
        yield server


@pytest.fixture(scope="session")
def model() -> Path:
    """Give the folder of the embedded engine's model, as an option takes it."""
    folder = settings.MODELS_DIR / "base"
    if not (folder / "model.bin").exists():
        pytest.skip("The local model is missing: run “make model”.")
    return folder


@pytest.fixture
def world(api: FakeApi, databases: Databases, tmp_path: Path) -> World:
    return World(tmp_path, databases.migrated(), api.url)


@dataclass(frozen=True)
class Served:
    """A world in which a worker cluster lives."""

    world: World
    api: FakeApi


@pytest.fixture(scope="module")
def shared(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Give one world to all tests of a module, which saves each the start of a cluster."""
    with FakeApi() as api:
        folder = tmp_path_factory.mktemp("served")
        world = World(folder, databases.migrated(), api.url, {"LEASE_SECONDS": PATIENT_LEASE})
        with world.workers():
            yield Served(world, api)


@pytest.fixture
def served(shared: Served) -> Iterator[Served]:
    """Give the shared world, its hosted engine as it was at first."""
    yield shared
    shared.api.answer = words_of_the_sound
    shared.api.delay_seconds = 0.0


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Give a site with its workers, all that it keeps in *tmp_path*."""
    with running_site(tmp_path) as site:
        yield site


@pytest.fixture
def page(site: Site) -> Iterator[Page]:
    """Give a page of a browser, which goes before the site does."""
    del site
    with open_browser() as browser:
        page = browser.new_page(color_scheme="light")
        page.set_default_timeout(STEP_MS)
        yield page
