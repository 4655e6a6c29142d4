"""Handing in a hearing with its recording."""

import errno
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from hearings import intake
from hearings.models import CheckStatus, Committee, Hearing
from hearings.policies import RecordingLimits
from hearings.uploads import NamelessFileUploadHandler
from tests.factories import make_hearing
from tests.web.admin_kit import ADD, ONE_WITNESS, change_address, description, upload
from transcription.admin import HearingAdmin

pytestmark = pytest.mark.django_db


def kept_files(recordings: Path) -> list[bytes]:
    return [file.read_bytes() for file in recordings.glob("*")]


def test_an_upload_becomes_a_hearing_being_checked(administrator: Client, recordings: Path) -> None:
    committee = Committee.objects.create(code="SCOM", name="Commerce")

    response = upload(
        administrator, content=b"sound", committee=str(committee.pk), is_closed="on", **ONE_WITNESS
    )

    hearing = Hearing.objects.get()
    assert response["Location"] == change_address(hearing.pk)
    assert hearing.check_status == CheckStatus.CHECKING
    assert hearing.committee == committee
    assert hearing.is_closed and not hearing.is_published
    assert hearing.uploaded_by == User.objects.get(username="chief")
    assert [witness.name for witness in hearing.witnesses.all()] == ["Dr. Jane Roe"]
    assert hearing.recording_bytes == 5
    assert kept_files(recordings) == [b"sound"]


def test_the_check_is_asked_for_and_its_findings_are_shown(
    administrator: Client,
    recordings: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        response = upload(administrator, content=b"Dear Sir or Madam", name="letter.mp3")
    page = administrator.get(response["Location"]).content.decode()

    assert Hearing.objects.get().check_status == CheckStatus.REFUSED
    assert "Refused" in page
    assert 'class="error"' in page
    assert "Upload the recording as MP3" in page
    assert "No committee is given." in page
    assert "Checking…" not in page and "standing/" not in page


def test_the_name_of_the_file_is_shown_and_never_a_path(
    administrator: Client, recordings: Path
) -> None:
    upload(administrator, name='<b>"x"</b>.mp3')

    hearing = Hearing.objects.get()
    page = administrator.get(change_address(hearing.pk)).content.decode()
    assert [file.name.isalnum() for file in recordings.glob("*")] == [True]
    assert "<b>&quot;" not in page and '<b>"x"' not in page


def test_the_copying_is_over_before_a_transaction_begins(
    administrator: Client, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    depth: list[int] = []
    outside = len(connection.savepoint_ids)
    copied = intake._copied

    def spy(*args: object) -> object:
        depth.append(len(connection.savepoint_ids) - outside)
        return copied(*args)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(intake, "_copied", spy)
    upload(administrator)

    assert depth == [0]


def test_a_recording_that_is_filed_already_is_named_with_a_link(
    administrator: Client, recordings: Path
) -> None:
    upload(administrator, title="The first")

    page = upload(administrator, title="The second").content.decode()

    known = Hearing.objects.get()
    assert "This recording is already filed as" in page
    assert change_address(known.pk) in page
    assert 'value="The second"' in page
    assert kept_files(recordings) == [b"sound"]


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"title": ""}, "This field is required."),
        ({"date": "the 12th"}, "Enter a valid date."),
        ({"language": "English"}, "Write the language as its two-letter code"),
        ({**ONE_WITNESS, "witnesses-0-name": "", "witnesses-0-title": "Dr."}, "required"),
    ],
)
def test_a_wrong_form_is_shown_again_and_keeps_no_file(
    administrator: Client, recordings: Path, sent: dict[str, Any], sentence: str
) -> None:
    page = upload(administrator, **sent).content.decode()

    assert sentence in page
    assert not Hearing.objects.exists()
    assert kept_files(recordings) == []


def test_a_form_without_a_recording_says_so(administrator: Client) -> None:
    page = administrator.post(ADD, description()).content.decode()

    assert "Choose the recording of the hearing." in page


def test_an_empty_file_is_refused(administrator: Client, recordings: Path) -> None:
    page = upload(administrator, content=b"").content.decode()

    assert "The submitted file is empty." in page
    assert not Hearing.objects.exists()


def test_a_file_beyond_the_limit_is_refused_and_the_rest_of_the_form_kept(
    administrator: Client, recordings: Path, settings: Settings
) -> None:
    settings.RECORDING_LIMITS = RecordingLimits(max_bytes=1024)

    page = upload(administrator, content=b"x" * 1025, title="A long day").content.decode()

    assert "The file is larger than" in page
    assert 'value="A long day"' in page
    assert kept_files(recordings) == []


def test_of_a_file_announced_too_large_no_byte_is_written(
    administrator: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RECORDING_LIMITS = RecordingLimits(max_bytes=1024)
    written: list[bytes] = []
    monkeypatch.setattr(
        NamelessFileUploadHandler, "receive_data_chunk", lambda _, data, __: written.append(data)
    )

    page = upload(administrator, content=b"x" * 2 * 1024 * 1024).content.decode()

    assert "The file is larger than" in page
    assert written == []


def test_files_from_who_is_not_staff_are_not_written(
    client: Client, reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []
    monkeypatch.setattr(
        NamelessFileUploadHandler, "receive_data_chunk", lambda _, data, __: written.append(data)
    )

    for visitor in (client, reader):
        assert upload(visitor).status_code == 302

    assert written == []


def test_a_full_disk_is_told_in_a_sentence(
    administrator: Client, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(NamelessFileUploadHandler, "receive_data_chunk", no_room)

    page = upload(administrator).content.decode()

    assert "There is no room left for the recording." in page
    assert not Hearing.objects.exists()


def test_where_the_database_fails_no_file_stays(
    administrator: Client, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        assert kept_files(recordings) == [b"sound"]
        raise DatabaseError("The server closed the connection.")

    monkeypatch.setattr(HearingAdmin, "log_addition", fails)

    with pytest.raises(DatabaseError):
        upload(administrator)

    assert not Hearing.objects.exists()
    assert kept_files(recordings) == []


def test_the_recording_cannot_be_changed_afterwards(
    administrator: Client, recordings: Path
) -> None:
    upload(administrator)
    hearing = Hearing.objects.get()

    page = administrator.get(change_address(hearing.pk)).content.decode()

    assert 'type="file"' not in page
    assert hearing.recording_sha256 in page
    assert "5&nbsp;bytes" in page or "5\xa0bytes" in page
    assert f"/hearings/{hearing.slug}/recording" in page


def test_while_it_is_checked_the_state_asks_for_itself_again(administrator: Client) -> None:
    hearing = make_hearing(check_status=CheckStatus.CHECKING, duration_ms=None)
    address = f"/admin/hearings/hearing/{hearing.pk}/standing/"

    for shown in (address, change_address(hearing.pk)):
        page = administrator.get(shown).content.decode()
        assert "Checking…" in page
        assert f'hx-get="{address}"' in page

    Hearing.objects.update(check_status=CheckStatus.ACCEPTED, duration_ms=60_000)
    page = administrator.get(address).content.decode()
    assert "Accepted: 1:00" in page
    assert "hx-get" not in page
