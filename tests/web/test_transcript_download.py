"""The transcript as a file."""

import json

import pytest
from django.test import Client

from hearings.models import Hearing
from tests.factories import make_chunk, make_hearing, make_run, make_segments
from transcription.exports import FORMATS
from transcription.models import ChunkStatus, RunStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def session() -> Hearing:
    hearing = make_hearing(title="Session", is_published=True)
    run = make_run(hearing, status=RunStatus.COMPLETE)
    make_chunk(run, end_ms=60_000, status=ChunkStatus.DONE)
    make_segments(run, "Good morning.")
    return hearing


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_a_file_named_after_the_hearing(client: Client, name: str) -> None:
    response = client.get(f"/hearings/session/transcript.{name}")

    assert response.status_code == 200
    assert response["Content-Type"] == FORMATS[name].content_type
    assert response["Content-Disposition"] == f'attachment; filename="session.{name}"'
    assert b"Good morning." in response.content


def test_the_newest_text_is_written(client: Client, session: Hearing) -> None:
    newest = make_run(session, status=RunStatus.INCOMPLETE)
    make_segments(newest, "A better text.")
    make_run(session)

    response = client.get("/hearings/session/transcript.json")

    assert json.loads(response.content)["run"]["id"] == newest.pk


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("name", ["exe", "TXT", "txt.json", "%00", "json "])
def test_an_unknown_format_is_told_with_those_there_are(client: Client, name: str) -> None:
    response = client.get(f"/hearings/session/transcript.{name}")

    assert response.status_code == 404
    assert f"There are: {', '.join(FORMATS)}." in response.content.decode()


def test_without_a_text_there_is_no_file(client: Client) -> None:
    make_run(make_hearing(title="Session", is_published=True))

    response = client.get("/hearings/session/transcript.txt")

    assert response.status_code == 404
    assert "This hearing has no transcript yet." in response.content.decode()
