"""Asks a server as a client does, but with every field and every file that a test wants."""

import io
import subprocess
import wave
from typing import Any, Protocol

import httpx2

from tests.fake_api.recordings import noise

KEY = "sk-a-key-that-must-stay-secret"
TWO_SECONDS = noise(2, seed=5)


def wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(pcm)
    return file.getvalue()


def flac(pcm: bytes) -> bytes:
    raw = ["-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "-"]
    command = ["ffmpeg", "-loglevel", "error", *raw, "-sample_fmt", "s16", "-f", "flac", "-"]
    return subprocess.run(command, input=pcm, capture_output=True, check=True).stdout


class Served(Protocol):
    """What has an address."""

    @property
    def url(self) -> str: ...


def ask(
    api: Served,
    file: bytes | None = None,
    name: str = "chunk.wav",
    *,
    timeout: float = 20,
    **fields: Any,
) -> httpx2.Response:
    audio = wav(TWO_SECONDS) if file is None else file
    return httpx2.post(
        f"{api.url}/audio/transcriptions",
        files={"file": (name, audio)},
        data={"model": "whisper-1", **fields},
        headers={"Authorization": f"Bearer {KEY}"},
        timeout=timeout,
    )
