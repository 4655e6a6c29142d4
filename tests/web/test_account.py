"""The account of every second on a hearing's page, and trying again what is missing."""

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import Settings

from tests.factories import NOW, make_chunk, make_hearing, make_run
from tests.web.admin_kit import run_address
from tests.web.conftest import signed_in
from transcription.models import ChunkStatus, Run, RunStatus, Segment

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    """Return a run over a published minute: heard, missing, and silent at the end."""
    hearing = make_hearing(title="Session", is_published=True, speech=[[0, 40_000]])
    run = make_run(hearing, status=RunStatus.INCOMPLETE)
    make_chunk(run, 0, end_ms=20_000, status=ChunkStatus.DONE)
    make_chunk(
        run,
        1,
        start_ms=20_000,
        end_ms=40_000,
        status=ChunkStatus.FAILED,
        finished_at=NOW,
        error="The engine is away.",
    )
    Segment.objects.create(run=run, index=0, start_ms=0, end_ms=19_000, text="Good morning.")
    return run


@pytest.fixture
def operator(db: None) -> Client:
    """Return staff who may change runs and are no administrator."""
    user = User.objects.create_user("operator", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="change_run"))
    return signed_in(user)


def page(client: Client, run: Run) -> str:
    response = client.get(run.hearing.get_absolute_url())
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def retry(client: Client, run: Run, **headers: Any) -> Any:
    return client.post(f"/hearings/session/retry/{run.pk}", headers=headers)


def test_every_second_is_accounted_for_in_plain_words(client: Client, run: Run) -> None:
    told = "Every second accounted for: 0:20 transcribed, 0:20 without speech, 0:20 missing."

    assert told in page(client, run)


def test_a_whole_transcript_misses_nothing(client: Client) -> None:
    run = make_run(make_hearing(is_published=True, speech=[[0, 43_000]]), status=RunStatus.COMPLETE)
    make_chunk(run, end_ms=60_000, status=ChunkStatus.DONE)
    Segment.objects.create(run=run, index=0, start_ms=0, end_ms=43_000, text="Good morning.")

    shown = page(client, run)

    assert "0:43 transcribed, 0:17 without speech, nothing missing." in shown
    assert "Retry" not in shown and "data-hear" not in shown


def test_what_is_missing_is_listed_with_a_link_to_hear_it(staff: Client, run: Run) -> None:
    shown = page(staff, run)

    link = 'href="/hearings/session/recording#t=20,40" data-hear="20"'
    listed = shown[shown.index("<ul>") : shown.index("</ul>", shown.index("<summary>Missing"))]
    assert link in listed and "0:20–0:40</a>" in listed and "The engine is away." in listed
    assert shown.count(link) == 2


def test_a_stretch_that_cannot_be_read_is_told_to_everyone(client: Client, run: Run) -> None:
    run.hearing.analysis.unreadable = [[50_000, 55_000], [60_000, 90_000]]
    run.hearing.analysis.save()

    shown = page(client, run)

    assert "The recording cannot be read here." in shown
    assert "0:15 without speech, 0:25 missing. The file breaks off 0:30 before" in shown


def test_only_who_may_change_runs_finds_a_button(
    client: Client, reader: Client, staff: Client, operator: Client, run: Run
) -> None:
    found = ["Retry what failed" in page(who, run) for who in (client, reader, staff, operator)]

    assert found == [False, False, False, True]


def test_the_button_has_what_failed_tried_again_without_a_script(
    operator: Client, run: Run
) -> None:
    assert f'action="/hearings/session/retry/{run.pk}"' in page(operator, run)

    answer = retry(operator, run)

    assert (answer.status_code, answer["Location"]) == (302, "/hearings/session/")
    run.refresh_from_db()
    assert run.status == RunStatus.TRANSCRIBING
    assert run.chunks.get(index=1).status == ChunkStatus.WAITING
    assert run.chunks.get(index=1).reruns == 1
    assert "Retry what failed" not in page(operator, run)


def test_where_it_would_only_fail_again_the_page_says_why(
    operator: Client, run: Run, settings: Settings
) -> None:
    settings.READINESS = replace(settings.READINESS, least_disk_bytes=2**60)

    retry(operator, run)

    shown = page(operator, run)
    assert 'role="alert"' in shown and "Little room is left on the disk" in shown
    assert run.chunks.get(index=1).status == ChunkStatus.FAILED
    assert 'role="alert"' not in page(operator, run)


def test_a_second_click_changes_nothing(operator: Client, run: Run) -> None:
    retry(operator, run)

    again = retry(operator, run)

    assert again.status_code == 302
    assert run.chunks.get(index=1).reruns == 1


def test_while_another_run_is_under_way_nothing_is_tried_again(operator: Client, run: Run) -> None:
    make_run(run.hearing)

    assert "Retry what failed" not in page(operator, run)
    assert retry(operator, run).status_code == 302
    assert run.chunks.get(index=1).status == ChunkStatus.FAILED


def test_a_failed_run_without_a_text_can_be_tried_again_too(operator: Client, run: Run) -> None:
    run.chunks.filter(index=0).delete()
    Run.objects.update(status=RunStatus.FAILED)

    assert "Retry what failed" in page(operator, run)
    assert retry(operator, run).status_code == 302
    assert Run.objects.get().status == RunStatus.TRANSCRIBING


def test_a_hosted_engine_may_cost_once_more_and_the_page_says_so(
    operator: Client, run: Run
) -> None:
    assert "paid for once more" not in page(operator, run)

    Run.objects.update(engine="openai", model="gpt-transcribe")

    assert "It is sent anew, and may be paid for once more." in page(operator, run)


@pytest.mark.parametrize(("who", "status"), [("client", 404), ("reader", 404), ("staff", 403)])
def test_nobody_else_can_have_it_tried_again(
    request: pytest.FixtureRequest, run: Run, who: str, status: int
) -> None:
    answer = retry(request.getfixturevalue(who), run)

    assert answer.status_code == status
    assert run.chunks.get(index=1).status == ChunkStatus.FAILED


def test_a_link_or_a_form_from_elsewhere_does_nothing(operator: Client, run: Run) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="operator"))

    assert operator.get(f"/hearings/session/retry/{run.pk}").status_code == 405
    assert retry(strict, run).status_code == 403
    assert run.chunks.get(index=1).status == ChunkStatus.FAILED


def test_a_run_of_another_hearing_is_not_found(operator: Client, run: Run) -> None:
    other = make_run(make_hearing(title="Other", recording_sha256="1" * 64))

    assert retry(operator, other).status_code == 404


def test_the_runs_own_page_has_the_account_too(administrator: Client, run: Run) -> None:
    shown = " ".join(administrator.get(run_address(run.pk)).content.decode().split())

    assert "Every second accounted for: 0:20 transcribed" in shown
    assert 'href="/hearings/session/recording#t=20,40"' in shown


@pytest.mark.parametrize("gaps", [1, 200])
def test_many_gaps_cost_no_more_queries_than_one(
    operator: Client, run: Run, gaps: int, django_assert_num_queries: Any
) -> None:
    run.hearing.analysis.unreadable = [[40_000 + i * 50, 40_010 + i * 50] for i in range(gaps)]
    run.hearing.analysis.save()

    with django_assert_num_queries(13):
        shown = page(operator, run)

    assert shown.count("data-hear") == 2 * (gaps + 1)
