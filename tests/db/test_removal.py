"""What a person removes is gone, text and files; what was paid for it is still known."""

import io
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as current
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from hearings import intake, removal, spool
from hearings.models import CheckStatus, Hearing, RecordingAnalysis, Removal
from hearings.policies import ScratchPolicy
from tests.at_once import at_once
from tests.db.run_kit import options, recorded_hearing
from tests.db.test_bills import CENT, make_call
from tests.factories import NOW, make_chunk, make_hearing, make_run, make_segments
from transcription import admission, budgets, metrics, pipeline, receipts, removing, upkeep
from transcription.models import (
    Attempt,
    Chunk,
    ChunkStatus,
    PastCall,
    Run,
    RunStatus,
    Segment,
)

pytestmark = pytest.mark.django_db

BODY = b'{"text": "the committee will come to order"}'


@pytest.fixture(autouse=True)
def places(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.RECEIPTS_DIR = tmp_path / "receipts"
    settings.SCRATCH = ScratchPolicy(folder=str(tmp_path / "scratch"), left_free_bytes=0)
    return tmp_path


@pytest.fixture
def clerk() -> User:
    return User.objects.create_user("clerk")


def transcribed(**values: Any) -> Hearing:
    """Return a hearing with a finished run, three calls for five cents, and their receipts."""
    hearing = make_hearing(**({"recording_sha256": "c" * 64} | values))
    hearing.findings.create(code="no_speech", severity="warning", message="No speech.")
    run = make_run(hearing, engine="openai", model="m", status=RunStatus.COMPLETE)
    make_segments(run, "The committee will come to order.", "Thank you.")
    for index in range(2):
        chunk = make_chunk(run, index, status=ChunkStatus.DONE)
        receipts.keep(make_call(chunk, 1, cost_usd=2 * CENT, billed_ms=10_000), BODY)
    failed = {"status": Attempt.Status.FAILED, "may_be_billed": True, "reserved_usd": CENT}
    make_call(chunk, 2, **failed)
    with spool.kept(current.SCRATCH, hearing.recording_sha256) as take:
        take(bytes(1_000))
    return hearing


def files_in(*folders: Path) -> list[str]:
    return sorted(path.name for each in folders for path in each.rglob("*") if path.is_file())


def arrived(content: bytes = b"another recording") -> io.BytesIO:
    return io.BytesIO(content)


def replaced(hearing: Hearing, *, by: User | None = None, content: bytes = b"another") -> Hearing:
    with intake.received(arrived(content), name="right.mp3") as recording:
        return removal.replace(hearing, recording, by=by)


def delete(hearing: Hearing, *, by: User | None = None) -> None:
    removal.delete(hearing, by=by)


def replace(hearing: Hearing, *, by: User | None = None) -> None:
    replaced(hearing, by=by)


def test_a_delete_leaves_no_text_no_answer_and_no_file(
    places: Path, clerk: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    hearing = transcribed()
    assert len(files_in(places)) == 4

    with django_capture_on_commit_callbacks(execute=True):
        delete(hearing, by=clerk)

    for model in (Hearing, Run, Chunk, Attempt, Segment, RecordingAnalysis):
        assert not model._default_manager.exists(), model
    assert files_in(places) == []


def test_a_delete_keeps_who_when_what_and_the_amounts(clerk: User) -> None:
    hearing = transcribed(title="Oversight of the Mint")

    delete(hearing, by=clerk)

    record = Removal.objects.get()
    assert (record.act, record.title, record.removed_name) == ("deleted", hearing.title, "clerk")
    assert record.recording_sha256 == hearing.recording_sha256
    assert record.hearing is None and record.removed_by == clerk
    past = PastCall.objects.all()
    assert [(call.status, call.cost_usd, call.reserved_usd) for call in past] == [
        ("ok", 2 * CENT, None),
        ("ok", 2 * CENT, None),
        ("failed", None, CENT),
    ]
    assert {call.hearing for call in past} == {None}


@pytest.mark.parametrize("remove", [delete, replace])
def test_the_spent_budgets_do_not_shrink(remove: Callable[..., None]) -> None:
    hearing = transcribed()
    later = NOW + timedelta(minutes=1)
    assert budgets.of_month(later) == budgets.of_hearing(hearing) == 5 * CENT

    remove(hearing)

    assert budgets.of_month(later) == 5 * CENT
    assert budgets.of_hearing(hearing) == (5 * CENT if remove is replace else 0)
    assert metrics.present().calls.cost_usd == 4 * CENT


def test_nor_by_any_other_way_to_delete() -> None:
    transcribed()

    Hearing.objects.all().delete()

    assert budgets.of_month(NOW) == 5 * CENT


def test_a_call_under_way_counts_with_the_most_that_it_can_cost() -> None:
    hearing = make_hearing()
    run = make_run(hearing, engine="openai", status=RunStatus.CANCELLED)
    chunk = make_chunk(run, status=ChunkStatus.CANCELLED, finished_at=NOW)
    sending = {"status": Attempt.Status.SENDING, "finished_at": None, "reserved_usd": 3 * CENT}
    call = make_call(chunk, 1, **sending)

    delete(hearing)

    assert budgets.of_month(NOW) == 3 * CENT
    assert not call.end(Attempt.Status.OK, now=NOW, cost_usd=CENT)


def test_an_answer_that_comes_after_the_removal_goes_too(places: Path) -> None:
    hearing = transcribed()
    call = Attempt.objects.filter(status=Attempt.Status.OK)[0]
    delete(hearing)
    removing.sweep(now=NOW)

    receipts.keep(call, BODY)
    removing.sweep(now=PastCall.objects.latest("id").removed_at)

    assert not receipts.path_of(call).exists()


def test_receipts_on_a_host_that_was_off_go_when_it_begins(places: Path) -> None:
    kept = transcribed()
    gone = transcribed(title="Gone", recording_sha256="d" * 64)
    delete(gone)
    assert len(files_in(places / "receipts")) == 4

    assert removing.sweep_all() == 2

    stay = Attempt.objects.filter(chunk__run__hearing=kept, status=Attempt.Status.OK)
    assert files_in(places / "receipts") == sorted(receipts.path_of(c).name for c in stay)


def test_what_a_call_names_or_a_process_holds_is_not_forgotten(places: Path) -> None:
    transcribed()
    with receipts.reserved():
        files = files_in(places / "receipts")
        assert len(files) == 3

        assert receipts.forget(files) == 0

        assert files_in(places / "receipts") == files
    Attempt.objects.all().delete()
    assert receipts.forget(files) == 2


def test_the_database_holds_that_a_file_that_is_to_go_is_named() -> None:
    delete(transcribed())

    with pytest.raises(IntegrityError), transaction.atomic():
        Removal.objects.update(recording="", is_file_gone=False)


def test_a_process_that_dies_after_the_commit_leaves_what_a_sweep_finds(places: Path) -> None:
    """`on_commit` never runs in this test: that is the death."""
    delete(transcribed())
    assert len(files_in(places)) == 4

    upkeep.look_after(now=Removal.objects.get().removed_at)

    assert files_in(places) == []
    assert Removal.objects.get().is_file_gone


def test_where_the_transaction_fails_nothing_is_gone(
    places: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    hearing = transcribed()

    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        delete(hearing)
        transaction.set_rollback(True)
    upkeep.look_after(now=NOW)

    assert Segment.objects.count() == 2 and Attempt.objects.count() == 3
    assert len(files_in(places)) == 4
    assert not Removal.objects.exists() and not PastCall.objects.exists()


def test_a_file_that_cannot_be_deleted_is_tried_again(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hearing = transcribed()
    delete(hearing)

    def fails(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as broken:
        broken.setattr(type(hearing.recording.storage), "delete", fails, raising=False)
        assert removal.sweep() == 0
    assert files_in(places / "media")

    assert removal.sweep() == 1
    assert not files_in(places / "media")


@pytest.mark.parametrize("status", [RunStatus.TRANSCRIBING, RunStatus.PAUSED, RunStatus.MERGING])
@pytest.mark.parametrize("remove", [delete, replace])
def test_while_a_run_is_under_way_nothing_is_removed(
    remove: Callable[..., None], status: RunStatus, places: Path
) -> None:
    hearing = transcribed()
    paused = {"paused_from": RunStatus.TRANSCRIBING} if status == RunStatus.PAUSED else {}
    busy = make_run(hearing, status=status, **paused)

    with pytest.raises(removal.InUse, match=f"Run {busy.pk} .*Cancel it first") as refused:
        remove(hearing)

    assert status.label.lower() in str(refused.value)
    assert Run.objects.count() == 2 and Segment.objects.count() == 2
    assert not Removal.objects.exists()
    assert len(files_in(places)) == 4


def test_a_replaced_recording_takes_all_that_was_made_from_it(
    places: Path, clerk: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    hearing = transcribed(title="Oversight of the Mint", is_published=True)
    hearing.witnesses.create(name="Dr. Jane Roe")

    with django_capture_on_commit_callbacks(execute=True):
        replaced(hearing, by=clerk, content=b"another recording")

    now = Hearing.objects.get()
    assert (now.pk, now.title, now.slug) == (hearing.pk, hearing.title, hearing.slug)
    assert now.is_published and now.witnesses.count() == 1
    assert now.check_status == CheckStatus.CHECKING and now.duration_ms is None
    assert (now.recording_name, now.recording_bytes) == ("right.mp3", 17)
    assert not now.findings.exists() and not now.runs.exists()
    assert not RecordingAnalysis.objects.exists()
    assert files_in(places) == [Path(now.recording.path).name]
    record = Removal.objects.get()
    assert (record.act, record.hearing, record.removed_by) == ("replaced", now, clerk)
    assert record.recording == hearing.recording.name


def test_the_same_recording_is_no_replacement(places: Path) -> None:
    hearing = intake.store(
        Hearing(title="Mint", date=date(2026, 3, 12)), arrived(), name="hearing.mp3"
    )

    with pytest.raises(intake.RecordingKnown) as known:
        replaced(hearing, content=b"another recording")

    assert known.value.hearing == hearing
    assert files_in(places) == [Path(hearing.recording.path).name]
    assert not Removal.objects.exists()


def test_a_check_of_the_old_recording_changes_nothing_of_the_new_one() -> None:
    hearing = recorded_hearing()
    Hearing.objects.update(check_status=CheckStatus.CHECKING)

    intake.check(
        hearing,
        limits=current.RECORDING_LIMITS,
        today=date(2026, 3, 12),
        on_progress=lambda _ms: (
            replace(Hearing.objects.get(pk=hearing.pk)) if not Removal.objects.exists() else None
        ),
    )

    now = Hearing.objects.get()
    assert now.check_status == CheckStatus.CHECKING and not now.findings.exists()


def test_no_run_begins_with_a_recording_that_was_replaced_meanwhile() -> None:
    seen = recorded_hearing()
    replaced(Hearing.objects.get(pk=seen.pk))
    Hearing.objects.update(check_status=CheckStatus.ACCEPTED, duration_ms=30_000)

    with pytest.raises(admission.StartRefused, match="replaced, deleted or changed just now"):
        pipeline.start(seen, options(), by=None, now=NOW)

    assert not Run.objects.exists()


def test_deleting_it_twice_is_deleting_it_once(places: Path) -> None:
    hearing = transcribed()

    delete(hearing)
    delete(hearing)

    assert Removal.objects.count() == 1 and PastCall.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_start_and_a_delete_at_once_leave_both_or_neither() -> None:
    for _ in range(5):
        hearing = recorded_hearing()

        def start(hearing: Hearing = hearing) -> str:
            try:
                pipeline.start(Hearing.objects.get(pk=hearing.pk), options(), by=None, now=NOW)
            except (admission.StartRefused, Hearing.DoesNotExist):
                return "refused"
            return "started"

        def remove(hearing: Hearing = hearing) -> str:
            try:
                delete(hearing)
            except removal.InUse:
                return "refused"
            return "deleted"

        outcomes = at_once([start, remove])

        assert outcomes in (["started", "refused"], ["refused", "deleted"])
        assert Run.objects.filter(hearing_id=hearing.pk).exists() == (outcomes[0] == "started")
        Run.objects.update(status=RunStatus.CANCELLED, finished_at=NOW)


def test_amounts_are_kept_to_the_last_digit() -> None:
    run = make_run(make_hearing(), engine="openai", status=RunStatus.COMPLETE)
    make_call(make_chunk(run), 1, cost_usd=Decimal("0.000001"))

    delete(run.hearing)

    assert budgets.of_month(NOW) == Decimal("0.000001")
