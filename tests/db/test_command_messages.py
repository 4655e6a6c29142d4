"""What `transcribe_hearing` says of money and time, on standard error alone."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from hearings.models import Hearing
from tests.db.run_kit import recorded_hearing
from tests.factories import NOW
from transcription import pipeline
from transcription.bills import Bill
from transcription.exits import Exit
from transcription.holders import this_process
from transcription.management.commands.transcribe_hearing import _told
from transcription.models import ChunkStatus, RunStatus, WorkerCluster
from transcription.progress import Progress
from transcription.run_options import RunOptions

SPENT = Bill(None, None, Decimal("0.12"))


@pytest.fixture
def broken_model(settings: Settings, tmp_path: Path) -> None:
    """Have a cluster alive, and an embedded engine that starts and pauses at its first chunk."""
    for name in ("model.bin", "config.json"):
        (tmp_path / name).write_text("{}")
    settings.WHISPER_MODEL = str(tmp_path)


def transcribe(hearing: Hearing, *options: str) -> int:
    """Run the command; return its exit status."""
    now = timezone.now()
    WorkerCluster.objects.create(
        holder=this_process(), workers=1, started_at=now, seen_at=now + timedelta(minutes=1)
    )
    try:
        call_command("transcribe_hearing", hearing.slug, "--engine", "whisper", *options)
    except SystemExit as end:
        return int(str(end.code))
    return 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("broken_model")
def test_before_the_start_the_command_says_what_it_costs_and_takes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = transcribe(recorded_hearing(), "--chunk-seconds", "10")

    out, err = capsys.readouterr()
    line = "3 chunks, 3 calls, nothing is paid, less than a minute (1 at once)"
    assert code == Exit.PAUSED
    assert err.index(line) < err.index("Paused: ")
    assert out == ""


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("broken_model")
def test_quiet_says_nothing_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    transcribe(recorded_hearing(), "--quiet")

    assert "chunk" not in capsys.readouterr().err.replace("chunk=", "")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("broken_model")
def test_of_what_is_done_the_command_says_that_nothing_is_paid(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hearing = recorded_hearing()
    usual = RunOptions.default_for(hearing, engine="whisper")
    run = pipeline.start(hearing, usual, by=None, now=NOW)
    run.refresh_from_db()
    run.chunks.update(status=ChunkStatus.DONE, result=[], finished_at=NOW)
    run.move(to=RunStatus.COMPLETE, now=NOW, paused_from="")
    monkeypatch.setattr("transcription.output.Sink.write", lambda sink, content: None)

    code = transcribe(hearing)

    assert code == Exit.COMPLETE
    said = capsys.readouterr().err
    assert f"Run {run.pk} has done this already: nothing is sent, nothing is paid." in said


def progress(**values: int) -> Progress:
    counts: dict[str, Any] = {
        "chunks_total": 5,
        "chunks_done": 2,
        "chunks_running": 1,
        "chunks_failed": 0,
        "chunks_for_person": 0,
        "audio_total_ms": 50_000,
        "audio_done_ms": 20_000,
    } | values
    return Progress(**counts, elapsed_seconds=2.0, working_seconds=2.0, waiting=None)


def test_progress_says_what_was_paid_so_far() -> None:
    assert _told(progress(), SPENT) == ("2 of 5 chunks, 10.0 × real time, 0:03 left, $0.12 so far")


def test_where_nothing_was_paid_progress_is_silent_of_money() -> None:
    assert "so far" not in _told(progress(), Bill(0, Decimal(0), Decimal(0)))
    assert "so far" not in _told(progress(), Bill(None, None, Decimal(0)))
