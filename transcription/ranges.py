"""The Range header of HTTP (RFC 9110, section 14), for one range of bytes."""

import re
from dataclasses import dataclass

_SINGLE_RANGE = re.compile(r"bytes=\s*([0-9]{0,30})-([0-9]{0,30})\s*", re.IGNORECASE)


class Unsatisfiable(Exception):
    """No byte of the content lies in the range."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes from *first* to *last*, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1

    def at_most(self, length: int) -> "ByteRange":
        """Return its first *length* bytes, or all where it has fewer."""
        return ByteRange(self.first, min(self.last, self.first + length - 1))

    def content_range(self, size: int) -> str:
        return f"bytes {self.first}-{self.last}/{size}"


def parse(header: str, *, size: int) -> ByteRange | None:
    """Return the bytes that *header* asks of content of *size* bytes.

    None where the whole is to be sent: without a header, for what is not understood (the standard
    lets a server ignore it) and for several ranges. Raises `Unsatisfiable`.
    """
    match = _SINGLE_RANGE.fullmatch(header)
    if match is None:
        return None
    first, last = match.groups()
    if first:
        return _from_to(int(first), int(last) if last else size - 1, size)
    return _suffix(int(last), size) if last else None


def _from_to(first: int, last: int, size: int) -> ByteRange | None:
    if first >= size:
        raise Unsatisfiable
    return ByteRange(first, min(last, size - 1)) if first <= last else None


def _suffix(length: int, size: int) -> ByteRange:
    if not length or not size:
        raise Unsatisfiable
    return ByteRange(max(0, size - length), size - 1)
