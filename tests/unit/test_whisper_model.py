"""A Whisper model in memory: what it takes, and when."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from django.conf import settings
from numpy.typing import NDArray

from transcription.engines.whisper_model import loaded
from transcription.model_files import located

FEATURES = (2, 80, 3_000)
# Windows × mels × frames.


@pytest.fixture(scope="module")
def folder() -> Path:
    return located("base", settings.MODELS_DIR)


@pytest.fixture(scope="module")
def features() -> NDArray[np.float32]:
    return np.random.default_rng(7).normal(0, 0.3, FEATURES).astype(np.float32)


def test_windows_are_encoded_one_after_the_other_whoever_asks(
    folder: Path, features: NDArray[np.float32]
) -> None:
    """Told by the clock of each: none begins before the one before it has ended."""
    with loaded(folder, threads=2, at_once=2) as model:
        times: list[tuple[float, float]] = []
        encode = model.model.encode

        def noted(*arguments: Any, **named: Any) -> Any:
            start = time.monotonic()
            found = encode(*arguments, **named)
            times.append((start, time.monotonic()))
            return found

        model.model = Mock(wraps=model.model, encode=noted)
        with ThreadPoolExecutor(2) as pool:
            together = [np.array(found) for found in pool.map(model.encode, features)]
        alone = [np.array(model.encode(window)) for window in features]

    assert times == sorted(times)
    assert all(before[1] <= after[0] for before, after in pairwise(times))
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_model_is_gone_from_memory_after_the_block(folder: Path) -> None:
    code = (
        "import django, psutil; django.setup();"
        "from pathlib import Path; from transcription.engines.whisper_model import loaded;"
        "used = lambda: psutil.Process().memory_info().rss; before = used()\n"
        f"with loaded(Path({str(folder)!r}), threads=2): held = used()\n"
        "print(before, held, used())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, held, after = (int(each) for each in done.stdout.split())

    assert held - before > 70 * 2**20
    assert after - before < 60 * 2**20
