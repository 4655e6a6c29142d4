"""What the health page finds out about engines and their models."""

import os
import shutil
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.fake_api import FakeApi, faults
from transcription import model_files, rates
from transcription.health import State
from transcription.model_files import Model, ModelFile, sha256_of
from transcription.probes import engines

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folders")]

MIB = 1024**2


def test_a_hosted_engine_is_asked_for_its_model_and_for_nothing_that_costs(
    chosen_api: FakeApi,
) -> None:
    seen = engines.access()

    assert seen.state == State.OK, seen
    assert [lookup.path for lookup in chosen_api.lookups] == ["/v1/models/gpt-transcribe"]
    assert chosen_api.arrivals == []


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (faults.failed(500), State.FAILED),
        (faults.wrong_key(), State.FAILED),
        (faults.rate_limited(5), State.WARNING),
    ],
    ids=["broken", "key", "busy"],
)
def test_a_hosted_engine_that_refuses_is_told_without_its_key(
    chosen_api: FakeApi, settings: Settings, fault: faults.Fault, state: State
) -> None:
    chosen_api.lookup_fault = fault

    seen = engines.access()
    assert seen.state == state, seen
    assert settings.OPENAI_API_KEY not in seen.measured

    chosen_api.lookup_fault = None
    assert engines.access().state == State.OK


def test_a_hosted_engine_is_left_alone_while_the_limit_is_closed(chosen_api: FakeApi) -> None:
    rates.close_for(600, reason="The server asked for ten minutes.")

    seen = engines.access()

    assert seen.state == State.WARNING
    assert "Not asked" in seen.measured
    assert chosen_api.lookups == []


def test_a_hosted_engine_without_a_key_has_failed(settings: Settings) -> None:
    settings.TRANSCRIPTION_ENGINE, settings.OPENAI_API_KEY = "openai", None

    seen = engines.access()
    assert seen.state == State.FAILED
    assert "OPENAI_API_KEY" in seen.measured


def test_an_engine_that_there_is_not_has_failed(settings: Settings) -> None:
    settings.TRANSCRIPTION_ENGINE = "gramophone"

    assert engines.access().state == State.FAILED


@pytest.fixture
def small_model(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have a model of few bytes, whole, and return its folder."""
    folder = tmp_path / "models" / "small"
    folder.mkdir(parents=True)
    for name in ("model.bin", "config.json"):
        (folder / name).write_text(f"what is in {name}")
    files = tuple(
        ModelFile(path.name, path.stat().st_size, sha256_of(path), ())
        for path in sorted(folder.iterdir())
    )
    model = Model("small", "", "", (), 0, files)
    monkeypatch.setitem(model_files.MODELS, "small", model)
    settings.MODELS_DIR = folder.parent
    settings.WHISPER_MODEL = "small"
    settings.TRANSCRIPTION_ENGINE = "whisper"
    return folder


def test_a_model_that_is_whole_is_well_and_is_read_once(
    small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert engines.models().state == State.OK
    monkeypatch.setattr(model_files, "sha256_of", lambda path: pytest.fail("it is read again"))

    assert engines.models().state == State.OK


def test_a_model_with_one_wrong_byte_has_failed_until_it_is_mended(small_model: Path) -> None:
    weights = small_model / "model.bin"
    good = weights.read_bytes()
    weights.write_bytes(b"W" + good[1:])
    os.utime(weights, ns=(1, 1))

    seen = engines.models()
    assert seen.state == State.FAILED
    assert "fetch_model small" in seen.advice

    weights.write_bytes(good)
    assert engines.models().state == State.OK


@pytest.mark.parametrize(
    ("engine", "state"), [("whisper", State.FAILED), ("openai", State.WARNING)]
)
def test_a_missing_model_stops_the_embedded_engine_and_blurs_the_times_of_others(
    settings: Settings, small_model: Path, engine: str, state: State
) -> None:
    settings.ALIGN_WORDS, settings.TRANSCRIPTION_ENGINE = True, engine
    shutil.rmtree(small_model)

    assert engines.models().state == state
    if engine == "whisper":
        assert engines.access().state == State.FAILED


def test_no_model_is_needed_where_nothing_uses_one(settings: Settings) -> None:
    settings.ALIGN_WORDS, settings.TRANSCRIPTION_ENGINE = False, "openai"

    assert engines.models().measured.startswith("Not needed")
