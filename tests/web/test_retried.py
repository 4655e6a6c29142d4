"""A published transcript stays on the site while what it lacks is tried again."""

import json
from typing import Any

import pytest
from django.test import Client

from hearings.models import Hearing
from tests.factories import NOW, make_chunk, make_hearing, make_run, make_segments
from transcription import pipeline, retention
from transcription.listing import State, with_state
from transcription.models import ChunkStatus, Run, RunStatus
from transcription.transcripts import coverage_of_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    """Give a run with two sentences in its first seconds, which lacks the second half."""
    hearing = make_hearing(title="Session", is_published=True)
    run = make_run(hearing, status=RunStatus.INCOMPLETE)
    make_chunk(run, 0, end_ms=30_000, status=ChunkStatus.DONE)
    lacking: dict[str, Any] = {"status": ChunkStatus.FAILED, "finished_at": NOW, "error": "No."}
    make_chunk(run, 1, start_ms=30_000, end_ms=60_000, **lacking)
    make_segments(run, "Good morning.", "Welcome.")
    return run


@pytest.fixture(params=["retried", "paused"])
def retried(run: Run, request: pytest.FixtureRequest) -> Run:
    assert pipeline.retry(run, now=NOW)
    if request.param == "paused":
        assert pipeline.pause(run, reason="The quota is used up.", now=NOW)
    return run


def test_its_text_can_be_read_beside_its_progress(client: Client, retried: Run) -> None:
    shown = client.get("/hearings/session/").content.decode()

    assert "Good morning." in shown
    assert "What was missing is asked for again." in shown
    assert 'id="progress"' in shown


def test_its_files_can_be_had_as_of_an_incomplete_run(client: Client, retried: Run) -> None:
    assert b"Good morning." in client.get("/hearings/session/transcript.txt").content

    written = json.loads(client.get("/hearings/session/transcript.json").content)

    assert written["run"]["status"] == "incomplete"
    assert [gap["start"] for gap in written["coverage"]["missing"]] == [3.2, 30.0]


def test_staff_find_its_transcript_from_its_own_page(administrator: Client, retried: Run) -> None:
    shown = administrator.get(f"/admin/transcription/run/{retried.pk}/change/").content.decode()

    assert "Read the transcript" in shown
    assert "transcript.txt?run=" in shown
    assert administrator.get(f"/hearings/session/?run={retried.pk}").status_code == 200


def test_a_run_that_has_ended_is_shown_before_a_newer_one(client: Client, run: Run) -> None:
    make_segments(make_run(run.hearing), "What is tried again.")

    assert Run.objects.with_text().count() == 2
    assert "Good morning." in client.get("/hearings/session/").content.decode()


def test_a_run_that_never_ended_has_no_text(client: Client) -> None:
    run = make_run(make_hearing(title="Session", is_published=True))
    make_chunk(run, 0, status=ChunkStatus.DONE)

    assert not run.has_text and not Run.objects.with_text().exists()
    assert client.get("/hearings/session/transcript.txt").status_code == 404


def test_what_the_retry_has_brought_is_not_yet_in_the_account(retried: Run) -> None:
    before = [gap.span for gap in coverage_of_run(retried).missing]
    retried.chunks.filter(start_ms=30_000).update(
        status=ChunkStatus.DONE, result=[], finished_at=NOW
    )

    assert [gap.span for gap in coverage_of_run(retried).missing] == before


def test_the_list_says_that_it_is_under_way(retried: Run) -> None:
    (listed,) = with_state(Hearing.objects.all())

    is_paused = retried.status == RunStatus.PAUSED
    assert vars(listed)["state"] == (State.PAUSED if is_paused else State.WORKING)


def test_its_recording_is_kept(retried: Run) -> None:
    expiry = retention.of(retried.hearing, NOW - NOW)

    assert expiry.goes_at is None
