"""After the retention period the recording goes and the transcript stays; it can come back."""

import io
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from hearings import intake, removal, spool
from hearings.models import CheckStatus, Hearing, Removal
from hearings.spans import Span
from tests.db.run_kit import NoDispatcher, options, recorded_hearing, silent_wav, started, work
from tests.factories import NOW, make_chunk, make_hearing, make_run, make_segments
from transcription import admission, pipeline, retention, upkeep
from transcription.models import ChunkStatus, Run, RunStatus
from transcription.outlook import outlook

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
LATER = NOW + 31 * DAY


@pytest.fixture(autouse=True)
def thirty_days(settings: Settings, tmp_path: Path) -> None:
    settings.RETENTION = replace(settings.RETENTION, days=30)
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.SCRATCH = replace(settings.SCRATCH, folder=str(tmp_path / "scratch"))


def transcribed(status: str = RunStatus.COMPLETE, **values: Any) -> Hearing:
    """Return a hearing whose recording came in, and whose run ended, at NOW."""
    hearing = make_hearing(recording_stored_at=NOW, **values)
    run = make_run(hearing, status=status, paused_from=_before(status), finished_at=_end(status))
    make_segments(run, "The committee will come to order.")
    return hearing


def _before(status: str) -> str:
    return RunStatus.TRANSCRIBING if status == RunStatus.PAUSED else ""


def _end(status: str) -> datetime | None:
    return NOW if status in Run.TERMINAL else None


def applied(now: datetime = LATER, **limits: Any) -> list[Hearing]:
    return list(retention.apply(now=now, **limits))


def recordings(hearing: Hearing) -> list[Path]:
    return list(Path(hearing.recording.storage.path("recordings")).glob("*"))


@pytest.mark.django_db(transaction=True)
def test_the_recording_goes_and_the_transcript_stays() -> None:
    hearing = transcribed(recording_sha256="a" * 64)
    with spool.kept(_scratch(), "a" * 64) as take:
        take(bytes(32_000))

    assert applied() == [hearing]

    hearing.refresh_from_db()
    assert hearing.recording_removed_at == LATER
    assert hearing.recording_removed_why == "under the retention period of 30 days"
    assert not hearing.recording and recordings(hearing) == []
    assert hearing.recording_sha256 == "a" * 64 and hearing.recording_bytes
    assert hearing.runs.get().segments.count() == 1
    assert spool.read(_scratch(), "a" * 64, Span(0, 100), duration_ms=1000) is None
    assert applied() == []


def _scratch() -> Any:
    from django.conf import settings

    return settings.SCRATCH


@pytest.mark.parametrize(
    "status", [each for each in RunStatus if each not in (RunStatus.COMPLETE, RunStatus.CANCELLED)]
)
def test_it_stays_where_a_run_works_waits_or_ended_otherwise(status: str) -> None:
    after_a_complete_one = transcribed()
    make_run(
        after_a_complete_one,
        status=status,
        paused_from=_before(status),
        finished_at=_end(status),
    )
    transcribed(status)

    assert applied() == []


def test_it_stays_where_nothing_was_transcribed_or_the_period_is_not_over() -> None:
    make_hearing(recording_stored_at=NOW)
    make_hearing(recording_stored_at=NOW, check_status=CheckStatus.REFUSED)
    transcribed(RunStatus.CANCELLED)
    young = transcribed()

    assert applied(NOW + 30 * DAY - timedelta(seconds=1)) == []
    assert applied(NOW + 30 * DAY) == [young]


def test_without_a_period_all_stay(settings: Settings) -> None:
    settings.RETENTION = replace(settings.RETENTION, days=None)
    transcribed()

    assert applied(NOW + 10_000 * DAY) == []


def test_a_turn_removes_few_and_the_next_goes_on(settings: Settings) -> None:
    for _ in range(3):
        transcribed()

    upkeep.look_after(now=LATER)
    assert Hearing.objects.filter(recording="").count() == upkeep.RECORDINGS_A_TURN
    upkeep.look_after(now=LATER)
    upkeep.look_after(now=LATER)
    assert Hearing.objects.filter(recording="").count() == 3


def test_the_database_holds_that_it_is_there_or_removed() -> None:
    for values in ({"recording": ""}, {"recording_removed_at": NOW}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Hearing.objects.filter(pk=make_hearing().pk).update(**values)


@pytest.mark.django_db(transaction=True)
def test_who_dies_between_row_and_file_leaves_a_file_that_the_next_sweep_deletes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hearing = transcribed(recording_sha256="a" * 64)
    with spool.kept(_scratch(), "a" * 64) as take:
        take(bytes(32_000))
    with monkeypatch.context() as killed:
        killed.setattr(removal, "_gone", lambda _: None)  # as if killed after the commit
        applied()
    hearing.refresh_from_db()
    assert not hearing.recording and len(recordings(hearing)) == 1

    upkeep.look_after(now=LATER)

    assert recordings(hearing) == []
    assert Removal.objects.get().is_file_gone


def test_it_is_recorded_when_and_why_it_went(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    hearing = transcribed(title="Oversight of the Mint")
    location = hearing.recording.name

    with django_capture_on_commit_callbacks(execute=True):
        applied()

    record = Removal.objects.get()
    assert (record.act, record.hearing, record.title) == ("expired", hearing, hearing.title)
    assert (record.removed_name, record.removed_by) == ("retention period", None)
    assert record.what_went == "The recording, under the retention period of 30 days."
    assert record.recording == location and record.is_file_gone


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_fails_deletes_no_file() -> None:
    hearing = transcribed()

    with transaction.atomic():
        assert applied() == [hearing]
        transaction.set_rollback(True)

    hearing.refresh_from_db()
    assert hearing.recording_removed_at is None
    assert Path(hearing.recording.path).exists()


def test_nothing_can_be_transcribed_again_but_what_was_done_is_found() -> None:
    hearing = recorded_hearing(recording_stored_at=NOW)
    run = started(hearing)
    work()
    run.refresh_from_db()
    assert run.status == RunStatus.COMPLETE
    Run.objects.update(finished_at=NOW)
    assert applied() == [hearing]
    hearing = Hearing.objects.get()

    assert pipeline.start(hearing, options(), by=None, now=LATER).pk == run.pk
    assert outlook(hearing, options()).earlier
    for chosen, again in ((options(), True), (options(parallel=2), False)):
        with pytest.raises(admission.StartRefused, match="removed on 12 April 2026"):
            outlook(hearing, chosen, again=again)
        with pytest.raises(admission.StartRefused, match="Upload the same recording"):
            pipeline.start(hearing, chosen, by=None, now=LATER, again=again)
    assert Run.objects.count() == 1


def test_an_older_run_with_gaps_cannot_be_retried() -> None:
    hearing = make_hearing(recording_stored_at=NOW)
    gaps = make_run(hearing, status=RunStatus.INCOMPLETE)
    make_chunk(gaps, status=ChunkStatus.FAILED, finished_at=NOW)
    make_run(hearing, status=RunStatus.COMPLETE)
    assert pipeline.can_retry(Run.objects.get(pk=gaps.pk))
    stale = Run.objects.select_related("hearing").get(pk=gaps.pk)

    applied()

    assert not pipeline.can_retry(Run.objects.get(pk=gaps.pk))
    with pytest.raises(admission.StartRefused, match="The recording was removed on 12 April 2026"):
        pipeline.retry(stale, now=LATER)
    assert Run.objects.get(pk=gaps.pk).status == RunStatus.INCOMPLETE


@pytest.mark.django_db(transaction=True)
def test_the_same_recording_handed_in_again_puts_the_sound_back() -> None:
    content = silent_wav(30)
    hearing = intake.store(Hearing(title="A", date=NOW.date()), io.BytesIO(content), name="a.wav")
    Hearing.objects.update(
        check_status=CheckStatus.ACCEPTED, duration_ms=30_000, recording_stored_at=NOW
    )
    make_run(hearing, status=RunStatus.COMPLETE)
    applied()

    with pytest.raises(intake.RecordingKnown) as known:
        intake.store(Hearing(title="B", date=NOW.date()), io.BytesIO(content), name="b.wav")

    hearing.refresh_from_db()
    assert known.value.is_put_back and known.value.hearing.pk == hearing.pk
    assert known.value.hearing.recording_removed_at is None
    assert Path(hearing.recording.path).read_bytes() == content
    assert hearing.recording_removed_at is None and hearing.recording_removed_why == ""
    assert hearing.check_status == CheckStatus.ACCEPTED
    assert hearing.recording_name == "a.wav"
    assert len(recordings(hearing)) == Hearing.objects.count() == 1
    assert applied(hearing.recording_stored_at + 29 * DAY) == []
    assert applied(hearing.recording_stored_at + 30 * DAY) == [hearing]


@pytest.mark.django_db(transaction=True)
def test_a_recording_that_is_there_is_not_replaced() -> None:
    content = silent_wav(30)
    hearing = intake.store(Hearing(title="A", date=NOW.date()), io.BytesIO(content), name="a.wav")
    before = hearing.recording.name

    with pytest.raises(intake.RecordingKnown) as known:
        intake.store(Hearing(title="B", date=NOW.date()), io.BytesIO(content), name="b.wav")

    hearing.refresh_from_db()
    assert not known.value.is_put_back
    assert hearing.recording.name == before and len(recordings(hearing)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_file_that_is_lost_comes_back_in_the_same_way() -> None:
    content = silent_wav(30)
    hearing = intake.store(Hearing(title="A", date=NOW.date()), io.BytesIO(content), name="a.wav")
    Path(hearing.recording.path).unlink()

    with pytest.raises(intake.RecordingKnown) as known:
        intake.store(Hearing(title="B", date=NOW.date()), io.BytesIO(content), name="b.wav")

    hearing.refresh_from_db()
    assert known.value.is_put_back
    assert Path(hearing.recording.path).read_bytes() == content and len(recordings(hearing)) == 1


@pytest.mark.django_db(transaction=True)
def test_removal_and_a_start_at_once_never_leave_a_run_without_its_recording(
    settings: Settings,
) -> None:
    settings.DISPATCHER = f"{NoDispatcher.__module__}.{NoDispatcher.__qualname__}"
    for _ in range(5):
        hearing = recorded_hearing(recording_stored_at=NOW)
        make_run(hearing, status=RunStatus.COMPLETE, settings_key="other")
        barrier = threading.Barrier(2)

        def apart(step: Callable[[], object], barrier: threading.Barrier = barrier) -> None:
            try:
                barrier.wait()
                step()
            except admission.StartRefused:
                pass
            finally:
                connection.close()

        def begin(hearing: Hearing = hearing) -> object:
            return pipeline.start(hearing, options(), by=None, now=LATER)

        threads = [threading.Thread(target=apart, args=(step,)) for step in (applied, begin)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        hearing.refresh_from_db()
        is_active = hearing.runs.active().exists()
        assert is_active == (hearing.recording_removed_at is None)
        hearing.delete()


def test_the_command_says_what_would_go_and_then_removes_it() -> None:
    hearing = transcribed()
    Hearing.objects.update(recording_stored_at=NOW - 1000 * DAY)
    Run.objects.update(finished_at=NOW - 1000 * DAY)

    assert told("--dry-run") == f"{hearing.slug}: hearing.mp3\n1 recording would be removed.\n"
    assert Hearing.objects.get().recording
    assert told() == f"{hearing.slug}: hearing.mp3\n1 recording removed.\n"
    assert not Hearing.objects.get().recording
    assert told() == "0 recordings removed.\n"


def test_the_command_says_that_no_period_is_set(settings: Settings) -> None:
    settings.RETENTION = replace(settings.RETENTION, days=None)

    assert "RETENTION_DAYS is not set" in told()


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("apply_retention", *arguments, stdout=out)
    return out.getvalue()
