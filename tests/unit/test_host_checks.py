"""What `manage.py check` says of a host."""

from pathlib import Path

import pytest
from django.core.checks import Error, Warning  # noqa: A004 (Django's name)
from pytest_django import Settings

from hearings import checks


def test_a_host_with_ffmpeg_is_fit() -> None:
    assert checks.ffmpeg_is_installed() == []


def test_a_host_without_ffmpeg_is_warned_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    found = checks.ffmpeg_is_installed()

    assert [message.id for message in found] == ["hearings.W001", "hearings.W002"]
    assert all(type(message) is Warning and "apt-get" in str(message.hint) for message in found)


def test_a_media_folder_that_is_not_made_yet_is_fine(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "data" / "media"

    assert checks.recordings_can_be_stored() == []
    assert not settings.MEDIA_ROOT.exists()


def test_a_media_folder_that_is_a_file_is_an_error(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "media").touch()
    settings.MEDIA_ROOT = tmp_path / "media"

    (found,) = checks.recordings_can_be_stored()

    assert type(found) is Error
    assert found.id == "hearings.E001"
    assert "MEDIA_ROOT" in str(found.hint)
