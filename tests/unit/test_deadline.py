"""The whole call ends at its deadline, whatever the server does, and holds only so much."""

import socket
import struct
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.fake_api import Answer, FakeApi, faults
from tests.fake_api.refusals import Fault
from tests.unit.hosted_kit import AUDIO, KEY, silence, transcribe
from transcription.engines.base import AnswerUnusable, EngineUnavailable, Hints
from transcription.engines.openai_api import OpenAIEngine
from transcription.engines.transport import MOST_ANSWER_BYTES

LIMIT = 0.6
SLOW = [
    faults.nothing_for_ever(),
    faults.headers_then_nothing(),
    faults.dribble(period=0.05, where="body"),
    faults.dribble(period=0.05, where="headers"),
]


def seconds_of(call: Callable[[], object]) -> float:
    began = time.monotonic()
    call()
    return time.monotonic() - began


@pytest.mark.parametrize("fault", SLOW, ids=lambda fault: fault.name)
def test_a_call_ends_at_its_deadline(api: FakeApi, fault: Fault) -> None:
    api.next(fault)
    caught: list[EngineUnavailable] = []

    def call() -> None:
        with pytest.raises(EngineUnavailable, match=r"in time: 0\.6 seconds") as raised:
            transcribe(api, timeout_seconds=LIMIT)
        caught.append(raised.value)

    assert LIMIT - 0.05 <= seconds_of(call) <= LIMIT + 1.5
    assert caught[0].may_be_billed
    assert len(api.arrivals) == 1


def test_the_next_call_has_a_time_of_its_own(api: FakeApi) -> None:
    engine = OpenAIEngine("gpt-transcribe", api_key=KEY, base_url=api.url, timeout_seconds=1.0)

    with engine.ready():
        for _ in range(3):
            engine.transcribe(AUDIO, hints=Hints("en"))
            time.sleep(0.4)

    assert len(api.arrivals) == 3
    assert api.connections == 1


@contextmanager
def listening(take: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve one connection with *take*, and give the address to call."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                take(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"
        thread.join(5)


def call_to(url: str, seconds: int = 2, *, limit: float = LIMIT) -> None:
    engine = OpenAIEngine("m", api_key=KEY, base_url=url, timeout_seconds=limit)
    with engine.ready():
        engine.transcribe(silence(seconds), hints=Hints("en"))


def held(over: threading.Event) -> None:
    over.wait(5)


def test_a_server_that_reads_nothing_ends_the_call_and_is_not_paid() -> None:
    over = threading.Event()
    with listening(lambda _: held(over)) as url:
        began = time.monotonic()
        with pytest.raises(EngineUnavailable, match="in time") as raised:
            call_to(url, seconds=600)
        over.set()

    assert time.monotonic() - began < LIMIT + 1.5
    assert not raised.value.may_be_billed


def test_a_server_that_reads_a_little_now_and_then_ends_at_the_deadline() -> None:
    over = threading.Event()

    def sip(connection: socket.socket) -> None:
        while not over.wait(0.05):
            connection.recv(2_000)

    with listening(sip) as url:
        began = time.monotonic()
        with pytest.raises(EngineUnavailable, match="in time"):
            call_to(url, seconds=600)
        over.set()

    assert time.monotonic() - began < LIMIT + 1.5


def test_a_read_that_begins_late_has_only_the_time_that_is_left() -> None:
    over = threading.Event()

    def late(connection: socket.socket) -> None:
        over.wait(0.9)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        over.wait(5)

    with listening(late) as url:
        began = time.monotonic()
        with pytest.raises(EngineUnavailable, match="in time"):
            call_to(url, limit=1.0)
        took = time.monotonic() - began
        over.set()

    assert took < 1.6


def test_a_reset_before_the_server_took_all_is_not_paid() -> None:
    """All was given to the system, which says how much of it the other side never took."""

    def cut(connection: socket.socket) -> None:
        connection.recv(100)
        time.sleep(0.3)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with listening(cut) as url, pytest.raises(EngineUnavailable, match="lost") as raised:
        call_to(url, seconds=20, limit=5)

    assert not raised.value.may_be_billed


def test_a_handshake_that_never_ends_is_over_at_the_deadline() -> None:
    over = threading.Event()
    with listening(lambda _: held(over)) as url:
        began = time.monotonic()
        with pytest.raises(EngineUnavailable, match="in time") as raised:
            call_to(url.replace("http:", "https:"))
        over.set()

    assert time.monotonic() - began < LIMIT + 1.5
    assert not raised.value.may_be_billed


@pytest.mark.parametrize(
    "fault", [faults.huge_body(64), faults.gzip_bomb(256)], ids=lambda fault: fault.name
)
def test_an_answer_without_end_is_cut_and_not_held(api: FakeApi, fault: Fault) -> None:
    transcribe(api)  # the first call imports
    api.next(fault)
    tracemalloc.start()
    try:
        with pytest.raises(AnswerUnusable, match="far longer") as raised:
            transcribe(api)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert raised.value.answer is not None
    assert len(raised.value.answer.body) == MOST_ANSWER_BYTES
    assert peak < 8 * MOST_ANSWER_BYTES


def test_an_answer_packed_although_none_was_asked_for_is_read(api: FakeApi) -> None:
    import gzip

    body = gzip.compress(b'{"text": "Order."}')
    api.answer = lambda _: Answer(200, body, {"Content-Encoding": "gzip"})

    heard = transcribe(api)

    assert [word.text for word in heard.words] == ["Order."]
    assert heard.answer is not None and heard.answer.body == b'{"text": "Order."}'


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "odd"])
def test_an_answer_that_is_not_packed_as_it_says_is_unusable_at_worst(
    api: FakeApi, encoding: str
) -> None:
    api.answer = lambda _: Answer(200, b"\x1f\x8b\x08" + bytes(90), {"Content-Encoding": encoding})

    with pytest.raises(AnswerUnusable):
        transcribe(api)
