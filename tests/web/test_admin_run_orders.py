"""A run in the admin is told what to do: who may, when, and what it becomes."""

from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import Settings

from tests.factories import NOW, make_chunk, make_hearing, make_run
from tests.web.admin_kit import order, run_address
from transcription.models import ChunkStatus, Run, RunStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def local_model(settings: Settings, tmp_path: Path) -> str:
    """Let the embedded engine find files where its model would be."""
    for name in ("model.bin", "config.json"):
        (tmp_path / name).touch()
    settings.WHISPER_MODEL = str(tmp_path)
    return str(tmp_path)


def test_failed_chunks_are_tried_again(administrator: Client) -> None:
    run = make_run(status=RunStatus.INCOMPLETE, reason="No words came back.")
    chunk = make_chunk(run, status=ChunkStatus.FAILED, finished_at=NOW)
    assert order(run, "retry") in administrator.get(run_address(run.pk)).content.decode()

    response = administrator.post(order(run, "retry"), follow=True)

    chunk.refresh_from_db()
    assert chunk.status == ChunkStatus.WAITING
    assert "The failed chunks are tried again." in response.content.decode()
    (noted,) = LogEntry.objects.all()
    assert (noted.object_id, noted.user.username) == (str(run.pk), "chief")
    assert "Retry" in noted.get_change_message()


def test_a_run_that_only_lacks_words_can_be_retried_too(administrator: Client) -> None:
    run = make_run(status=RunStatus.INCOMPLETE)
    make_chunk(run, status=ChunkStatus.DONE, unworded=[[2_000, 6_000]])

    assert order(run, "retry") in administrator.get(run_address(run.pk)).content.decode()


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


def test_a_paused_run_that_would_only_stop_again_is_left_as_it_is_and_the_reason_is_said(
    administrator: Client,
) -> None:
    run = make_run(
        make_hearing(is_closed=True),
        engine="openai",
        model="gpt-transcribe",
        status=RunStatus.PAUSED,
        paused_from=RunStatus.TRANSCRIBING,
    )
    make_chunk(run)

    page = administrator.post(order(run, "resume"), follow=True).content.decode()

    run.refresh_from_db()
    assert run.status == RunStatus.PAUSED
    assert "its recording must not leave the house" in page
    assert "The run goes on." not in page


def test_cancelling_asks_first(administrator: Client) -> None:
    run = make_run()

    asked = administrator.get(order(run, "cancel"))
    run.refresh_from_db()
    assert "It stops for good" in asked.content.decode()
    assert run.status == RunStatus.TRANSCRIBING

    administrator.post(order(run, "cancel"))
    run.refresh_from_db()
    assert run.status == RunStatus.CANCELLED


@pytest.mark.parametrize("name", ["retry", "resume", "embedded", "cancel"])
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


def paused_run(engine: str = "openai") -> Run:
    return make_run(
        engine=engine,
        model="gpt-transcribe",
        status=RunStatus.PAUSED,
        paused_from=RunStatus.TRANSCRIBING,
        reason="The account has no credit left.",
    )


def test_a_paused_hosted_run_can_go_on_with_the_embedded_engine(
    administrator: Client, local_model: str
) -> None:
    run = paused_run()
    chunk = make_chunk(run)
    assert order(run, "embedded") in administrator.get(run_address(run.pk)).content.decode()

    asked = administrator.get(order(run, "embedded")).content.decode()
    run.refresh_from_db()
    assert "What openai gpt-transcribe has done stays." in asked
    assert run.status == RunStatus.PAUSED

    told = administrator.post(order(run, "embedded"), follow=True).content.decode()
    run.refresh_from_db()
    chunk.refresh_from_db()
    assert (run.status, run.engine, run.model) == (RunStatus.TRANSCRIBING, "whisper", local_model)
    assert "The run goes on with the embedded engine" in told


def test_without_its_model_the_embedded_engine_is_refused_with_the_reason(
    administrator: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.WHISPER_MODEL = str(tmp_path / "nothing")
    run = paused_run()

    told = administrator.post(order(run, "embedded"), follow=True).content.decode()

    run.refresh_from_db()
    assert (run.status, run.engine) == (RunStatus.PAUSED, "openai")
    assert str(tmp_path / "nothing") in told


def test_a_run_of_the_embedded_engine_is_not_offered_it(administrator: Client) -> None:
    run = paused_run("whisper")

    page = administrator.get(run_address(run.pk)).content.decode()
    told = administrator.post(order(run, "embedded"), follow=True).content.decode()

    assert order(run, "resume") in page
    assert order(run, "embedded") not in page
    assert "is the embedded engine’s already" in told


def test_a_chunk_that_needs_a_person_is_shown_with_its_reason_and_tried_again(
    administrator: Client,
) -> None:
    run = make_run(status=RunStatus.INCOMPLETE)
    make_chunk(run, 0, status=ChunkStatus.DONE)
    chunk = make_chunk(run, 1, status=ChunkStatus.NEEDS_PERSON, error="It may have been paid for.")

    page = administrator.get(run_address(run.pk)).content.decode()
    assert "Needs a person" in page and "It may have been paid for." in page
    assert "1 chunk needs a person: look below at why, then retry." in page
    assert order(run, "retry") in page

    administrator.post(order(run, "retry"))
    chunk.refresh_from_db()
    assert chunk.status == ChunkStatus.WAITING


def test_while_a_run_works_what_needs_a_person_is_said_to_wait(administrator: Client) -> None:
    run = make_run()
    make_chunk(run, 0)
    make_chunk(run, 1, status=ChunkStatus.NEEDS_PERSON, error="It may have been paid for.")

    page = administrator.get(run_address(run.pk)).content.decode()

    assert "can be retried here when the other chunks are done." in page
    assert order(run, "retry") not in page


def test_where_no_chunk_failed_nothing_is_offered_to_retry(administrator: Client) -> None:
    run = make_run(status=RunStatus.FAILED, reason="The recording is gone.")

    assert order(run, "retry") not in administrator.get(run_address(run.pk)).content.decode()


def test_who_may_only_look_at_runs_gives_no_orders(client: Client) -> None:
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_run"))
    client.force_login(viewer)
    run = paused_run()

    page = client.get(run_address(run.pk)).content.decode()
    answers = [
        ask(order(run, name)).status_code
        for name in ("embedded", "retry", "resume")
        for ask in (client.get, client.post)
    ]

    run.refresh_from_db()
    assert "order/" not in page
    assert answers == [403] * 6
    assert (run.status, run.engine) == (RunStatus.PAUSED, "openai")
