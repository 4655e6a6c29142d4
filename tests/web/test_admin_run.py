"""A run in the admin: followed and read."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from tests.factories import NOW, make_chunk, make_hearing, make_run, make_segments
from tests.web.admin_kit import change_address, order, part, run_address
from transcription.models import Attempt, Chunk, ChunkStatus, RunStatus, ServerModel

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


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

    assert page.count('<th scope="row"') == 400


def test_many_doubts_and_attempts_cost_the_same_queries(
    administrator: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    run = make_run()
    old = make_chunk(run, 0, status=ChunkStatus.SUPERSEDED, end_ms=200_000, finished_at=NOW)
    chunks = Chunk.objects.bulk_create(
        Chunk(
            run=run,
            index=i,
            parent=old,
            generation=1,
            start_ms=i * 1_000,
            end_ms=(i + 1) * 1_000,
            doubts=["It stops early."],
            flags=["A time was put right."],
        )
        for i in range(1, 200)
    )
    for chunk in chunks:
        make_attempt(chunk, 1, failure="EngineBusy", http_status=429, error="Busy. " * 50)

    with django_assert_max_num_queries(5):
        page = administrator.get(part(run, "chunks")).content.decode()

    assert page.count("It stops early.") == 199
    assert page.count("Cut from part 1<") == 199


def test_a_call_is_shown_with_all_that_is_known_of_it(administrator: Client) -> None:
    chunk = make_chunk(make_run(), status=ChunkStatus.FAILED, finished_at=NOW)
    make_attempt(
        chunk,
        1,
        failure="EngineUnavailable",
        http_status=503,
        request_id="req_<b>",
        may_be_billed=True,
    )
    make_attempt(
        chunk,
        2,
        status=Attempt.Status.OK,
        http_status=200,
        billed_ms=12_500,
        cost_usd=Decimal("0.004500"),
    )

    page = " ".join(administrator.get(part(chunk.run, "chunks")).content.decode().split())

    first, second = page.split('<div class="attempt">')[1:]
    for text in (
        "failed: the server was not reached or failed",
        "HTTP 503",
        "Request <code>req_&lt;b&gt;</code>",
        "It may have been billed.",
    ):
        assert text in first and text not in second
    for text in ("HTTP 200", "12.5 s billed", "$0.0045<"):
        assert text in second and text not in first


def test_doubts_and_repairs_are_shown_and_long_ones_folded(administrator: Client) -> None:
    long = "The text stops early. " * 20
    chunk = make_chunk(
        make_run(),
        status=ChunkStatus.DONE,
        doubts=["<script>alert(1)</script>", long],
        flags=["A time was put right."],
        rejected=1,
    )

    page = " ".join(administrator.get(part(chunk.run, "chunks")).content.decode().split())

    assert "<b>Doubtful:</b> <p>&lt;script&gt;alert(1)&lt;/script&gt;</p>" in page
    assert "<b>Repaired:</b> <p>A time was put right.</p>" in page
    assert page.count("<details") == 1 and long.strip() in page
    assert "Asked again once because an answer did not fit its sound" in page
    assert "<script>" not in page


def test_what_was_cut_anew_is_history_with_its_reason(administrator: Client) -> None:
    run = make_run()
    old = make_chunk(
        run, 0, status=ChunkStatus.SUPERSEDED, finished_at=NOW, error="It was too large."
    )
    for index in (1, 2):
        start_ms = (index - 1) * 5_000
        make_chunk(run, index, start_ms=start_ms, end_ms=start_ms + 5_000, generation=1, parent=old)

    page = " ".join(administrator.get(part(run, "chunks")).content.decode().split())

    assert page.count('class="history"') == 1
    history = page[page.index('class="history"') : page.index("Cut from part 1")]
    assert "Cut anew into parts 2, 3" in history and "It was too large." in history
    assert page.count("Cut from part 1") == 2


def test_a_finished_run_leads_to_its_transcript(administrator: Client) -> None:
    run = make_run(make_hearing(title="Session"), status=RunStatus.COMPLETE)
    make_segments(run, "The committee will come to order.")

    page = administrator.get(run_address(run.pk)).content.decode()

    assert f'href="/hearings/session/?run={run.pk}"' in page
    assert f'href="/hearings/session/transcript.txt?run={run.pk}"' in page
    assert f'href="/hearings/session/transcript.json?run={run.pk}"' in page


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


def test_what_was_expected_stands_beside_what_it_took(administrator: Client) -> None:
    run = make_run(
        engine="openai",
        started_at=NOW,
        status=RunStatus.COMPLETE,
        finished_at=NOW + timedelta(seconds=250),
        estimated_usd=Decimal("0.54"),
        estimated_seconds=240.0,
    )
    make_attempt(
        make_chunk(run, 0, status=ChunkStatus.DONE),
        1,
        status=Attempt.Status.OK,
        engine="openai",
        cost_usd=Decimal("0.56"),
    )

    page = " ".join(administrator.get(run_address(run.pk)).content.decode().split())

    assert "Expected: about $0.54, about 4 minutes" in page
    assert "In the end: $0.56 paid, 4:10" in page


def test_a_run_that_nobody_reckoned_says_nothing_of_it(administrator: Client) -> None:
    page = administrator.get(run_address(make_run(engine="openai").pk)).content.decode()

    assert "Expected:" not in page and "paid" not in page


def test_a_model_that_ends_is_told_where_it_matters(
    administrator: Client, settings: Settings
) -> None:
    settings.TRANSCRIPTION_ENGINE, settings.OPENAI_API_KEY = "openai", "a key"
    ServerModel.objects.create(
        model="gpt-transcribe", shutdown_date=timezone.localdate() + timedelta(days=9)
    )
    working, done, local = (
        make_run(make_hearing(title=title), engine=engine, model="gpt-transcribe", status=status)
        for title, engine, status in [
            ("A", "openai", RunStatus.TRANSCRIBING),
            ("B", "openai", RunStatus.COMPLETE),
            ("C", "whisper", RunStatus.TRANSCRIBING),
        ]
    )
    starting = f"/admin/hearings/hearing/transcribe/?hearing={make_hearing().pk}"

    told, untold = (
        [
            " will be shut down by its vendor" in administrator.get(page).content.decode()
            for page in pages
        ]
        for pages in (
            ["/admin/", starting, run_address(working.pk)],
            [run_address(done.pk), run_address(local.pk)],
        )
    )

    assert told == [True] * 3
    assert untold == [False] * 2


def test_the_hints_of_a_run_are_shown_and_how_many_each_call_was_told(
    administrator: Client,
) -> None:
    run = make_run(keywords=["Ingrid <Halvorsen>", "S. 2150"])
    chunk = make_chunk(run, 0)
    make_attempt(chunk, 1, keywords=["Ingrid Halvorsen", "S. 2150"])
    make_attempt(chunk, 2)

    page = administrator.get(run_address(run.pk)).content.decode()

    assert "2 names and terms of the hearing" in page
    assert "Ingrid &lt;Halvorsen&gt; · S. 2150" in page
    assert page.count("<span>2 hints</span>") == 1 == page.count(" hints</span>")


def test_a_run_without_hints_says_nothing_of_any(administrator: Client) -> None:
    page = administrator.get(run_address(make_run().pk)).content.decode()

    assert "Hints" not in page
