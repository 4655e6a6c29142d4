"""A worker dies by SIGKILL at any statement and any moment of a call: the run ends as it must.

A hearing of six chunks, real processes and a real server; who comes after finds what the dead one
left. Every statement and every phase in `make proof`, a seeded tenth in `make test`.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, Self

import pytest
from django.conf import settings

from tests.db.run_kit import started
from tests.end_to_end.world import POSTGRES, Databases, World
from tests.factories import NOW, words_of
from tests.fake_api import FakeApi
from tests.fake_api.arrivals import TRANSCRIPTIONS
from tests.proofs.crash_evidence import KNOWN, SEED, Evidence
from tests.proofs.crashing import CHUNKS, MUTANTS, Case
from tests.proofs.fate import Death
from transcription import receipts
from transcription.models import Attempt, Chunk, ChunkStatus

pytestmark = pytest.mark.processes

PROOF = os.environ.get("PROOF") == "full"
UNSENT = ("before connect", "connected")
# Announced and not begun: to be counted as unclear, since nobody can tell.
CALLING = ("headers sent", "in mid-body", "body sent", "in mid-answer", "answered")
UNKEPT = ("before the receipt", "before the receipt's fsync", "after the receipt's fsync")
KEPT = ("receipt renamed", "before the folder's fsync", "after the folder's fsync", "receipt safe")
PHASES = (*UNSENT, *CALLING, *UNKEPT, *KEPT)


class Prompter:
    """Plays cases in the process that forks the workers."""

    def __init__(self, databases: Databases, folder: Path) -> None:
        self.databases = databases
        self.folder = folder
        self.api = FakeApi()
        self.api.answer = KNOWN
        self._count = 0

    def __enter__(self) -> Self:
        self.api.__enter__()
        limits = {"RATE_LIMIT_CAPACITY": "100000", "RATE_LIMIT_PER_MINUTE": "1000000"}
        here = {"DJANGO_SETTINGS_MODULE": "senate_audio.settings", "LOG_LEVEL": "WARNING"}
        world = World(
            self.folder,
            self.databases.migrated(),
            self.api.url,
            limits | here | {"LEASE_SECONDS": "1"},
        )
        world.data.mkdir()
        self.sound, self.recording = self.folder / "sound.pcm", self.folder / "recording.wav"
        self.sound.write_bytes(KNOWN.pcm)
        raw = ["-f", "s16le", "-ar", "16000", "-ac", "1", "-i", str(self.sound)]
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *raw, str(self.recording)], check=True)
        self._log = (self.folder / "log").open("w")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.proofs.crashing"],
            cwd=settings.BASE_DIR,
            env=world.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
        self._log.close()
        self.api.stop()
        self.api.calls.close()

    def play(self, *deaths: Death, is_cut: bool = False, mutant: str = "") -> Evidence:
        """Play a case to its end on a database of its own."""
        self._count += 1
        name = ", then ".join(map(str, deaths)) or "nobody dies"
        folder = self.folder / f"case-{self._count}"
        folder.mkdir()
        url = self.databases.migrated()
        case = Case(
            name=name,
            database=url.rpartition("/")[2] if POSTGRES else url.removeprefix("sqlite:///"),
            folder=str(folder),
            sound=str(self.recording if is_cut else self.sound),
            key=f"sk-case-{self._count}",
            deaths=deaths,
            is_cut=is_cut,
            mutant=mutant,
        )
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(case.line())
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"{name}: {Path(self._log.name).read_text()[-4000:]}"
        self.databases.drop_one(url)
        self.api.calls.wait_for_ends(2)
        calls = [
            call
            for call in self.api.all_calls()
            if call.key == case.key and call.path == TRANSCRIPTIONS
        ]
        return Evidence(case, json.loads(line), calls)


@pytest.fixture(scope="module")
def prompter(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prompter]:
    with Prompter(databases, tmp_path_factory.mktemp("crashes")) as made:
        yield made


def swept(prompter: Prompter, stories: Sequence[tuple[Death, ...]], *, of: str) -> list[Evidence]:
    """Play a tenth of the stories, or all; print what came of them."""
    share = 1 if PROOF else 10
    chosen = Random(SEED).sample(stories, -(-len(stories) // share))
    found = [prompter.play(*deaths) for deaths in chosen]
    asks = sum(bool(each.needs_person) for each in found)
    print(  # noqa: T201 (the figures of the proof)
        f"{of}: {len(found)} of {len(stories)} cases, {sum(each.died for each in found)} deaths, "
        f"{sum(each.left['status'] == 'complete' for each in found)} complete, "
        f"{asks} need a person, {sum(len(each.calls) - CHUNKS for each in found)} extra calls"
    )
    wrong = [sentence for each in found for sentence in each.judged()]
    assert wrong == []
    return found


def statements(prompter: Prompter, *before: Death) -> int:
    """Return how many statements the worker makes that comes after these deaths."""
    evidence = prompter.play(*before)
    assert evidence.judged() == []
    assert evidence.left["status"] == "complete"
    return int(evidence.left["seen"]["before statement"])


def test_a_worker_may_die_at_any_statement(prompter: Prompter) -> None:
    count = statements(prompter)
    stories = [
        (Death(f"{side} statement", number),)
        for number in range(1, count + 1)
        for side in ("before", "after")
    ]

    found = swept(prompter, stories, of=f"at one of {count} statements")

    assert sum(each.died for each in found) >= len(found) * 0.95


def test_a_worker_may_die_at_any_moment_of_a_call(prompter: Prompter) -> None:
    numbers = range(1, CHUNKS + 1)
    stories = [
        (Death(phase, number),)
        for phase in PHASES
        for number in numbers
        if number == 1 or phase not in UNSENT
    ]

    found = swept(prompter, stories, of="in a call")

    assert all(each.died for each in found)
    for each in found:
        place = each.case.deaths[0].place
        assert len(each.sent) == CHUNKS + (place not in KEPT)
        assert len(each.calls) == CHUNKS + (place in (*CALLING, *UNKEPT))


def test_who_comes_after_may_die_while_it_recovers(prompter: Prompter) -> None:
    firsts = [Death("body sent", 2), Death("receipt safe", 2)]
    stories = [
        (first, Death(f"{side} statement", number))
        for first in firsts
        for number in range(1, statements(prompter, first) // 5)
        for side in ("before", "after")
    ]

    swept(prompter, stories, of="while it recovers")


def test_two_deaths_in_the_same_call_leave_it_to_a_person(prompter: Prompter) -> None:
    unclear = [(Death(place, 1),) * 2 for place in (*UNSENT, *CALLING, *UNKEPT)]

    found = swept(prompter, unclear, of="twice in one call")

    assert all(len(each.needs_person) == 1 for each in found)


def test_a_worker_may_die_while_ffmpeg_cuts(prompter: Prompter) -> None:
    evidence = prompter.play(Death("ffmpeg begun", 2), is_cut=True)

    assert evidence.judged() == []
    assert evidence.died and len(evidence.calls) == CHUNKS


@pytest.mark.parametrize(
    ("mutant", "death", "sentence"),
    [
        ("calls are announced when they are over", Death("answered", 2), "never announced"),
        ("recovery forgets lost calls", Death("body sent", 2), "2 calls, 0 unclear"),
        ("answers are not kept", Death("receipt safe", 2), "json: ok"),
    ],
)
def test_the_sweep_sees_a_planted_defect(
    prompter: Prompter, mutant: str, death: Death, sentence: str
) -> None:
    assert mutant in MUTANTS

    assert prompter.play(death).judged() == []
    assert any(sentence in wrong for wrong in prompter.play(death, mutant=mutant).judged())


def order_of_keeping(monkeypatch: pytest.MonkeyPatch, call: Attempt) -> list[str]:
    """Keep a receipt; return what the system was asked for, in this order."""
    order: list[str] = []
    sync, replace = os.fsync, os.replace

    def noted_sync(file: int) -> None:
        place = Path(f"/proc/self/fd/{file}").readlink()
        written = "" if place.is_dir() else f" of {place.stat().st_size} bytes"
        order.append(f"fsync {place.name}{written}")
        sync(file)

    def noted_replace(source: Any, target: Any, **options: Any) -> None:
        order.append("rename")
        replace(source, target, **options)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(os, "replace", noted_replace)
    path = receipts.keep(call, b"an answer")
    named = [re.sub(r"\w+\.tmp", "file", step) for step in order]
    return [step.replace(path.parent.name, "folder") for step in named]


SAFE = ["fsync file of 9 bytes", "rename", "fsync folder"]
# A power cut between any two leaves the whole answer or none, and after the last, the answer.


def test_a_receipt_is_on_the_disk_before_it_has_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "RECEIPTS_DIR", tmp_path / "receipts")

    assert order_of_keeping(monkeypatch, Attempt(pk=1, audio_sha256="0" * 64)) == SAFE


def test_a_receipt_whose_name_is_not_synced_is_seen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "RECEIPTS_DIR", tmp_path / "receipts")
    monkeypatch.setattr(receipts, "_sync", lambda folder: None)

    assert order_of_keeping(monkeypatch, Attempt(pk=1, audio_sha256="0" * 64)) != SAFE


def overruled() -> Chunk:
    """Return a chunk after a worker that lost it has come with its late result."""
    chunk = started().chunks.first()
    assert chunk
    assert chunk.claim(holder="slow", now=NOW, lease_seconds=1)
    later = NOW + timedelta(seconds=2)
    slow = Chunk.objects.get(pk=chunk.pk)
    assert chunk.put_back(not_before=None)
    assert chunk.claim(holder="quick", now=later, lease_seconds=30)
    slow.finish(words_of("late"), now=later)
    chunk.refresh_from_db()
    return chunk


@pytest.mark.django_db
def test_a_late_result_is_fenced_off(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DISPATCHER = "tests.db.run_kit.NoDispatcher"

    assert overruled().status == ChunkStatus.RUNNING

    monkeypatch.setattr(
        Chunk, "_held", lambda chunk: Chunk.objects.filter(pk=chunk.pk, status="running")
    )
    assert overruled().status == ChunkStatus.DONE
