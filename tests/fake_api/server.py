"""The server: it remembers every request, and answers when and what a test says."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import inf
from types import TracebackType
from typing import Any, Self

from tests.fake_api.audio import Upload, upload_from

PATIENCE_SECONDS = 60.0
# How long a test waits for what must come, and how long an answer is held at most.


@dataclass(frozen=True)
class Arrival:
    """One request, as it came."""

    number: int
    # From 0, in order of arrival.
    at: float
    # `time.monotonic()`.
    path: str
    authorization: str
    upload: Upload
    at_once: int
    # Requests under way when it came, itself included.

    @property
    def sha256(self) -> str:
        return self.upload.sha256

    @property
    def fields(self) -> dict[str, list[str]]:
        return self.upload.fields


@dataclass(frozen=True)
class Answer:
    """What the server says."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    # What it claims as the body's length; None: the truth.


Script = Callable[[Arrival], Answer]


def text_answer(text: str) -> Answer:
    return Answer(200, json.dumps({"text": text}).encode())


def error_answer(status: int, *, code: str = "", message: str = "No.") -> Answer:
    error = {"message": message, "type": None, "param": None, "code": code or None}
    return Answer(status, json.dumps({"error": error}).encode())


def words_of_the_sound(arrival: Arrival) -> Answer:
    """Name each second by its place and the sound of the whole: the same sound, the same words."""
    seconds = range(arrival.upload.duration_ms // 1000)
    return text_answer(" ".join(f"w{arrival.sha256[:8]}x{second}" for second in seconds))


class FakeApi:
    """Give it a script; it runs in threads of its own until the block ends."""

    def __init__(self) -> None:
        self.answer: Script = words_of_the_sound
        self.arrivals: list[Arrival] = []
        self.most_at_once = 0
        self._under_way = 0
        self._changed = threading.Condition()
        self._let_go = threading.Event()
        self._held_from: float = inf
        self.delay_seconds = 0.0
        # How long each answer takes.
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._let_go.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    @property
    def heard(self) -> list[str]:
        """The SHA-256 of each request's samples, in order of arrival."""
        with self._changed:
            return [arrival.sha256 for arrival in self.arrivals]

    def hold(self, *, after: int = 0) -> None:
        """Answer nothing until `let_go`, but for the first *after* requests since the start."""
        self._let_go.clear()
        self._held_from = after

    def let_go(self) -> None:
        self._held_from = inf
        self._let_go.set()

    def wait_for(self, count: int) -> None:
        """Wait until so many requests have come since the start."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.arrivals) >= count, PATIENCE_SECONDS):
                raise TimeoutError(f"{len(self.arrivals)} of {count} requests came")

    def answered(self, request: "_Request") -> Answer:
        upload = upload_from(request.headers["Content-Type"], request.body())
        with self._changed:
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
            arrival = Arrival(
                number=len(self.arrivals),
                at=time.monotonic(),
                path=request.path,
                authorization=request.headers["Authorization"] or "",
                upload=upload,
                at_once=self._under_way,
            )
            self.arrivals.append(arrival)
            self._changed.notify_all()
        try:
            if arrival.number >= self._held_from:
                self._let_go.wait(PATIENCE_SECONDS)
            if self.delay_seconds:
                threading.Event().wait(self.delay_seconds)
            return self.answer(arrival)
        finally:
            with self._changed:
                self._under_way -= 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, api: FakeApi) -> None:
        self.api = api
        super().__init__(("127.0.0.1", 0), _Request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that was killed hangs up in the middle."""


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def do_POST(self) -> None:
        answer = self.server.api.answered(self)
        length = len(answer.body) if answer.length is None else answer.length
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(answer.body)
        self.close_connection = length != len(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base's name)
        """Say nothing: the arrivals are the log."""
