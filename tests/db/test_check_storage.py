"""Whether all that is kept is there, whole and somebody's: a dry run first, then a repair."""

import fcntl
import logging
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.management import CommandError
from pytest_django import Settings

from hearings import intake, orphans, stored
from hearings.models import CheckStatus, Hearing, ValidationFinding
from tests.db.run_kit import options, recorded_hearing, silent_wav
from tests.db.storage_kit import file_name, found, kinds, sha256_of, state, told
from tests.factories import NOW, make_run
from tests.storage_kit import (
    answer,
    everything_wrong,
    file_of,
    kept_hearing,
    stray_answer,
    stray_recording,
    stray_scratch,
    stray_upload,
)
from transcription import admission, pipeline
from transcription.clock import database_clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folders")]


def test_where_all_is_well_it_says_so() -> None:
    run = make_run(kept_hearing(b"sound"))
    answer(run)
    kept_hearing(b"other sound")

    code, report = found()

    assert code == 0, report
    assert report["is_well"] is True and report["problems"] == []
    assert (report["recordings"], report["recording_bytes"]) == (2, 16)
    assert told()[1] == "2 recordings compared, 0 problems found.\n"


def test_a_dry_run_finds_everything_and_changes_nothing(tmp_path: Path) -> None:
    wrong = everything_wrong()
    before = state(tmp_path)

    code, report = found()

    assert code == 1 and report["is_well"] is False
    assert kinds(report) == {
        file_name(wrong.missing): "missing",
        file_name(wrong.unreadable): "unreadable",
        file_name(wrong.changed): "changed",
        **dict.fromkeys((path.name for path in wrong.deletable), "orphaned"),
        wrong.foreign.name: "orphaned",
    }
    assert report["too_young"] == 1
    assert all(each["repaired"] == "" for each in report["problems"])
    assert state(tmp_path) == before
    assert not ValidationFinding.objects.exists()


def test_it_says_what_is_wrong_and_what_to_do() -> None:
    wrong = everything_wrong()

    text = told()[1]

    assert f"MISSING  recording of “Missing”: {wrong.missing.recording.name}" in text
    assert "cannot be read: Is a directory." in text
    assert f"Stored: 16 bytes, SHA-256 {wrong.changed.recording_sha256}" in text
    assert "not of this program, which leaves it alone" in text
    assert "1 file younger than a day, which no row names yet: left alone." in text
    assert "Nothing was changed." in text


def test_a_repair_deletes_what_nobody_needs_and_only_marks_recordings() -> None:
    wrong = everything_wrong()

    code, _ = found("--repair")

    assert code == 1  # recordings still have to come back
    assert not any(path.exists() for path in wrong.deletable)
    assert wrong.young.exists() and wrong.foreign.exists()
    assert file_of(wrong.changed).read_bytes() == b"SOUND of Changed"
    for hearing, code_of_finding in (
        (wrong.missing, "stored_file_missing"),
        (wrong.unreadable, "stored_file_unreadable"),
        (wrong.changed, "stored_file_changed"),
    ):
        finding = hearing.findings.get()
        assert (finding.code, finding.severity) == (code_of_finding, "error")
        assert "pload the same recording again" in finding.advice
        assert Hearing.objects.get(pk=hearing.pk).check_status == CheckStatus.ACCEPTED
    again = found("--repair")[1]["problems"]
    assert {each["kind"] for each in again} == {"missing", "unreadable", "changed", "orphaned"}
    assert ValidationFinding.objects.count() == 3


def test_a_repair_of_strays_alone_leaves_nothing_wrong() -> None:
    strays = [stray_recording(), stray_upload(), stray_answer(), stray_scratch()]
    kept_hearing()

    assert found()[0] == 1
    assert found("--repair")[0] == 0
    assert not any(path.exists() for path in strays)
    assert found()[1]["problems"] == []


def test_a_marked_hearing_begins_no_run_and_is_well_again_when_its_file_is_back() -> None:
    hearing = recorded_hearing(30)
    Hearing.objects.update(recording_sha256=sha256_of(file_of(hearing)))
    content = file_of(hearing).read_bytes()
    file_of(hearing).unlink()
    found("--repair")
    hearing = Hearing.objects.get()

    with pytest.raises(admission.StartRefused, match="not where it was stored"):
        pipeline.start(hearing, options(), by=None, now=NOW)
    intake.check_description(hearing, today=date(2026, 3, 13))
    assert Hearing.objects.get().check_status == CheckStatus.ACCEPTED

    file_of(hearing).write_bytes(content)
    assert found()[0] == 0
    assert hearing.findings.filter(code="stored_file_missing").exists()  # a dry run, as it says
    assert found("--repair")[0] == 0
    assert not hearing.findings.filter(code="stored_file_missing").exists()


@pytest.mark.django_db(transaction=True)
def test_a_changed_recording_handed_in_again_is_whole_again() -> None:
    hearing = kept_hearing(b"the right bytes" * 100)
    file_of(hearing).write_bytes(b"the wrong bytes")
    found("--repair")

    with pytest.raises(intake.RecordingKnown) as known:
        intake.store(
            Hearing(title="B", date=NOW.date()), BytesIO(b"the right bytes" * 100), name="b.mp3"
        )

    assert known.value.is_put_back
    assert not hearing.findings.exists()
    assert found()[0] == 0
    hearing.refresh_from_db()
    assert len(list(file_of(hearing).parent.iterdir())) == 1


def test_a_recording_that_does_not_decode_is_found_where_one_asks() -> None:
    kept_hearing(b"no sound at all" * 1000, title="Noise")
    kept_hearing(silent_wav(6), title="Silence")

    assert found()[0] == 0
    code, report = found("--decode")

    assert code == 1
    assert [(each["title"], each["kind"]) for each in report["problems"]] == [
        ("Noise", "unreadable")
    ]


def test_a_recording_that_was_removed_is_not_missed() -> None:
    hearing = kept_hearing()
    file_of(hearing).unlink()
    Hearing.objects.update(recording="", recording_removed_at=NOW)

    assert found()[1]["recordings"] == 0
    assert found()[0] == 0


def test_room_for_an_answer_that_a_living_process_holds_is_left_alone() -> None:
    held, left = stray_answer("held.tmp"), stray_answer("left.tmp")
    with held.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        code, report = found("--repair")

    assert held.exists() and not left.exists()
    assert (code, kinds(report)) == (0, {"left.tmp": "orphaned"})


def test_an_answer_of_another_call_with_the_same_number_is_nobodys() -> None:
    call, path = answer(make_run(kept_hearing()))
    other = stray_answer(f"{call.pk}-{'ef' * 6}.json")

    found("--repair")

    assert path.exists() and not other.exists()


def test_a_file_that_a_row_names_by_now_is_not_deleted() -> None:
    path = stray_recording()
    (orphan,) = orphans.recordings(now=database_clock())
    hearing = kept_hearing()
    file_of(hearing).unlink()
    Hearing.objects.update(recording=f"recordings/{path.name}")

    assert not orphans.delete(orphan)
    assert path.exists()


def test_memory_is_bounded_and_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "_BLOCK_BYTES", 1000)
    hearing = kept_hearing(b"s" * 10_500)
    read: list[int] = []

    assert stored.examine(hearing, decode=False, on_bytes=read.append) is None
    assert max(read) == 1000 and sum(read) == 10_500


def test_what_cannot_be_looked_at_is_a_sentence(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "scratch").write_text("in the way")

    with pytest.raises(
        CommandError, match=r"Not all could be looked at: .*scratch: Not a directory"
    ):
        told()


# Orphans that a sweep deletes by itself --------------------------------------------------------


def test_a_sweep_deletes_what_is_old_and_ours() -> None:
    kept = kept_hearing()
    old, upload = stray_recording(), stray_upload()
    young, foreign = stray_recording(by=timedelta(hours=23)), stray_recording(name="read me")
    coming = stray_upload(by=timedelta(hours=23))

    assert orphans.sweep(now=database_clock()) == 2
    assert not old.exists() and not upload.exists()
    assert all(path.exists() for path in (file_of(kept), young, foreign, coming))


@pytest.mark.parametrize("known", [0, 2])
def test_a_sweep_deletes_nothing_where_the_database_may_be_the_wrong_one(
    known: int, caplog: pytest.LogCaptureFixture
) -> None:
    strays = [stray_recording() for _ in range(orphans.FEW + 1)]
    for number in range(known):
        kept_hearing(bytes([number]))

    with caplog.at_level(logging.WARNING):
        assert orphans.sweep(now=database_clock()) == 0

    assert all(path.exists() for path in strays)
    assert "is this the right database?" in caplog.text
