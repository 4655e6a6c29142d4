"""What tests of runs share."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.fake_api import FakeApi
from transcription.engines.scripted import ScriptedEngine


@pytest.fixture
def script() -> Iterator[type[ScriptedEngine]]:
    """Give the scripted engine, which names each second; a test may have it follow another."""
    ScriptedEngine.follow()
    yield ScriptedEngine
    ScriptedEngine.follow()


@pytest.fixture
def api(settings: Settings) -> Iterator[FakeApi]:
    """Give the server of the hosted engines."""
    with FakeApi() as server:
        settings.OPENAI_BASE_URL = server.url
        yield server


@pytest.fixture
def chosen_api(api: FakeApi, settings: Settings) -> FakeApi:
    """Give that server, its engine chosen and with a key."""
    settings.TRANSCRIPTION_ENGINE = "openai"
    settings.OPENAI_API_KEY = "sk-a-key-of-some-length"
    return api


@pytest.fixture
def own_folders(settings: Settings, tmp_path: Path) -> None:
    """Keep every file that the project writes in the test's folder."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.RECEIPTS_DIR = tmp_path / "receipts"
    settings.SCRATCH = replace(settings.SCRATCH, folder=str(tmp_path / "scratch"))
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "uploads")
    (tmp_path / "uploads").mkdir()
