"""This host is really measured, and the embedded engine's files are really read."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from pytest_django import Settings

from tests.factories import NOW, make_hearing
from tests.unit.model_kit import CONTENT, SMALL
from transcription import access, admission, host_facts, memory, model_files, pipeline
from transcription.engines.registry import engine_for
from transcription.holders import this_process
from transcription.models import Run, WorkerCluster
from transcription.run_options import RunOptions

pytestmark = pytest.mark.django_db


def cluster(*, canary_seconds_ago: int) -> None:
    WorkerCluster.objects.create(
        holder=this_process(),
        workers=1,
        started_at=NOW - timedelta(days=1),
        seen_at=NOW,
        canary_at=NOW - timedelta(seconds=canary_seconds_ago),
    )


def test_the_host_is_measured() -> None:
    facts = host_facts.measure(now=NOW)

    assert facts.memory_bytes > 10 * 1024**2
    assert facts.load_per_core >= 0
    assert facts.ffmpeg_version and facts.ffmpeg_version[0].isalnum()
    assert {place.name for place in facts.places} == {"receipts", "recordings", "scratch"}
    assert all(place.free_bytes > 0 for place in facts.places)
    assert facts.clusters == ()


def test_the_limit_of_the_workers_memory_counts_with_what_they_use(settings: Settings) -> None:
    free = host_facts.measure(now=NOW)
    assert not free.is_limited

    settings.MEMORY = replace(settings.MEMORY, limit_bytes=900 * 1024**2)
    before = host_facts.measure(now=NOW, brings_workers=True)
    assert (before.memory_bytes, before.is_limited) == (900 * 1024**2, True)
    cluster(canary_seconds_ago=1)  # of this process
    with_workers = host_facts.measure(now=NOW)
    used = memory.of_processes([os.getpid()])
    assert used > 20 * 1024**2
    assert with_workers.memory_bytes == pytest.approx(900 * 1024**2 - used, abs=20 * 1024**2)
    assert with_workers.is_limited

    settings.MEMORY = replace(settings.MEMORY, limit_bytes=1024**4)
    assert not host_facts.measure(now=NOW).is_limited


def test_workers_of_another_host_use_nothing_here(settings: Settings) -> None:
    settings.MEMORY = replace(settings.MEMORY, limit_bytes=300 * 1024**2)
    cluster(canary_seconds_ago=1)
    WorkerCluster.objects.update(holder="elsewhere/1/1")

    assert host_facts.measure(now=NOW).memory_bytes == 300 * 1024**2


def test_under_a_limit_that_is_used_up_no_run_starts_and_it_says_why(settings: Settings) -> None:
    settings.MEMORY = replace(settings.MEMORY, limit_bytes=10 * 1024**2)
    settings.READINESS = replace(settings.READINESS, embedded_memory_bytes=1024**3)
    cluster(canary_seconds_ago=1)
    chosen = RunOptions(engine="scripted", model="script", language="en")

    with pytest.raises(admission.StartRefused, match="Only 0 MB of memory are left to the workers"):
        pipeline.start(make_hearing(), chosen, by=None, now=NOW)


def test_folders_that_are_yet_to_be_made_are_measured_where_they_will_be(
    settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "a" / "b")

    places = {place.name: place for place in host_facts.places()}

    assert places["recordings"].folder == str(tmp_path)


def test_a_cluster_that_lives_is_seen_with_its_last_canary() -> None:
    cluster(canary_seconds_ago=70)

    assert [facts.silent_seconds for facts in host_facts.worker_facts(now=NOW)] == [70]


def test_who_brings_workers_is_not_asked_for_them() -> None:
    assert host_facts.measure(now=NOW, brings_workers=True).clusters is None


def test_ffmpeg_that_goes_is_missed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert host_facts.ffmpeg_version() is not None

    monkeypatch.setenv("PATH", "")

    assert host_facts.ffmpeg_version() is None


@pytest.fixture
def small_model(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have a model of a few bytes where fetched models are."""
    cache.clear()
    settings.MODELS_DIR = tmp_path
    monkeypatch.setitem(model_files.MODELS, "small", SMALL)
    (tmp_path / "small").mkdir()
    for name, content in CONTENT.items():
        (tmp_path / "small" / name).write_bytes(content)
    return tmp_path / "small"


def codes(model: str = "small", language: str = "en") -> list[str]:
    engine = engine_for("whisper", model)
    found = (*access.findings(engine, now=NOW), *access.language_findings(engine, language))
    return [finding.code for finding in found]


def test_a_model_whose_files_are_whole_is_taken(small_model: Path) -> None:
    assert codes() == []


def test_a_damaged_model_is_found_by_its_hash_though_its_size_is_right(small_model: Path) -> None:
    assert codes() == []
    file = small_model / "model.bin"
    file.write_bytes(bytes(file.stat().st_size))

    assert codes() == ["model_damaged"]
    with pytest.raises(admission.StartRefused, match="fetch_model small"):
        pipeline.start(
            make_hearing(),
            RunOptions(engine="whisper", model="small", language="en"),
            by=None,
            now=NOW,
        )
    assert not Run.objects.exists()


def test_a_model_that_is_not_there_is_refused_with_the_way_to_it(small_model: Path) -> None:
    (small_model / "model.bin").unlink()

    assert codes() == ["settings"]


def test_a_model_of_english_alone_is_doubted_for_another_language(
    small_model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(model_files.MODELS, "small.en", replace(SMALL, name="small.en"))
    small_model.rename(tmp_path / "small.en")

    assert codes("small.en", "es") == ["model_language"]
    assert codes("small.en", "en") == []
