"""A run in the admin: followed, read, and told what to do."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.factories import NOW, make_chunk, make_hearing, make_run, make_segments
from tests.web.admin_kit import change_address, run_address
from transcription.models import Attempt, Chunk, ChunkStatus, Run, RunStatus

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def part(run: Run, name: str) -> str:
    return f"/admin/transcription/run/{run.pk}/{name}/"


def order(run: Run, name: str) -> str:
    return part(run, f"order/{name}")


def make_attempt(chunk: Chunk, claim: int, **values: object) -> Attempt:
    values = {
        "status": Attempt.Status.FAILED,
        "holder": "host:1",
        "audio_sha256": "0" * 64,
        "audio_ms": 10_000,
        "audio_bytes": 320_000,
        "started_at": NOW,
        "finished_at": NOW,
    } | values
    return Attempt.objects.create(chunk=chunk, claim=claim, **values)


def test_the_page_follows_a_run(administrator: Client) -> None:
    run = make_run(started_at=NOW)
    make_chunk(run, 0, status=ChunkStatus.DONE)
    make_chunk(run, 1)

    for address in (run_address(run.pk), part(run, "progress")):
        page = administrator.get(address).content.decode()
        assert "1 of 2 chunks" in page
        assert 'value="50"' in page
        assert f'hx-get="{part(run, "progress")}"' in page
        assert order(run, "cancel") in page


def test_without_scripts_the_page_loads_itself_anew_while_a_run_works(
    administrator: Client,
) -> None:
    run = make_run()

    working = administrator.get(run_address(run.pk)).content.decode()
    run.move(to=RunStatus.FAILED, now=NOW)
    ended = administrator.get(run_address(run.pk)).content.decode()

    assert 'http-equiv="refresh"' in working
    assert 'http-equiv="refresh"' not in ended and "progress/" not in ended


def test_when_the_run_has_ended_the_page_is_loaded_anew(administrator: Client) -> None:
    run = make_run(status=RunStatus.COMPLETE)

    polled = administrator.get(part(run, "progress"), headers=HTMX)
    opened = administrator.get(part(run, "progress"))

    assert polled["HX-Refresh"] == "true"
    assert opened["Location"] == run_address(run.pk)


def test_chunks_are_shown_with_their_attempts_and_errors(administrator: Client) -> None:
    chunk = make_chunk(
        make_run(), 3, status=ChunkStatus.FAILED, finished_at=NOW, error="No words came back."
    )
    make_attempt(chunk, 1, error="The engine did not answer in time.")
    make_attempt(chunk, 2, status=Attempt.Status.LOST, error="The worker died during the call.")

    for address in (run_address(chunk.run_id), part(chunk.run, "chunks")):
        page = administrator.get(address).content.decode()
        assert "0:30–0:40" in page
        assert "No words came back." in page
        assert "The engine did not answer in time." in page
        assert "The worker died during the call." in page


def test_a_page_with_400_chunks_costs_few_queries(
    administrator: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    run = make_run()
    chunks = Chunk.objects.bulk_create(
        Chunk(run=run, index=i, start_ms=i * 1_000, end_ms=(i + 1) * 1_000) for i in range(400)
    )
    for chunk in chunks[::100]:
        make_attempt(chunk, 1, error="Once.")

    with django_assert_max_num_queries(12):
        page = administrator.get(run_address(run.pk)).content.decode()

    assert page.count('<th scope="row">') == 400


def test_a_finished_run_leads_to_its_transcript(administrator: Client) -> None:
    run = make_run(make_hearing(title="Session"), status=RunStatus.COMPLETE)
    make_segments(run, "The committee will come to order.")

    page = administrator.get(run_address(run.pk)).content.decode()

    assert 'href="/hearings/session/"' in page
    assert 'href="/hearings/session/transcript.txt"' in page
    assert 'href="/hearings/session/transcript.json"' in page


def test_failed_chunks_are_tried_again(administrator: Client) -> None:
    run = make_run(status=RunStatus.INCOMPLETE, reason="No words came back.")
    chunk = make_chunk(run, status=ChunkStatus.FAILED, finished_at=NOW)
    assert order(run, "retry") in administrator.get(run_address(run.pk)).content.decode()

    response = administrator.post(order(run, "retry"), follow=True)

    chunk.refresh_from_db()
    assert chunk.status == ChunkStatus.WAITING
    assert "The failed chunks are tried again." in response.content.decode()


def test_a_paused_run_tells_why_and_goes_on(administrator: Client) -> None:
    run = make_run(
        status=RunStatus.PAUSED,
        paused_from=RunStatus.TRANSCRIBING,
        reason="The engine refuses the key.",
    )
    make_chunk(run)
    page = administrator.get(run_address(run.pk)).content.decode()
    assert "The engine refuses the key." in page
    assert 'hx-trigger="every 10s"' in page

    administrator.post(order(run, "resume"))

    run.refresh_from_db()
    assert run.status == RunStatus.TRANSCRIBING


def test_cancelling_asks_first(administrator: Client) -> None:
    run = make_run()

    asked = administrator.get(order(run, "cancel"))
    run.refresh_from_db()
    assert "It stops for good" in asked.content.decode()
    assert run.status == RunStatus.TRANSCRIBING

    administrator.post(order(run, "cancel"))
    run.refresh_from_db()
    assert run.status == RunStatus.CANCELLED


@pytest.mark.parametrize("name", ["retry", "resume", "cancel"])
def test_an_order_that_comes_too_late_changes_nothing_and_says_so(
    administrator: Client, name: str
) -> None:
    run = make_run(status=RunStatus.COMPLETE)

    response = administrator.post(order(run, name), follow=True)

    run.refresh_from_db()
    assert run.status == RunStatus.COMPLETE
    assert "bg-orange-100" in response.content.decode()


def test_there_are_no_other_orders(administrator: Client) -> None:
    assert administrator.post(order(make_run(), "explode")).status_code == 404


def test_what_machines_made_is_read_only(administrator: Client) -> None:
    run = make_run(engine="scripted")

    changed = administrator.post(run_address(run.pk), {"engine": "mine"})
    added = administrator.get("/admin/transcription/run/add/")
    deleted = administrator.post(f"/admin/transcription/run/{run.pk}/delete/", {"post": "yes"})

    run.refresh_from_db()
    assert [changed.status_code, added.status_code, deleted.status_code] == [403] * 3
    assert run.engine == "scripted"


def test_the_list_costs_the_same_however_many_runs(
    administrator: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        make_run(make_hearing(title=f"Day {number}"))

    with django_assert_max_num_queries(12):
        page = administrator.get("/admin/transcription/run/").content.decode()

    assert "Day 29" in page and "Day 0" in page


def test_the_hearings_page_follows_its_latest_run(administrator: Client) -> None:
    run = make_run(started_at=NOW)
    make_chunk(run, 0, status=ChunkStatus.DONE)
    make_chunk(run, 1)

    page = administrator.get(change_address(run.hearing_id)).content.decode()

    assert "1 of 2 chunks" in page
    assert run_address(run.pk) in page
    assert "transcribe/?hearing=" not in page
