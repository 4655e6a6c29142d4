"""The Range header, by the examples of RFC 9110 and at its edges."""

import pytest

from transcription.ranges import ByteRange, Unsatisfiable, parse


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-499", 0, 499),
        ("bytes=500-999", 500, 999),
        ("bytes=0-0", 0, 0),
        ("bytes=9999-9999", 9999, 9999),
        ("bytes=9500-", 9500, 9999),
        ("bytes=0-", 0, 9999),
        ("bytes=-500", 9500, 9999),
        ("bytes=-1", 9999, 9999),
        ("bytes=-20000", 0, 9999),
        ("bytes=9000-20000", 9000, 9999),
        ("bytes=0-99999999999999999999999", 0, 9999),
        ("Bytes=1-2", 1, 2),
        ("bytes= 1-2 ", 1, 2),
    ],
)
def test_a_single_range_is_understood(header: str, first: int, last: int) -> None:
    assert parse(header, size=10_000) == ByteRange(first, last)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes=",
        "bytes=-",
        "bytes=abc",
        "bytes=1",
        "bytes=5-2",
        "bytes=--5",
        "bytes=1-2-3",
        "bytes=+1-2",
        "bytes=١-٢",
        "bytes=0x1-0x2",
        "items=0-5",
        "0-5",
        "bytes=0-1,5-6",
        "bytes=0-1, 5-6",
        "bytes=" + "9" * 5000 + "-",
    ],
)
def test_what_is_not_one_valid_range_asks_for_the_whole(header: str) -> None:
    assert parse(header, size=10_000) is None


@pytest.mark.parametrize("header", ["bytes=10000-", "bytes=10000-10001", "bytes=-0"])
def test_a_range_without_a_byte_of_the_content_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        parse(header, size=10_000)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=0-0", "bytes=-1"])
def test_empty_content_satisfies_no_range(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        parse(header, size=0)


def test_a_range_knows_its_length_and_its_header() -> None:
    wanted = ByteRange(500, 999)

    assert wanted.length == 500
    assert wanted.content_range(10_000) == "bytes 500-999/10000"
