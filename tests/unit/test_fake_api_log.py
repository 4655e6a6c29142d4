"""The fake API's log tells the truth, and its window check finds what is planted."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from django.conf import settings

from tests.fake_api import (
    Answer,
    Arrival,
    FakeApi,
    KnownRecording,
    Quota,
    error_answer,
)
from tests.fake_api.arrivals import read_log, windows_over
from tests.fake_api.asking import KEY, ask, wav
from tests.fake_api.audio import Upload
from tests.fake_api.recordings import counted_words, noise

FULL = KnownRecording(noise(60), counted_words(60, speakers=2))
# 150 words, each 400 ms.


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as server:
        yield server


def samples(seconds: float, *, start: float = 0.0) -> bytes:
    return FULL.pcm[round(start * 16_000) * 2 : round((start + seconds) * 16_000) * 2]


def test_a_quota_is_kept_and_told(api: FakeApi) -> None:
    api.enforce(Quota(requests=2, per_seconds=60))

    answers = [ask(api) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [a.headers["x-ratelimit-remaining-requests"] for a in answers] == ["1", "0", "0"]
    assert 58 <= int(answers[2].headers["Retry-After"]) <= 60


def arrivals_at(*times: float) -> list[Arrival]:
    one = Arrival(0, 0, "", "", Upload(), 1)
    return [replace(one, at=at) for at in times]


def test_a_window_that_holds_one_too_many_is_found_and_one_that_is_full_is_not() -> None:
    full = [0, 0, 0, 1, 2, 3, 10, 11, 11, 11]
    # 3 at once and 1 a second: with no slack, no window of it has room for one more.

    assert windows_over(arrivals_at(*full), 3, 1, slack=0) == []

    for planted in (0.0, 0.5, 2.99, 11.0):
        (crowding, *_) = windows_over(arrivals_at(planted, *full), 3, 1, slack=0)
        assert crowding.count > crowding.allowed
        assert crowding.start <= planted <= crowding.end


def test_the_window_check_agrees_with_looking_at_every_pair() -> None:
    random = np.random.default_rng(3)
    for _ in range(200):
        times = sorted(random.uniform(0, 5, 12).tolist())
        over = [
            end
            for last, end in enumerate(times)
            if any(
                last - first + 1 > 3 + 1.5 * (end - times[first] + 0.25)
                for first in range(last + 1)
            )
        ]

        assert [found.end for found in windows_over(arrivals_at(*times), 3, 1.5)] == over


def test_a_server_of_its_own_process_logs_each_call_and_ends_when_told(tmp_path: Path) -> None:
    sound, script = FULL.save(tmp_path)
    log = tmp_path / "calls.jsonl"
    command = [sys.executable, "-m", "tests.fake_api", "--log", str(log), "--known-key", KEY]
    command += ["--recording", str(sound), "--script", str(script), "--delay", "0.05"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=settings.BASE_DIR
    ) as server:
        assert server.stdout
        api = RemoteApi(server.stdout.readline().strip())
        before = time.monotonic()
        api.tell("next", fault="failed:500")
        texts = [ask(api, wav(samples(4))).text for _ in range(2)]
        server.send_signal(signal.SIGTERM)
        code = server.wait(10)

    calls = read_log(log)
    assert code == 0
    assert json.loads(texts[1])["text"] == " ".join(f"w{number}" for number in range(10))
    assert [(call.status, call.fault, call.nth, call.outcome) for call in calls] == [
        (500, "failed_500", 1, "sent"),
        (200, "", 2, "sent"),
    ]
    assert before < calls[0].at < calls[1].at < time.monotonic()
    assert {call.key for call in calls} == {KEY}


@dataclass
class RemoteApi:
    """A server in another process."""

    url: str

    def tell(self, what: str, **value: Any) -> None:
        address = self.url.replace("/v1", f"/fake/{what}")
        assert httpx2.post(address, json=value).status_code == 200


def test_a_client_that_hangs_up_ends_its_call(api: FakeApi) -> None:
    api.hold()

    with pytest.raises(httpx2.ReadTimeout):
        ask(api, timeout=0.2)
    with pytest.raises(httpx2.ReadTimeout):
        ask(api, timeout=0.2)

    assert api.most_at_once == 1
    api.let_go()
    assert ask(api).status_code == 200


def test_a_call_that_the_end_of_the_server_cuts_off_is_in_its_log(tmp_path: Path) -> None:
    log = tmp_path / "calls.jsonl"
    with FakeApi(log=log) as api, ThreadPoolExecutor() as clients:
        api.hold()
        answer = clients.submit(ask, api)
        api.wait_for(1)
        api.stop()

        assert isinstance(answer.exception(), httpx2.TransportError)

    (call,) = read_log(log)
    assert (call.outcome, call.status) == ("stopped", None)


def test_an_answer_of_the_tests_own_is_given_as_it_is(api: FakeApi) -> None:
    api.answer = lambda _: error_answer(418, code="teapot")
    refused = ask(api)
    api.answer = lambda _: Answer(200, b"short", length=500)

    assert refused.json()["error"]["code"] == "teapot"
    with pytest.raises(httpx2.RemoteProtocolError):
        ask(api)
