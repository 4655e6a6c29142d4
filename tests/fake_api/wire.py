"""HTTP on the loopback: reads requests, and sends answers step by step."""

import json
import socket
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.fake_api.answers import Answer, Ending, Pause
from tests.fake_api.calls import Call
from tests.fake_api.limits import MOST_BYTES
from tests.fake_api.sockets import cut, is_cut

if TYPE_CHECKING:
    from tests.fake_api.server import FakeApi

AT_ONCE = 1 << 20
# Bytes of a body that is too large, read and forgotten.


class Gone(Exception):
    """The client hung up."""


class Server(ThreadingHTTPServer):
    """Accepts connections, and can drop them all."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, api: "FakeApi", host: str, port: int) -> None:
        self.api = api
        self._open: set[socket.socket] = set()
        super().__init__((host, port), Request)
        if api.tls is not None:
            self.socket = api.tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    def process_request(self, request: Any, client_address: Any) -> None:
        self.api.connections += 1
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        if is_cut(request):
            request.close()  # a farewell would come before the reset
        else:
            super().shutdown_request(request)

    def drop_connections(self) -> None:
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # it ended meanwhile
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that hangs up; keep what is a defect of the fake."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, OSError | Gone):
            self.api.mistakes.append(error)


class Request(BaseHTTPRequestHandler):
    """One connection, request after request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    rbufsize = 1 << 16
    server: Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        if self.path.startswith("/fake/"):
            body, _ = self._body()
            self._send_whole(self.server.api.told(self.path, json.loads(body or b"{}")))
        else:
            self._serve()

    def _serve(self) -> None:
        api, headers = self.server.api, self.headers
        kind, key = headers["Content-Type"] or "", headers["Authorization"] or ""
        call = api.came(self.path, key, kind, self.connection)
        try:
            if call.fault and call.fault.at_the_door:
                self._send(call, api.turned_away(call))
            else:
                self._send(call, api.answered(call, *self._body()))
        except Gone:
            self.close_connection = True
        finally:
            api.calls.over(call, "stopped" if api.ending.is_set() else "gone")

    def _body(self) -> tuple[bytes, int]:
        """Return the body and its size; of one that is too large, the size alone."""
        if "chunked" in (self.headers["Transfer-Encoding"] or ""):
            body = b"".join(self._chunks())
            return body, len(body)
        size = int(self.headers["Content-Length"] or 0)
        if size > MOST_BYTES:
            left = size
            while left > 0:
                left -= len(self._read(min(AT_ONCE, left)))
            return b"", size
        return self._read(size), size

    def _read(self, size: int) -> bytes:
        """Read so many bytes. Raises Gone."""
        piece = self.rfile.read(size)
        if len(piece) < size:
            raise Gone
        return piece

    def _chunks(self) -> Iterator[bytes]:
        """Yield the body's chunks (RFC 9112, 7.1)."""
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            yield self._read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _send(self, call: Call, answer: Answer) -> None:
        """Send all of it. Before the last byte goes out, the call is over."""
        calls = self.server.api.calls
        calls.begins(call, answer)
        if answer.steps is None:
            calls.over(call, "sent")
            self._send_whole(answer)
            return
        self.close_connection = True
        waiting = b""
        for step in answer.steps():
            match step:
                case bytes():
                    self.wfile.write(waiting)
                    waiting = step
                case Pause():
                    self.wfile.write(waiting)
                    waiting = b""
                    self.server.api.wait(call, time.monotonic() + step.seconds)
                case Ending():
                    if step is Ending.RESET:
                        cut(self.connection)
                    calls.over(call, step.value)
        calls.over(call, "sent")
        self.wfile.write(waiting)

    def _send_whole(self, answer: Answer) -> None:
        if answer.lies_about_its_length:
            self.close_connection = True
        self.wfile.write(answer.head + answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base's name)
        """Say nothing: the arrivals are the log."""
