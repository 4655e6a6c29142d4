"""What a reader sees of doubtful and missing stretches, and who speaks."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from tests.factories import NOW, make_chunk, make_hearing, make_run
from tests.web.admin_kit import run_address
from transcription.models import Attempt, ChunkStatus, Run, RunStatus, Segment

pytestmark = pytest.mark.django_db

DOUBT = "“thank you” comes 14 times in a row."
ERROR = "The engine failed with status 503. It said: <script>tariff()</script>"


@pytest.fixture
def run() -> Run:
    """Return a run over a published hearing: heard, doubtful, missing, heard."""
    hearing = make_hearing(title="Session", is_published=True, duration_ms=40_000)
    run = make_run(hearing, status=RunStatus.INCOMPLETE, reason=ERROR)
    make_chunk(run, 0, status=ChunkStatus.DONE)
    make_chunk(run, 1, status=ChunkStatus.DONE, doubts=[DOUBT])
    failed = make_chunk(run, 2, status=ChunkStatus.FAILED, finished_at=NOW, error=ERROR)
    make_chunk(run, 3, status=ChunkStatus.DONE)
    Attempt.objects.create(
        chunk=failed,
        claim=1,
        status=Attempt.Status.FAILED,
        holder="h:1",
        audio_ms=10_000,
        audio_bytes=1,
        request_id="req_secret",
        error=ERROR,
        started_at=NOW,
        finished_at=NOW,
    )
    segment(run, 0, "Good morning.")
    segment(run, 1, "Thank you. Thank you.", flags=[DOUBT])
    segment(run, 3, "Adjourned.")
    return run


def segment(run: Run, index: int, text: str, **values: Any) -> Segment:
    start_ms = index * 10_000
    return Segment.objects.create(
        run=run, index=index, start_ms=start_ms, end_ms=start_ms + 9_000, text=text, **values
    )


def page(client: Client, run: Run) -> str:
    response = client.get(run.hearing.get_absolute_url())
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def download(client: Client, name: str) -> str:
    return client.get(f"/hearings/session/transcript.{name}").content.decode()


def test_a_doubtful_passage_is_marked_in_words_with_its_reason(client: Client, run: Run) -> None:
    shown = page(client, run)

    passage = shown[shown.index('<div class="doubtful"') : shown.rindex("Missing")]
    assert 'role="group" aria-label="Doubtful passage, 0:10 to 0:19"' in passage
    assert re.search(r"<summary><b>Doubtful:</b> “thank you” comes 14 times in a row\.", passage)
    assert "Thank you. Thank you.</a>" in passage
    assert "Good morning." not in passage and "Adjourned." not in passage


def test_the_top_says_how_much_to_take_with_care(client: Client, run: Run) -> None:
    assert "1 passage is doubtful, 1 stretch is missing." in page(client, run)


def test_a_text_without_doubt_or_gap_has_no_such_line(client: Client) -> None:
    run = make_run(make_hearing(is_published=True, speech=[[0, 9_000]]), status=RunStatus.COMPLETE)
    make_chunk(run, end_ms=60_000, status=ChunkStatus.DONE)
    segment(run, 0, "Good morning.")

    shown = page(client, run)

    assert "oubtful" not in shown and 'class="care"' not in shown


def test_only_staff_are_led_to_the_run(client: Client, staff: Client, run: Run) -> None:
    assert run_address(run.pk) in page(staff, run)
    assert "/admin/transcription/" not in page(client, run)


def test_errors_and_names_of_requests_are_for_staff_only(
    client: Client, reader: Client, staff: Client, run: Run
) -> None:
    for stranger in (client, reader):
        for shown in (page(stranger, run), download(stranger, "txt"), download(stranger, "json")):
            assert "503" not in shown and "tariff" not in shown and "req_secret" not in shown
            assert "This stretch could not be transcribed" in shown

    assert "status 503" in page(staff, run)
    assert "status 503" in download(staff, "txt")
    assert "status 503" in download(staff, "json")


def test_what_waits_for_a_person_says_nothing_of_payments(client: Client, run: Run) -> None:
    run.chunks.filter(index=2).update(
        status=ChunkStatus.NEEDS_PERSON, finished_at=None, error="It may have been paid for."
    )

    shown = page(client, run)

    assert "Whether this stretch is tried again is yet to be decided." in shown
    assert "paid" not in shown


def test_reasons_are_never_taken_for_markup(staff: Client, run: Run) -> None:
    segment(run, 4, "Tail.", flags=["<script>alert(1)</script>", "<b>2</b>"], speaker="4<i>")

    shown = page(staff, run)

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "&lt;b&gt;2&lt;/b&gt;" in shown
    assert "&lt;script&gt;tariff()" in shown
    assert "Voice &lt;i&gt; (part 4)" in shown
    assert "<script>" not in shown and "<i>" not in shown


def test_the_same_letter_of_two_parts_is_two_voices(client: Client, run: Run) -> None:
    run.segments.filter(index=0).update(speaker="1A")
    run.segments.filter(index=1).update(speaker="2A")

    shown = page(client, run)

    assert shown.count("Voice A (part 1)") == 1
    assert shown.count("Voice A (part 2)") == 1
    assert shown.count("Speaker not known") == 1
    assert "1A" not in shown


def test_the_downloads_say_what_is_doubtful(client: Client, run: Run) -> None:
    assert "[Doubtful from 00:00:10: “thank you” comes 14 times in a row]" in download(
        client, "txt"
    )
    flags = [found["flags"] for found in json.loads(download(client, "json"))["segments"]]
    assert flags == [[], [DOUBT], []] and run.segments.count() == 3


def test_a_thousand_doubtful_passages_cost_no_more_queries(
    client: Client, run: Run, django_assert_max_num_queries: Any
) -> None:
    run.segments.all().delete()
    run.hearing.analysis.speech = [[0, 10_000], [20_000, 30_000]]
    run.hearing.analysis.save()
    Segment.objects.bulk_create(
        Segment(
            run=run,
            index=i,
            start_ms=i * 10,
            end_ms=i * 10 + 9,
            text="Aye.",
            flags=[f"Doubt {i}."],
            speaker=f"{i}A",
        )
        for i in range(1_000)
    )

    with django_assert_max_num_queries(8):
        shown = page(client, run)

    assert "1000 passages are doubtful, 1 stretch is missing." in shown
    assert shown.count('<details class="doubt"') == 1_000
