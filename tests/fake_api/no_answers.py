"""Answers with status 200 that are no answers."""

import gzip
import zlib
from collections.abc import Iterator
from functools import lru_cache

from tests.fake_api.answers import Answer, Step, head
from tests.fake_api.arrivals import Arrival
from tests.fake_api.refusals import Fault, Honest, said

MEBIBYTE = 1 << 20


def cut_json() -> Fault:
    return said("cut_json", Answer(200, b'{"text": "The committee will come to or'))


def empty_body() -> Fault:
    return said("empty_body", Answer(200, b""))


def html_with_200() -> Fault:
    page = b"<html><body>Sign in to the hotel's network</body></html>"
    return said("html_with_200", Answer(200, page, {"Content-Type": "text/html"}))


def not_text() -> Fault:
    return said("not_text", Answer(200, b'{"text": "\xff\xfe\x00"}'))


def wrong_shape(body: str = "[]") -> Fault:
    """Answer with JSON of another shape: '[]', '{}', '{"text": null}', '{"text": NaN}' …"""
    return said("wrong_shape", Answer(200, body.encode()))


def list_body() -> Fault:
    return wrong_shape('[{"text": "The committee"}]')


def text_null() -> Fault:
    return wrong_shape('{"text": null}')


def text_missing() -> Fault:
    return wrong_shape('{"usage": {"type": "duration", "seconds": 2}}')


def text_nan() -> Fault:
    return wrong_shape('{"text": NaN}')


def deep_body(depth: int = 100_000) -> Fault:
    """Answer with brackets in brackets, at which a parser that recurses gives up."""
    return said("deep_body", Answer(200, b'{"text": ' + b"[" * depth + b"]" * depth + b"}"))


def huge_body(mebibytes: int = 1024) -> Fault:
    """Answer with a text of so many MiB, of which the server holds one at a time."""
    front, back = b'{"text": "', b'"}'
    length = len(front) + mebibytes * MEBIBYTE + len(back)

    def steps() -> Iterator[Step]:
        yield head(200, {"Content-Length": str(length)}) + front
        piece = b"a" * MEBIBYTE
        for _ in range(mebibytes):
            yield piece
        yield back

    return said("huge_body", Answer(200, b"", steps=steps))


def gzip_bomb(mebibytes: int = 1024) -> Fault:
    """Answer with a thousandth of so many MiB, which they are when unpacked."""

    def play(_arrival: Arrival, _honest: Honest) -> Answer:
        return Answer(200, packed(mebibytes), {"Content-Encoding": "gzip"})

    return Fault("gzip_bomb", play)


@lru_cache(maxsize=2)
def packed(mebibytes: int) -> bytes:
    """Return an honest gzip (RFC 1952) of a text of so many MiB, made without packing all."""
    front, piece, back = b'{"text": "', b"a" * MEBIBYTE, b'"}'
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    start = packer.compress(front) + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush, what follows depends on nothing before it: so a piece can be repeated.
    middle = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    end = packer.compress(back) + packer.flush()
    check = zlib.crc32(front)
    for _ in range(mebibytes):
        check = zlib.crc32(piece, check)
    check = zlib.crc32(back, check)
    size = (len(front) + mebibytes * MEBIBYTE + len(back)) & 0xFFFFFFFF
    top = gzip.compress(b"", mtime=0)[:10]
    tail = check.to_bytes(4, "little") + size.to_bytes(4, "little")
    return top + start + middle * mebibytes + end + tail
