"""Who may look at the check of the storage, ask for one, and have it repaired."""

from dataclasses import replace
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import Settings

from hearings.models import StorageCheck
from tests.db.run_kit import NoDispatcher
from tests.storage_kit import everything_wrong, kept_hearing
from tests.web.conftest import signed_in
from transcription import storage_job
from transcription.clock import database_clock

pytestmark = pytest.mark.django_db

PAGE, NOW = "/admin/storage/", "/admin/storage/now/"
CHECK, REPAIR = "/admin/storage/check/", "/admin/storage/repair/"


@pytest.fixture(autouse=True)
def own_folders(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.SCRATCH = replace(settings.SCRATCH, folder=str(tmp_path / "scratch"))
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    settings.DISPATCHER = f"{NoDispatcher.__module__}.{NoDispatcher.__qualname__}"


@pytest.fixture
def repairer(db: None) -> Client:
    """Return somebody of the staff who may repair."""
    user = User.objects.create_user("keeper", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="repair_storage"))
    return signed_in(user)


def done() -> StorageCheck:
    storage_job.go_on(clock=database_clock)
    return StorageCheck.objects.latest("pk")


def text(client: Client, address: str = PAGE) -> str:
    return " ".join(client.get(address).content.decode().split())


@pytest.mark.parametrize("address", [PAGE, NOW, CHECK, REPAIR])
def test_it_is_for_staff(client: Client, reader: Client, address: str) -> None:
    for visitor in (client, reader):
        for response in (visitor.get(address), visitor.post(address)):
            assert response.status_code == 302
            assert response["Location"].startswith("/admin/login/")
    assert not StorageCheck.objects.exists()


def test_staff_may_have_it_checked_and_not_repaired(staff: Client) -> None:
    assert staff.get(PAGE).status_code == staff.get(NOW).status_code == 200
    assert staff.post(CHECK).status_code == 302
    assert staff.get(REPAIR).status_code == staff.post(REPAIR).status_code == 403
    assert StorageCheck.objects.get().repairs is False


def test_who_has_the_permission_may_have_it_repaired(
    repairer: Client, administrator: Client
) -> None:
    for visitor in (repairer, administrator):
        assert visitor.get(REPAIR).status_code == 200
        assert visitor.post(REPAIR).status_code == 302
        assert done().repairs is True


def test_looking_and_asking_first_change_nothing(administrator: Client) -> None:
    assert administrator.get(CHECK).status_code == 405
    assert administrator.post(PAGE).status_code == 405
    assert "No recording of a hearing is deleted" in text(administrator, REPAIR)
    assert not StorageCheck.objects.exists()


def test_a_forged_form_asks_for_nothing(administrator: Client) -> None:
    user = User.objects.get(username="chief")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)

    assert strict.post(CHECK).status_code == strict.post(REPAIR).status_code == 403
    assert not StorageCheck.objects.exists()


def test_a_second_click_starts_no_second_check(staff: Client) -> None:
    staff.post(CHECK)
    response = staff.post(CHECK, follow=True)

    assert "A check is under way already." in response.content.decode()
    assert StorageCheck.objects.count() == 1


def test_the_page_goes_from_not_checked_to_problems_to_repaired(administrator: Client) -> None:
    wrong = everything_wrong()
    assert "Not checked yet" in text(administrator)

    administrator.post(CHECK)
    page = text(administrator)
    assert "Checking…" in page and 'hx-trigger="every 2s"' in page
    assert "0 of 3 recordings" in page and "No workers are alive." in page

    done()
    page = text(administrator)
    assert '<h2 class="failed">8 problems found</h2>' in page
    assert "every 2s" not in page
    assert "1 file younger than a day" in page
    assert f'href="/admin/hearings/hearing/{wrong.missing.pk}/change/"' in page
    assert str(wrong.answer) in page
    assert wrong.recording.exists()

    administrator.post(REPAIR)
    done()
    page = text(administrator)
    assert '<h2 class="failed">4 problems found</h2>' in page
    assert "It was deleted." in page and "Its hearing was marked" in page
    assert not wrong.recording.exists()


def test_the_page_says_that_all_is_well_and_offers_no_repair(administrator: Client) -> None:
    kept_hearing()
    administrator.post(CHECK)
    done()

    page = text(administrator)
    assert "All is well" in page and "1 recording compared" in page
    assert REPAIR not in page


def test_a_title_is_shown_as_text(staff: Client) -> None:
    hearing = kept_hearing(title="<script>alert(1)</script>")
    Path(hearing.recording.path).unlink()
    staff.post(CHECK)
    done()

    assert "<script>alert(1)" not in text(staff)
    assert "&lt;script&gt;alert(1)" in text(staff)
