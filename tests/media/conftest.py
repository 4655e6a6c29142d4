"""Recordings for tests, made by ffmpeg once a session and never changed by a test."""

import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

SPEECH = Path(__file__).resolve().parents[2] / "sample" / "hearing.mp3"

MakeMedia = Callable[..., Path]


def run_ffmpeg(*arguments: str | Path) -> None:
    """Run ffmpeg as anybody would, with none of our guards."""
    command = ["ffmpeg", "-loglevel", "error", "-nostdin", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, timeout=60)


@pytest.fixture(scope="session")
def make_media(tmp_path_factory: pytest.TempPathFactory) -> MakeMedia:
    """Give a function that makes a file from ffmpeg's arguments, the same one for the same."""
    folder = tmp_path_factory.mktemp("media")

    @cache
    def make(name: str, *arguments: str | Path) -> Path:
        path = folder / name
        run_ffmpeg(*arguments, path)
        return path

    return make


@pytest.fixture(scope="session")
def tone(make_media: MakeMedia) -> Path:
    """Give eight seconds of a 440 Hz tone."""
    return make_media("tone.wav", "-f", "lavfi", "-i", "sine=440:r=16000:d=8")


@pytest.fixture(scope="session")
def speech(make_media: MakeMedia) -> Path:
    """Give the first twenty seconds of the sample hearing, as 44.1 kHz stereo."""
    return make_media("speech.wav", "-i", SPEECH, "-t", "20", "-ar", "44100", "-ac", "2")
