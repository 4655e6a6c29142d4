"""Why a run waits and until when, where people follow it."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from hearings.models import Hearing
from tests.factories import NOW, make_chunk, make_hearing, make_run
from tests.web.admin_kit import change_address, run_address
from transcription import rates
from transcription.models import ChunkStatus, RateLimit, Run, RunStatus
from transcription.progress import Waiting, progress_of

pytestmark = pytest.mark.django_db

SAID = "The engine is busy. It said: <script>slow()</script>"


@pytest.fixture
def session() -> Hearing:
    return make_hearing(title="Session", is_published=True)


@pytest.fixture
def hosted(session: Hearing) -> Run:
    """Return a hosted engine's run with a chunk that is due."""
    run = make_run(session, engine="openai", model="gpt-transcribe")
    make_chunk(run)
    return run


def waiting(run: Run) -> Waiting | None:
    return progress_of(run, now=timezone.now()).waiting


def part(client: Client) -> str:
    return client.get("/hearings/session/progress", headers={"HX-Request": "true"}).content.decode()


def shown_time(run: Run) -> str:
    found = waiting(run)
    assert found and found.until
    return f"{found.until:%H:%M:%S %Z}"


def test_an_open_limit_is_not_waited_for(hosted: Run) -> None:
    assert waiting(hosted) is None


def test_a_closed_limit_says_until_when_and_why(hosted: Run, client: Client) -> None:
    rates.close_for(300, reason=SAID)

    found = waiting(hosted)
    assert found and found.until
    assert 295 < (found.until - timezone.now()).total_seconds() <= 300
    assert f"{shown_time(hosted)}: the server asked for a pause." in part(client)


def test_what_the_server_said_is_for_staff_and_no_markup(
    hosted: Run, client: Client, staff: Client, administrator: Client
) -> None:
    rates.close_for(300, reason=SAID)

    assert "It said" not in part(client)
    for shown in (
        part(staff),
        administrator.get(run_address(hosted.pk)).content.decode(),
        administrator.get(change_address(hosted.hearing_id)).content.decode(),
    ):
        assert "the server asked for a pause. The engine is busy. It said: &lt;script&gt;" in shown
        assert "<script>slow" not in shown


def test_the_embedded_engine_does_not_wait_for_the_limit_of_hosted_ones(session: Hearing) -> None:
    run = make_run(session)
    make_chunk(run)
    rates.close_for(300, reason=SAID)

    assert waiting(run) is None


@pytest.mark.parametrize("status", [RunStatus.PAUSED, RunStatus.CANCELLED])
def test_a_run_that_is_not_under_way_waits_for_nothing(hosted: Run, status: RunStatus) -> None:
    rates.close_for(300, reason=SAID)
    paused_from = RunStatus.TRANSCRIBING if status == RunStatus.PAUSED else ""
    hosted.move(to=status, now=NOW, paused_from=paused_from)

    assert waiting(hosted) is None


def test_a_run_whose_last_chunks_are_under_way_waits_for_nothing(hosted: Run) -> None:
    rates.close_for(300, reason=SAID)
    chunk = hosted.chunks.get()
    chunk.claim(holder="h:1", now=timezone.now(), lease_seconds=30)

    assert waiting(hosted) is None


def test_a_circuit_that_is_open_says_so(hosted: Run) -> None:
    rates.close_for(60, reason="6 of the 8 requests failed.")
    RateLimit.objects.update(is_broken=True)

    found = waiting(hosted)

    assert found and "too many requests failed" in found.in_words
    assert "6 of the 8" not in found.in_words and "6 of the 8" in found.for_staff


def test_a_probe_under_way_is_waited_for_without_a_time(hosted: Run) -> None:
    limit = rates.row(settings.RATE)
    soon = rates.sight_of(limit).moment + 60
    RateLimit.objects.update(is_broken=True, probe_until=soon)

    found = waiting(hosted)

    assert found and found.until is None
    assert found.in_words == ("Waiting: one request is trying whether the server works again.")


def test_a_limit_that_is_used_up_for_long_is_told(hosted: Run) -> None:
    ahead = rates.sight_of(rates.row(settings.RATE)).moment + 120
    RateLimit.objects.update(capacity=1, per_minute=1, next_at=ahead, reckoned_per_minute=1)

    found = waiting(hosted)

    assert found and found.until
    assert "the limit of what may be sent a minute is used up" in found.in_words


def test_a_run_whose_every_chunk_failed_before_waits_for_the_next_try(session: Hearing) -> None:
    run = make_run(session)
    soon = timezone.now() + timedelta(seconds=90)
    make_chunk(run, 0, not_before=soon, error="The engine failed.")
    make_chunk(run, 1, not_before=soon + timedelta(minutes=5), error="Later.")

    found = waiting(run)

    assert found and found.until == soon and found.detail == "The engine failed."


def test_while_a_chunk_is_due_or_under_way_nothing_is_waited_for(session: Hearing) -> None:
    run = make_run(session)
    now = timezone.now()
    make_chunk(run, 0, not_before=now + timedelta(seconds=90))
    due = make_chunk(run, 1, not_before=now - timedelta(seconds=1))
    assert waiting(run) is None

    due.claim(holder="h:1", now=now, lease_seconds=30)
    assert run.chunks.filter(status=ChunkStatus.RUNNING).exists()
    assert waiting(run) is None


def test_another_day_is_named() -> None:
    days_away = timezone.localtime() + timedelta(days=3)

    assert f"until {days_away:%Y-%m-%d %H:%M:%S}" in Waiting(days_away, "why").in_words


def test_a_poll_of_a_waiting_run_costs_few_queries(
    hosted: Run, client: Client, django_assert_max_num_queries: Any
) -> None:
    rates.close_for(300, reason=SAID)
    for index in range(1, 40):
        make_chunk(hosted, index)

    with django_assert_max_num_queries(7):
        assert "Waiting until" in part(client)
