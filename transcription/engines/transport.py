"""The wire under the vendor's client: a deadline, a cap on answers, and what became of a call.

Whole answers are read here, so no byte of an answer is unpacked or kept beyond the cap, whatever
a server claims about it.
"""

import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import cast
from urllib.request import getproxies, proxy_bypass

import httpcore2
import httpx2

from transcription.engines.deadline import UNTAKEN, Deadline, DeadlineBackend
from transcription.engines.replies import SUCCESS_BELOW, Reply

MOST_ANSWER_BYTES = 1024 * 1024
# Unpacked. Words and segments of 23 minutes are half of it.
ZLIB_OR_GZIP = 32 + zlib.MAX_WBITS
PACKED = frozenset({"gzip", "x-gzip", "deflate"})


class CappedTransport(httpx2.BaseTransport):
    """Sends a request, reads its answer whole and keeps it. One call at a time."""

    def __init__(self, *, base_url: str, timeout_seconds: float) -> None:
        self.reply: Reply | None = None
        # What came of the last call, where anything did.
        self.was_sent = False
        # All of the last request reached the server, as far as one can know.
        self._timeout_seconds = timeout_seconds
        self._deadline = Deadline()
        self._pool = _pool(httpx2.URL(base_url), DeadlineBackend(self._deadline))

    def forget(self) -> None:
        """Know nothing of an earlier call."""
        self.reply, self.was_sent = None, False

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.forget()
        self._deadline.begin(self._timeout_seconds)
        with _httpx_errors():
            try:
                self.reply = self._exchanged(request)
            except httpcore2.NetworkError as error:
                self.was_sent &= UNTAKEN not in getattr(error, "__notes__", ())
                raise
        return httpx2.Response(
            self.reply.status,
            headers=_unframed(self.reply.headers),
            content=self.reply.body,
            request=request,
        )

    def close(self) -> None:
        self._pool.close()

    def _exchanged(self, request: httpx2.Request) -> Reply:
        sent = httpcore2.Request(
            request.method,
            httpcore2.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=self._noted(cast("Iterable[bytes]", request.stream)),
        )
        answer = self._pool.handle_request(sent)
        try:
            return _reply(answer)
        finally:
            answer.close()

    def _noted(self, stream: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the request's body, and note when the last of it was written."""
        yield from stream
        self.was_sent = True


def _pool(url: httpx2.URL, backend: DeadlineBackend) -> httpcore2.ConnectionPool:
    """Return connections to *url*, through the proxy that the environment names for it."""
    context = httpx2.create_ssl_context() if url.scheme == "https" else None
    address = getproxies().get(url.scheme)
    if not address or proxy_bypass(url.host):
        return httpcore2.ConnectionPool(ssl_context=context, network_backend=backend)
    proxy = httpx2.Proxy(address if "://" in address else f"http://{address}")
    return httpcore2.HTTPProxy(
        str(proxy.url), proxy_auth=proxy.raw_auth, ssl_context=context, network_backend=backend
    )


@contextmanager
def _httpx_errors() -> Iterator[None]:
    """Raise the client's errors for those of the layer below, which have the same names."""
    try:
        yield
    except _BELOW as error:
        same = getattr(httpx2, type(error).__name__, httpx2.TransportError)
        raise same(str(error)) from error


_BELOW = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.ProxyError,
    httpcore2.UnsupportedProtocol,
    httpcore2.ConnectionNotAvailable,
)


def _reply(answer: httpcore2.Response) -> Reply:
    """Read *answer*. A refusal that is cut off is a refusal all the same."""
    headers = {name.decode("latin-1").lower(): v.decode("latin-1") for name, v in answer.headers}
    body = bytearray()
    try:
        for piece in _unpacked(answer.iter_stream(), headers.get("content-encoding", "")):
            body += piece
            if len(body) > MOST_ANSWER_BYTES:
                return Reply(answer.status, headers, bytes(body[:MOST_ANSWER_BYTES]), is_cut=True)
    except _BELOW:
        if answer.status < SUCCESS_BELOW:
            raise
    return Reply(answer.status, headers, bytes(body))


def _unpacked(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yield *pieces*, unpacked a little at a time; as they are where that is not possible."""
    if encoding.strip().lower() not in PACKED:
        yield from pieces
        return
    unpacker = zlib.decompressobj(ZLIB_OR_GZIP)
    for piece in pieces:
        left = piece
        while left:
            try:
                yield unpacker.decompress(left, MOST_ANSWER_BYTES)
            except zlib.error:
                yield left
                break
            left = unpacker.unconsumed_tail
        if unpacker.eof:
            return  # what follows belongs to no answer


def _unframed(headers: dict[str, str]) -> dict[str, str]:
    """Return *headers* without what was true of the body on the wire."""
    framing = {"content-encoding", "content-length", "transfer-encoding"}
    return {name: value for name, value in headers.items() if name not in framing}
