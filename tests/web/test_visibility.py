"""What is unpublished exists for staff only, on every surface."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from hearings.models import Hearing
from tests.factories import make_chunk, make_hearing, make_run, make_segments
from tests.web.conftest import signed_in
from transcription.models import ChunkStatus, RunStatus

pytestmark = pytest.mark.django_db

SURFACES = [
    "/hearings/secret/",
    "/hearings/secret/progress",
    "/hearings/secret/recording",
    "/hearings/secret/transcript.txt",
    "/hearings/secret/transcript.json",
]


@pytest.fixture
def secret() -> None:
    """Leave a hearing that has a text and a run under way, so that each surface has an answer."""
    hearing = make_hearing(title="Secret")
    done = make_run(hearing, status=RunStatus.COMPLETE)
    make_chunk(done, status=ChunkStatus.DONE)
    make_segments(done, "Nobody may read this.")
    make_run(hearing)


@pytest.mark.usefixtures("secret")
@pytest.mark.parametrize("address", SURFACES)
@pytest.mark.parametrize("method", ["get", "head"])
class TestUnpublished:
    def test_a_visitor_finds_nothing(self, client: Client, address: str, method: str) -> None:
        response = getattr(client, method)(address)

        assert response.status_code == 404

    def test_a_signed_in_reader_finds_nothing(
        self, reader: Client, address: str, method: str
    ) -> None:
        response = getattr(reader, method)(address)

        assert response.status_code == 404

    def test_staff_find_it_and_no_cache_keeps_it(
        self, staff: Client, address: str, method: str
    ) -> None:
        response = getattr(staff, method)(address)

        assert response.status_code == 200
        assert response["Cache-Control"] == "private, no-store"
        response.close()


@pytest.mark.usefixtures("secret")
def test_staff_who_were_deactivated_find_nothing() -> None:
    former = signed_in(User.objects.create_user("former", is_staff=True, is_active=False))

    assert [former.get(address).status_code for address in SURFACES] == [404] * len(SURFACES)


@pytest.mark.usefixtures("secret")
@pytest.mark.parametrize("address", SURFACES)
def test_the_answer_does_not_tell_a_secret_from_nothing(client: Client, address: str) -> None:
    secret = client.get(address)
    nothing = client.get(address.replace("secret", "nosuch"))

    assert secret.content.replace(b"secret", b"") == nothing.content.replace(b"nosuch", b"")


@pytest.mark.usefixtures("secret")
def test_the_list_names_it_to_staff_only(client: Client, reader: Client, staff: Client) -> None:
    pages = [visitor.get("/").content.decode() for visitor in (client, reader, staff)]

    assert ["Secret" in page for page in pages] == [False, False, True]
    assert "Unpublished" in pages[2]


@pytest.mark.parametrize("address", ["/", "/hearings/secret/", "/hearings/secret/transcript.txt"])
@pytest.mark.usefixtures("secret")
def test_what_staff_see_of_what_is_published_no_cache_keeps(staff: Client, address: str) -> None:
    """It may name what others may not see; after signing out, Back must not show it."""
    Hearing.objects.update(is_published=True)

    assert staff.get(address)["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("address", SURFACES)
@pytest.mark.usefixtures("secret")
def test_what_is_published_anyone_finds_and_caches_ask_again(client: Client, address: str) -> None:
    Hearing.objects.update(is_published=True)

    response = client.get(address)

    assert response.status_code == 200
    assert response["Cache-Control"] == "no-cache"
    response.close()
