"""The part of a hearing's page that follows what is under way."""

from datetime import timedelta

import pytest
from django.test import Client

from hearings.models import CheckStatus, Hearing
from tests.factories import NOW, make_chunk, make_hearing, make_run
from transcription.models import Chunk, ChunkStatus, Run, RunStatus

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
ADDRESS = "/hearings/session/progress"


@pytest.fixture
def session() -> Hearing:
    return make_hearing(title="Session", is_published=True)


def part(client: Client) -> str:
    response = client.get(ADDRESS, headers=HTMX)
    assert response.status_code == 200
    return response.content.decode()


def test_how_far_a_run_is_can_be_read(client: Client, session: Hearing) -> None:
    run = make_run(session, started_at=NOW)
    make_chunk(run, 0, status=ChunkStatus.DONE, finished_at=NOW + timedelta(seconds=2))
    for index in (1, 2, 3):
        make_chunk(run, index)

    shown = part(client)

    assert 'value="25"' in shown
    assert "25 %" in shown
    assert "1 of 4 chunks" in shown
    assert "× real time" in shown
    assert "left" in shown


def test_before_the_first_chunk_is_done_no_speed_is_made_up(
    client: Client, session: Hearing
) -> None:
    make_chunk(make_run(session))

    shown = part(client)

    assert "0 of 1 chunks" in shown
    assert "real time" not in shown and "left" not in shown


def test_a_run_being_prepared_has_no_percent_yet(client: Client, session: Hearing) -> None:
    make_run(session, status=RunStatus.PREPARING)

    shown = part(client)

    assert "Preparing…" in shown
    assert "%" not in shown


def test_failed_chunks_are_counted(client: Client, session: Hearing) -> None:
    run = make_run(session)
    make_chunk(run, status=ChunkStatus.FAILED, finished_at=NOW)
    make_chunk(run, 1)

    assert "1 failed" in part(client)


def test_the_part_asks_for_itself_again(client: Client, session: Hearing) -> None:
    make_run(session)

    for shown in (part(client), client.get(session.get_absolute_url()).content.decode()):
        assert f'hx-get="{ADDRESS}"' in shown
        assert 'hx-swap="outerHTML"' in shown
        assert 'hx-trigger="every 2s"' in shown


def test_without_scripts_the_page_loads_itself_anew_while_a_run_works(
    client: Client, session: Hearing
) -> None:
    run = make_run(session)
    working = client.get(session.get_absolute_url()).content.decode()
    run.move(to=RunStatus.FAILED, now=NOW)
    ended = client.get(session.get_absolute_url()).content.decode()

    assert '<meta http-equiv="refresh" content="10">' in working
    assert "http-equiv" not in ended and "hx-get" not in ended


def test_a_check_under_way_is_followed(client: Client) -> None:
    make_hearing(
        title="Session", is_published=True, check_status=CheckStatus.CHECKING, duration_ms=None
    )

    shown = part(client)

    assert "Checking…" in shown
    assert 'hx-trigger="every 2s"' in shown


def test_a_pause_is_explained_to_staff_and_asked_for_less_often(
    client: Client, staff: Client, session: Hearing
) -> None:
    make_run(
        session,
        status=RunStatus.PAUSED,
        paused_from=RunStatus.TRANSCRIBING,
        reason="The engine refuses the key.",
    )

    assert "The engine refuses the key." in part(staff)
    assert "The engine refuses the key." not in part(client)
    assert "The transcription is paused" in part(client)
    assert 'hx-trigger="every 10s"' in part(client)


@pytest.mark.parametrize("status", [RunStatus.COMPLETE, RunStatus.FAILED, RunStatus.CANCELLED])
def test_when_the_run_has_ended_the_page_is_loaded_anew(
    client: Client, session: Hearing, status: RunStatus
) -> None:
    make_run(session, status=status)

    response = client.get(ADDRESS, headers=HTMX)

    assert response["HX-Refresh"] == "true"
    assert response.content == b""


def ended(client: Client, shown: Run) -> str:
    """Return what becomes of the part of a page that shows the text of a run, nothing live."""
    response = client.get(f"{ADDRESS}?shown={shown.pk}", headers=HTMX)
    assert response.status_code == 200
    assert "HX-Refresh" not in response
    return response.content.decode()


def test_a_page_with_a_text_says_so_as_long_as_it_follows_a_run(
    client: Client, session: Hearing
) -> None:
    older = make_run(session, status=RunStatus.COMPLETE)
    make_run(session)
    poll = f"{ADDRESS}?shown={older.pk}"

    page = client.get(session.get_absolute_url()).content.decode()

    assert f'hx-get="{poll}"' in page
    assert f'hx-get="{poll}"' in client.get(poll, headers=HTMX).content.decode()


def test_who_reads_an_older_text_is_told_of_a_newer_one_and_goes_on(
    client: Client, session: Hearing
) -> None:
    older = make_run(session, status=RunStatus.COMPLETE)
    make_run(session, status=RunStatus.INCOMPLETE)

    told = ended(client, older)

    assert 'role="status"' in told and "A newer transcript is ready" in told
    assert f'href="{session.get_absolute_url()}"' in told
    assert "hx-get" not in told


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.CANCELLED])
def test_who_reads_an_older_text_is_told_that_no_newer_one_came(
    client: Client, session: Hearing, status: RunStatus
) -> None:
    older = make_run(session, status=RunStatus.COMPLETE)
    make_run(session, status=status)

    told = ended(client, older)

    assert 'role="status"' in told and "ended without a newer transcript" in told
    assert "is ready" not in told and "hx-get" not in told


@pytest.mark.parametrize("status", [RunStatus.COMPLETE, RunStatus.INCOMPLETE])
def test_who_reads_the_text_of_a_run_that_was_retried_is_told_that_it_may_be_another(
    client: Client, session: Hearing, status: RunStatus
) -> None:
    told = ended(client, make_run(session, status=status))

    assert "may have changed this text" in told
    assert "is ready" not in told and "without a newer" not in told


def test_a_newer_stretch_is_ready_for_staff_who_alone_can_read_it(
    client: Client, staff: Client, session: Hearing
) -> None:
    whole = make_run(session, status=RunStatus.COMPLETE)
    stretch = make_run(session, status=RunStatus.COMPLETE, from_ms=0, to_ms=30_000)

    assert f'href="{session.get_absolute_url()}?run={stretch.pk}"' in ended(staff, whole)
    assert "is ready" not in ended(client, whole)


@pytest.mark.parametrize("shown", ["", "x", "-1", "²", "1" * 30])
def test_what_is_no_run_counts_as_no_text(client: Client, session: Hearing, shown: str) -> None:
    make_run(session, status=RunStatus.COMPLETE)

    response = client.get(ADDRESS, {"shown": shown}, headers=HTMX)

    assert response["HX-Refresh"] == "true"


def test_who_opens_the_part_by_hand_when_all_is_over_is_led_to_the_page(
    client: Client, session: Hearing
) -> None:
    response = client.get(ADDRESS)

    assert response.status_code == 302
    assert response.headers["Location"] == session.get_absolute_url()


def test_a_poll_costs_few_queries_however_many_chunks(
    client: Client, session: Hearing, django_assert_max_num_queries: object
) -> None:
    run = make_run(session)
    Chunk.objects.bulk_create(
        Chunk(run=run, index=i, start_ms=i * 1_000, end_ms=(i + 1) * 1_000) for i in range(500)
    )

    with django_assert_max_num_queries(5):  # type: ignore[operator]  # a fixture without a public type
        shown = part(client)

    assert "0 of 500 chunks" in shown
