"""Who may see and do what in the admin."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from hearings.models import Hearing
from tests.factories import make_hearing, make_run
from tests.web.admin_kit import ADD, upload
from tests.web.conftest import signed_in
from transcription.models import Run, RunStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    return make_run(make_hearing())


def pages(run: Run) -> list[str]:
    hearing, own = f"/admin/hearings/hearing/{run.hearing_id}", f"/admin/transcription/run/{run.pk}"
    return [
        "/admin/hearings/hearing/",
        "/admin/hearings/committee/",
        "/admin/transcription/run/",
        ADD,
        f"/admin/hearings/hearing/transcribe/?hearing={run.hearing_id}",
        f"{hearing}/change/",
        f"{hearing}/delete/",
        f"{hearing}/standing/",
        f"{own}/change/",
        f"{own}/progress/",
        f"{own}/chunks/",
        f"{own}/order/cancel/",
        f"{own}/order/embedded/",
    ]


def staff_with(*codenames: str) -> Client:
    user = User.objects.create_user("deputy", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return signed_in(user)


@pytest.mark.parametrize("method", ["get", "post"])
def test_visitors_and_readers_are_asked_to_sign_in(
    client: Client, reader: Client, run: Run, method: str
) -> None:
    for visitor in (client, reader):
        for page in pages(run):
            response = getattr(visitor, method)(page)
            assert response.status_code == 302, page
            assert response["Location"].startswith("/admin/login/"), page


@pytest.mark.parametrize("method", ["get", "post"])
def test_staff_without_permissions_may_do_nothing(run: Run, method: str) -> None:
    clerk = staff_with()

    answers = {page: getattr(clerk, method)(page).status_code for page in pages(run)}

    assert set(answers.values()) == {403}, answers


def test_an_administrator_finds_every_page(administrator: Client, run: Run) -> None:
    answers = {page: administrator.get(page).status_code for page in pages(run)}

    assert set(answers.values()) == {200}, answers


def test_who_may_only_look_changes_nothing(run: Run) -> None:
    looker = staff_with("view_hearing", "view_run")

    page = looker.get(f"/admin/transcription/run/{run.pk}/change/").content.decode()
    shown = looker.get(f"/admin/hearings/hearing/{run.hearing_id}/change/").content.decode()
    refused = [
        looker.post(f"/admin/transcription/run/{run.pk}/order/cancel/"),
        looker.post(f"/admin/hearings/hearing/transcribe/?hearing={run.hearing_id}"),
        looker.post(
            "/admin/hearings/hearing/",
            {"action": "publish", "_selected_action": [run.hearing_id]},
        ),
        upload(looker),
    ]

    run.refresh_from_db()
    assert "Cancel" not in page and "Transcribe…" not in shown
    assert [answer.status_code for answer in refused] == [403, 403, 200, 403]
    assert run.status == RunStatus.TRANSCRIBING
    assert not Hearing.objects.get().is_published


def test_who_may_start_runs_may_not_edit_the_hearing() -> None:
    hearing = make_hearing()
    operator = staff_with("view_hearing", "view_run", "add_run", "change_run")

    page = operator.get(f"/admin/hearings/hearing/{hearing.pk}/change/").content.decode()
    edited = operator.post(f"/admin/hearings/hearing/{hearing.pk}/change/", {"title": "Mine"})

    assert "Transcribe…" in page
    assert edited.status_code == 403


def test_users_and_groups_are_there_and_the_queue_is_not(administrator: Client) -> None:
    index = administrator.get("/admin/").content.decode()

    assert administrator.get("/admin/auth/user/").status_code == 200
    assert administrator.get("/admin/auth/user/add/").status_code == 200
    assert administrator.get("/admin/auth/group/").status_code == 200
    assert "/admin/django_q/" not in index
