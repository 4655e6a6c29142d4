"""Worlds for tests, and short recordings of every format, cut from the sample."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.end_to_end.world import Databases, World
from tests.fake_api import FakeApi

SAMPLE = settings.BASE_DIR / "sample" / "hearing.mp3"
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
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.drop()


@pytest.fixture
def new_world(api: FakeApi, databases: Databases, tmp_path: Path) -> Callable[[], World]:
    """Return a function that makes worlds, all with the same hosted engine."""

    def make() -> World:
        folder = tmp_path / f"world-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        return World(folder, databases.migrated(), api.url)

    return make


@pytest.fixture
def world(new_world: Callable[[], World]) -> World:
    return new_world()
