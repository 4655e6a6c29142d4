"""A run of three chunks whose every word is known, and a server that a test can turn against it."""

import io
import wave
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256

import pytest
from django.conf import settings
from pytest_django import Settings

from hearings import spool
from tests.answers.kit import KEY, Trial
from tests.db.run_kit import TEN_SECONDS
from tests.factories import make_hearing
from tests.fake_api import FakeApi
from tests.fake_api.recordings import KnownRecording, counted_words, noise

SECONDS = 30
KNOWN = KnownRecording(noise(SECONDS), counted_words(SECONDS))


@pytest.fixture
def api(settings: Settings) -> Iterator[FakeApi]:
    with FakeApi(known_key=KEY) as server:
        server.answer = KNOWN
        settings.OPENAI_BASE_URL = server.url
        settings.OPENAI_API_KEY = KEY
        settings.OPENAI_USD_PER_MINUTE = Decimal("0.0045")
        settings.DISPATCHER = "tests.db.run_kit.NoDispatcher"
        yield server


@pytest.fixture
def trial(api: FakeApi, db: None) -> Trial:
    """Give a hearing of three chunks, its sound kept ready, so that no call waits for ffmpeg."""
    speech = [list(pair) for pair in TEN_SECONDS if pair[1] <= SECONDS * 1000]
    content = _wav(KNOWN.pcm)
    hearing = make_hearing(
        content=content,
        recording_sha256=sha256(content).hexdigest(),
        speech=speech,
        duration_ms=SECONDS * 1000,
    )
    with spool.kept(settings.SCRATCH, hearing.recording_sha256) as take:
        take(KNOWN.pcm)
    return Trial(api, hearing, KNOWN.text)


def _wav(pcm: bytes) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(pcm)
    return buffer.getvalue()
