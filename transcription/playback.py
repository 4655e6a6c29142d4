"""Sends a recording to a player: whole or one range of it, from storage, in constant memory."""

from collections.abc import Iterator
from pathlib import PurePath
from typing import Protocol

from django.db.models.fields.files import FieldFile
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from hearings.models import Hearing
from transcription.ranges import ByteRange, Unsatisfiable, parse

BLOCK_BYTES = 64 * 1024
MOST_BYTES = 1024 * 1024
# Of one range: a player that has enough for now stops reading, and would hold a thread until it
# goes on. It asks for what follows; a server may send less of a range (RFC 9110, section 15.3.7).
CONTENT_TYPES = {
    ".aac": "audio/aac",
    ".aif": "audio/aiff",
    ".aiff": "audio/aiff",
    ".avi": "video/x-msvideo",
    ".caf": "audio/x-caf",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".m4b": "audio/mp4",
    ".m4v": "video/mp4",
    ".mka": "audio/x-matroska",
    ".mkv": "video/x-matroska",
    ".mov": "video/quicktime",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".mpeg": "video/mpeg",
    ".mpg": "video/mpeg",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".wave": "audio/wav",
    ".weba": "audio/webm",
    ".webm": "video/webm",
    ".wma": "audio/x-ms-wma",
}
# Fixed, not the host's mime.types: an upload called x.html must never be sent as a page.


class Readable(Protocol):
    """An open file of bytes."""

    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


class Stretch:
    """Reads *length* bytes from where *file* stands. The response closes it."""

    def __init__(self, file: Readable, length: int) -> None:
        self._file = file
        self._left = length

    def __iter__(self) -> Iterator[bytes]:
        while block := self._file.read(min(BLOCK_BYTES, self._left)):
            self._left -= len(block)
            yield block

    def close(self) -> None:
        self._file.close()


def recording_response(request: HttpRequest, hearing: Hearing) -> HttpResponseBase:
    """Return the recording, or what the request's Range and conditions ask for instead.

    Raises FileNotFoundError where storage does not have the file.
    """
    etag = f'"{hearing.recording_sha256}"'
    response: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if response is None:
        response = _content(request, hearing.recording.open("rb"), etag)
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Content-Type"] = content_type(hearing.recording_name)
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=False, filename=hearing.recording_name) or "inline"
    )
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def content_type(name: str) -> str:
    """Return the type to send a file called *name* as."""
    return CONTENT_TYPES.get(PurePath(name).suffix.lower(), "application/octet-stream")


def _content(request: HttpRequest, file: FieldFile, etag: str) -> HttpResponseBase:
    size = file.size
    try:
        wanted = parse(_range_header(request, etag), size=size)
    except Unsatisfiable:
        file.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    if request.method == "HEAD":
        file.close()
        return HttpResponse(headers={"Content-Length": str(size)})
    return _stream(file, wanted, size)


def _range_header(request: HttpRequest, etag: str) -> str:
    """Return the Range header where it counts: for GET, and for this version of the file."""
    if request.method != "GET" or request.headers.get("If-Range", etag) != etag:
        return ""
    return request.headers.get("Range", "")


def _stream(file: FieldFile, wanted: ByteRange | None, size: int) -> StreamingHttpResponse:
    if wanted is None:
        return StreamingHttpResponse(Stretch(file, size), headers={"Content-Length": str(size)})
    wanted = wanted.at_most(MOST_BYTES)
    file.seek(wanted.first)
    return StreamingHttpResponse(
        Stretch(file, wanted.length),
        status=206,
        headers={
            "Content-Length": str(wanted.length),
            "Content-Range": wanted.content_range(size),
        },
    )
