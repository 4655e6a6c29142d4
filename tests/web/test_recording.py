"""The recording, as players ask for it."""

import io

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from tests.factories import make_hearing
from transcription.playback import BLOCK_BYTES, MOST_BYTES, Stretch, content_type

pytestmark = pytest.mark.django_db

CONTENT = bytes(range(256)) * 1000
SIZE = len(CONTENT)
ETAG = f'"{"a" * 64}"'
ADDRESS = "/hearings/session/recording"


@pytest.fixture(autouse=True)
def session() -> None:
    make_hearing(
        title="Session",
        content=CONTENT,
        is_published=True,
        recording_name="session.mp3",
        recording_sha256="a" * 64,
    )


def test_the_whole_recording_is_sent(client: Client) -> None:
    response = client.get(ADDRESS)

    assert response.status_code == 200
    assert response.getvalue() == CONTENT
    assert response["Content-Length"] == str(SIZE)
    assert response["Accept-Ranges"] == "bytes"
    assert response["ETag"] == ETAG


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-1", 0, 1),
        ("bytes=100-70000", 100, 70_000),
        ("bytes=255000-", 255_000, SIZE - 1),
        ("bytes=-7", SIZE - 7, SIZE - 1),
        ("bytes=255999-999999", SIZE - 1, SIZE - 1),
    ],
)
def test_one_range_is_sent_exactly(client: Client, wanted: str, first: int, last: int) -> None:
    response = client.get(ADDRESS, headers={"Range": wanted})

    assert response.status_code == 206
    assert response.getvalue() == CONTENT[first : last + 1]
    assert response["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert response["Content-Length"] == str(last - first + 1)


def test_an_open_range_is_sent_a_part_at_a_time(client: Client) -> None:
    """So a player that has enough for now holds no thread."""
    make_hearing(title="Long", content=bytes(MOST_BYTES + 10), is_published=True)

    parts = [
        client.get("/hearings/long/recording", headers={"Range": f"bytes={first}-"})
        for first in (0, MOST_BYTES)
    ]

    assert [len(part.getvalue()) for part in parts] == [MOST_BYTES, 10]
    size = MOST_BYTES + 10
    assert [part["Content-Range"] for part in parts] == [
        f"bytes 0-{MOST_BYTES - 1}/{size}",
        f"bytes {MOST_BYTES}-{size - 1}/{size}",
    ]


@pytest.mark.parametrize("wanted", [f"bytes={SIZE}-", "bytes=-0"])
def test_a_range_behind_the_end_is_refused_with_the_size(client: Client, wanted: str) -> None:
    response = client.get(ADDRESS, headers={"Range": wanted})

    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{SIZE}"
    assert response.content == b""


@pytest.mark.parametrize("wanted", ["bytes=0-1,5-6", "bytes=9-2", "lines=1-2"])
def test_several_ranges_and_nonsense_give_the_whole(client: Client, wanted: str) -> None:
    response = client.get(ADDRESS, headers={"Range": wanted})

    assert response.status_code == 200
    assert response.getvalue() == CONTENT
    assert "Content-Range" not in response


@pytest.mark.parametrize(
    ("known", "status"),
    [
        (ETAG, 206),
        ('"another version"', 200),
        (f"W/{ETAG}", 200),
        ("Thu, 12 Mar 2026 15:00:00 GMT", 200),
    ],
)
def test_a_range_counts_only_for_the_version_it_was_meant_for(
    client: Client, known: str, status: int
) -> None:
    response = client.get(ADDRESS, headers={"Range": "bytes=0-9", "If-Range": known})

    assert response.status_code == status
    assert len(response.getvalue()) == (10 if status == 206 else SIZE)


def test_who_has_this_version_already_gets_no_second_copy(client: Client) -> None:
    response = client.get(ADDRESS, headers={"If-None-Match": ETAG, "Range": "bytes=0-9"})

    assert response.status_code == 304
    assert response["ETag"] == ETAG


@pytest.mark.parametrize("wanted", ["", "bytes=0-9", f"bytes={SIZE}-"])
def test_head_tells_the_whole_length_and_sends_nothing(client: Client, wanted: str) -> None:
    response = client.head(ADDRESS, headers={"Range": wanted})

    assert response.status_code == 200
    assert response["Content-Length"] == str(SIZE)
    assert response["Accept-Ranges"] == "bytes"
    assert response.content == b""


def test_nothing_can_be_sent_to_it(client: Client) -> None:
    assert client.post(ADDRESS).status_code == 405


def test_a_browser_may_do_nothing_with_it_but_play_it(client: Client) -> None:
    response = client.head(ADDRESS)

    assert response["Content-Type"] == "audio/mpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Content-Disposition"] == 'inline; filename="session.mp3"'


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("Anhörung №1.mp3", "inline; filename*=utf-8''Anh%C3%B6rung%20%E2%84%961.mp3"),
        ('a"b\\c.mp3', 'inline; filename="a\\"b\\\\c.mp3"'),
        ("a\r\nSet-Cookie: b=c.mp3", "inline; filename*=utf-8''a%0D%0ASet-Cookie%3A%20b%3Dc.mp3"),
        ("", "inline"),
    ],
)
def test_any_name_makes_a_safe_header(client: Client, name: str, disposition: str) -> None:
    make_hearing(title="Named", is_published=True, recording_name=name)

    response = client.head("/hearings/named/recording")

    assert response["Content-Disposition"] == disposition
    assert "Set-Cookie" not in response


@pytest.mark.parametrize(
    ("name", "sent_as"),
    [
        ("x.mp3", "audio/mpeg"),
        ("x.M4A", "audio/mp4"),
        ("x.tar.flac", "audio/flac"),
        ("x.opus", "audio/ogg"),
        ("x.webm", "video/webm"),
        ("x.html", "application/octet-stream"),
        ("x.svg", "application/octet-stream"),
        ("mp3", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_the_type_is_from_our_table_and_never_a_page(name: str, sent_as: str) -> None:
    assert content_type(name) == sent_as


def test_a_missing_file_is_told_as_such(client: Client) -> None:
    hearing = make_hearing(title="Lost", is_published=True)
    hearing.recording.storage.delete(hearing.recording.name or "")

    response = client.get("/hearings/lost/recording")

    assert response.status_code == 404
    assert "The recording of this hearing is missing from the storage." in response.content.decode()


def test_an_empty_file_is_sent_as_it_is(client: Client) -> None:
    make_hearing(title="Empty", is_published=True, recording=ContentFile(b"", name="x"))

    response = client.get("/hearings/empty/recording")

    assert (response.status_code, response.getvalue()) == (200, b"")


class Watched(io.BytesIO):
    largest_read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.largest_read = max(self.largest_read, SIZE if size is None or size < 0 else size)
        return super().read(size)


def test_a_long_stretch_is_read_in_small_blocks() -> None:
    file = Watched(CONTENT)

    sent = b"".join(Stretch(file, SIZE - 1))

    assert sent == CONTENT[:-1]
    assert file.largest_read == BLOCK_BYTES


def test_a_stretch_that_nobody_reads_closes_its_file() -> None:
    file = io.BytesIO(CONTENT)

    Stretch(file, SIZE).close()

    assert file.closed
