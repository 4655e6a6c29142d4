"""What tests of runs share."""

from collections.abc import Iterator

import pytest

from transcription.engines.scripted import ScriptedEngine


@pytest.fixture
def script() -> Iterator[type[ScriptedEngine]]:
    """Give the scripted engine, which names each second; a test may have it follow another."""
    ScriptedEngine.follow()
    yield ScriptedEngine
    ScriptedEngine.follow()
