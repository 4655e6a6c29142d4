"""What is seen of a hearing whose recording went under the retention period."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from hearings import removal
from hearings.models import Hearing
from tests.factories import NOW, make_hearing, make_run, make_segments
from tests.web.admin_kit import change_address, upload
from transcription.models import Run, RunStatus

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
REMOVED = datetime(2026, 6, 2, 15, 0, tzinfo=UTC)
SENTENCE = (
    "The recording was removed on June 2, 2026 under the retention period of 30 days; "
    "the transcript stays."
)


@pytest.fixture(autouse=True)
def thirty_days(settings: Settings, recordings: Path) -> None:
    settings.RETENTION = replace(settings.RETENTION, days=30)


def transcribed(**values: Any) -> Hearing:
    hearing = make_hearing(recording_stored_at=NOW, is_published=True, **values)
    make_segments(make_run(hearing, status=RunStatus.COMPLETE), "The committee will come to order.")
    return hearing


def removed(**values: Any) -> Hearing:
    hearing = transcribed(**values)
    removal.expire(hearing, why="under the retention period of 30 days", now=REMOVED)
    return hearing


def plain(page: str) -> str:
    """Return it with its spaces as one reads them, and without the marks around the date."""
    text = " ".join(page.split())
    return text.replace('<time datetime="2026-06-02">', "").replace("</time>", "")


def test_the_page_says_so_and_shows_the_transcript_without_a_player(client: Client) -> None:
    page = plain(client.get(removed().get_absolute_url()).content.decode())

    assert SENTENCE in page
    assert "The committee will come to order." in page
    assert "1 stretch is missing." in page
    assert "<audio" not in page
    assert 'transcript.js"' not in page
    assert "/recording" not in page


def test_what_is_there_has_its_player(client: Client) -> None:
    page = client.get(transcribed().get_absolute_url()).content.decode()

    assert "<audio" in page and "was removed" not in page
    assert page.count("/recording") >= 4  # the player, the download, and two links to the gap


def test_the_address_of_the_recording_answers_gone(client: Client) -> None:
    hearing = removed()

    for ask in (client.get, client.head):
        assert ask(f"{hearing.get_absolute_url()}recording").status_code == 410
    page = client.get(f"{hearing.get_absolute_url()}recording").content.decode()
    assert SENTENCE in plain(page)
    assert client.get(f"{hearing.get_absolute_url()}transcript.txt").status_code == 200


def test_of_an_unpublished_hearing_others_learn_nothing(client: Client, staff: Client) -> None:
    hearing = removed()
    Hearing.objects.update(is_published=False)

    assert client.get(f"{hearing.get_absolute_url()}recording").status_code == 404
    response = staff.get(f"{hearing.get_absolute_url()}recording")
    assert response.status_code == 410
    assert "no-store" in response["Cache-Control"]


def test_the_admin_says_until_when_it_is_kept(administrator: Client, settings: Settings) -> None:
    hearing = transcribed()
    page = administrator.get(change_address(hearing.pk)).content.decode()
    assert "11 April 2026: 30 days after its transcript." in page

    Run.objects.update(status=RunStatus.INCOMPLETE)
    page = administrator.get(change_address(hearing.pk)).content.decode()
    assert "It stays until the latest run is complete, without gaps." in page

    settings.RETENTION = replace(settings.RETENTION, days=None)
    page = administrator.get(change_address(hearing.pk)).content.decode()
    assert "It is kept for good." in page


def test_the_admin_says_that_it_is_gone_and_refuses_to_transcribe(administrator: Client) -> None:
    hearing = removed()
    page = administrator.get(change_address(hearing.pk)).content.decode()
    assert "The recording was removed on 2 June 2026 under the retention period" in page
    assert "<audio" not in page
    assert "Transcribe again" not in page

    offered = administrator.get(f"/admin/hearings/hearing/transcribe/?hearing={hearing.pk}")
    assert "Upload the same recording to have its sound back." in offered.content.decode()
    sent = {"hearing": hearing.pk, "engine": "whisper", "again": "on"}
    administrator.post("/admin/hearings/hearing/transcribe/", sent)
    assert Run.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_recording_uploaded_again_puts_the_sound_back(
    administrator: Client, client: Client
) -> None:
    content = b"the sound of a hearing" * 100
    assert upload(administrator, content=content).status_code == 302
    hearing = Hearing.objects.get()
    Hearing.objects.update(check_status="accepted", duration_ms=60_000, is_published=True)
    hearing.refresh_from_db()
    removal.expire(hearing, why="under the retention period of 30 days", now=REMOVED)
    assert client.get(f"{hearing.get_absolute_url()}recording").status_code == 410

    page = upload(administrator, content=content, title="Another title").content.decode()

    assert "Its sound was gone from there and is back now." in page
    assert Hearing.objects.count() == 1
    response = client.get(f"{hearing.get_absolute_url()}recording")
    assert b"".join(response.streaming_content) == content  # type: ignore[attr-defined]
