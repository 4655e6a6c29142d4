"""A model that takes one window at a time hears what one does that takes them together."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from numpy.typing import NDArray

from transcription.engines.whisper_model import FrugalModel, loaded
from transcription.model_files import located

FEATURES = (2, 80, 3_000)
# Windows × mels × frames.


@pytest.fixture(scope="module")
def folder() -> Path:
    return located("base", settings.MODELS_DIR)


@pytest.fixture(scope="module")
def features() -> NDArray[np.float32]:
    return np.random.default_rng(7).normal(0, 0.3, FEATURES).astype(np.float32)


def test_windows_encoded_one_by_one_are_as_encoded_together(
    folder: Path, features: NDArray[np.float32]
) -> None:
    with loaded(folder, threads=2) as model:
        together = np.array(super(FrugalModel, model).encode(features))
        alone = np.array(model.encode(features))
        one = np.array(model.encode(features[1]))

    assert alone.shape == together.shape
    np.testing.assert_allclose(alone, together, atol=1e-3)
    np.testing.assert_array_equal(one[0], alone[1])


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
