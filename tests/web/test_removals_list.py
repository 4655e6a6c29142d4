"""The list of what was removed: staff may read it, and nobody may change it."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from hearings import removal
from hearings.models import Hearing, Removal
from tests.factories import NOW, make_hearing
from tests.web.test_admin_access import staff_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recordings")]

LIST = "/admin/hearings/removal/"
WENT = "The recording “mint.mp3”; 2 sentences."
STAYS = "The $0.02 paid for 1 call to hosted engines."


@pytest.fixture
def deleted() -> Removal:
    hearing = make_hearing(title="Oversight of the Mint", recording_name="mint.mp3")
    clerk = User.objects.create_user("the clerk")
    removal.delete(hearing, by=clerk, account=removal.Account(WENT, STAYS))
    return Removal.objects.get()


@pytest.fixture
def expired(deleted: Removal) -> Removal:
    hearing = make_hearing(title="Nominations", recording_sha256="e" * 64)
    removal.expire(hearing, why="under the retention period of 30 days", now=NOW)
    return Removal.objects.get(act=Removal.Act.EXPIRED)


def address(record: Removal) -> str:
    return f"{LIST}{record.pk}/change/"


def pages(record: Removal) -> list[str]:
    return [LIST, f"{LIST}add/", address(record), f"{LIST}{record.pk}/delete/"]


def read(client: Client, page: str, **asked: str) -> str:
    return str(client.get(page, asked).content.decode())


def changes(client: Client, record: Removal) -> list[int]:
    """Try to add, change and delete, one and several; return the answers."""
    sent: dict[str, Any] = {"title": "Forged", "removed_name": "nobody", "post": "yes"}
    chosen = {"action": "delete_selected", "_selected_action": [record.pk], "post": "yes"}
    tried = [client.post(page, sent).status_code for page in pages(record)[1:]]
    client.post(LIST, chosen)
    return tried


def test_it_says_who_removed_what_when_and_what_stays(
    administrator: Client, deleted: Removal, expired: Removal
) -> None:
    shown = read(administrator, LIST)
    of_deleted, of_expired = (read(administrator, address(each)) for each in (deleted, expired))

    for text in ("Oversight of the Mint", "Deleted with its hearing", "the clerk"):
        assert text in shown and text in of_deleted
    for text in ("Nominations", "Kept long enough", "retention period"):
        assert text in shown and text in of_expired
    assert WENT in of_deleted and STAYS in of_deleted and "mint.mp3" in of_deleted
    assert f"/admin/hearings/hearing/{expired.hearing_id}/change/" in of_expired
    assert "e" * 64 in of_expired


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "mint"}, ["Oversight of the Mint"]),
        ({"q": "mint.mp3"}, ["Oversight of the Mint"]),
        ({"q": "the clerk"}, ["Oversight of the Mint"]),
        ({"q": "e" * 64}, ["Nominations"]),
        ({"q": "nowhere"}, []),
        ({"act__exact": "deleted"}, ["Oversight of the Mint"]),
        ({"act__exact": "expired"}, ["Nominations"]),
        ({"act__exact": "replaced"}, []),
        ({"removed_at__year": "2026"}, ["Nominations"]),
        ({"removed_at__gte": "2027-01-01 00:00:00+00:00"}, []),
        ({"removed_at__lt": "2026-01-01 00:00:00+00:00"}, ["Oversight of the Mint"]),
    ],
)
def test_it_is_searched_and_narrowed_by_kind_and_date(
    asked: dict[str, str], found: list[str], administrator: Client, expired: Removal
) -> None:
    Removal.objects.filter(pk=expired.pk).update(removed_at=NOW)
    Removal.objects.exclude(pk=expired.pk).update(removed_at=NOW - timedelta(days=365))

    page = read(administrator, LIST, **asked)

    assert [title for title in ("Oversight of the Mint", "Nominations") if title in page] == found


def test_many_take_few_queries(
    administrator: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        removal.delete(make_hearing(title=f"Hearing {number}"))

    with django_assert_max_num_queries(12):
        page = read(administrator, LIST)

    assert page.count("Deleted with its hearing") >= 30


@pytest.mark.parametrize("method", ["get", "post"])
def test_visitors_and_readers_are_asked_to_sign_in(
    client: Client, reader: Client, deleted: Removal, method: str
) -> None:
    for visitor in (client, reader):
        for page in pages(deleted):
            response = getattr(visitor, method)(page)
            assert response.status_code == 302, page
            assert response["Location"].startswith("/admin/login/"), page


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("permissions", [(), ("view_hearing", "change_hearing", "delete_hearing")])
def test_staff_without_the_permission_learn_nothing(
    method: str, permissions: tuple[str, ...], deleted: Removal
) -> None:
    clerk = staff_with(*permissions)

    answers = {page: getattr(clerk, method)(page).status_code for page in pages(deleted)}

    assert set(answers.values()) == {403}, answers
    assert LIST not in read(clerk, "/admin/")


def test_who_may_look_reads_and_changes_nothing(deleted: Removal) -> None:
    looker = staff_with("view_removal")

    assert looker.get(LIST).status_code == looker.get(address(deleted)).status_code == 200
    assert LIST in read(looker, "/admin/")
    assert changes(looker, deleted) == [403, 403, 403]
    _is_as_it_was(deleted)


def test_not_even_an_administrator_adds_changes_or_deletes(
    administrator: Client, deleted: Removal
) -> None:
    page = read(administrator, address(deleted))

    assert changes(administrator, deleted) == [403, 403, 403]
    assert 'name="_save"' not in page and "/delete/" not in page
    assert f"{LIST}add/" not in read(administrator, LIST)
    _is_as_it_was(deleted)


def _is_as_it_was(record: Removal) -> None:
    before = vars(record) | {"_state": None}
    assert vars(Removal.objects.get()) | {"_state": None} == before
    assert not Hearing.objects.exists()
