"""The fake API misbehaves as told, and its log tells the truth."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.fake_api import (
    FakeApi,
    KnownRecording,
    SpokenWord,
    faults,
)
from tests.fake_api.asking import KEY, ask, wav
from tests.fake_api.recordings import counted_words, noise
from tests.fake_api.tls import self_signed

FULL = KnownRecording(noise(60), counted_words(60, speakers=2))
# 150 words, each 400 ms.


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as server:
        yield server


def samples(seconds: float, *, start: float = 0.0) -> bytes:
    return FULL.pcm[round(start * 16_000) * 2 : round((start + seconds) * 16_000) * 2]


def test_queued_faults_come_one_after_another_and_then_all_is_well(api: FakeApi) -> None:
    api.next(faults.rate_limited("nan"), times=2)
    api.next(faults.overloaded())

    answers = [ask(api) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [429, 429, 503, 200]
    assert [answer.headers.get("Retry-After") for answer in answers] == ["nan", "nan", None, None]
    assert [arrival.fault for arrival in api.arrivals] == ["rate_limited"] * 2 + ["overloaded", ""]
    assert [arrival.nth for arrival in api.arrivals] == [1, 2, 3, 4]


def test_a_seeded_plan_meets_the_same_sound_alike_and_ends_after_its_tries() -> None:
    shares = {faults.failed(500): 0.4, faults.rate_limited(): 0.3}

    def statuses(seed: int) -> list[int]:
        with FakeApi() as api:
            api.plan(faults.seeded(seed, shares, tries=3))
            return [ask(api, wav(noise(1, seed=n // 4))).status_code for n in range(24)]

    first, again, other = statuses(1), statuses(1), statuses(2)

    assert first == again != other
    assert set(first) == {200, 429, 500}
    assert set(first[3::4]) == {200}


@pytest.mark.parametrize(
    ("fault", "error", "outcome"),
    [
        (faults.reset_before_body(), (httpx2.ReadError, httpx2.RemoteProtocolError), "reset"),
        (faults.reset_after_body(), httpx2.ReadError, "reset"),
        (faults.reset_mid_answer(), httpx2.ReadError, "reset"),
        (faults.closed_after_body(), httpx2.RemoteProtocolError, "closed"),
        (faults.closed_mid_answer(), httpx2.RemoteProtocolError, "closed"),
        (faults.nothing_for_ever(), httpx2.ReadTimeout, "gone"),
        (faults.headers_then_nothing(), httpx2.ReadTimeout, "gone"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_broken_connection_is_seen_as_one(
    api: FakeApi, fault: faults.Fault, error: Any, outcome: str
) -> None:
    api.next(fault)

    with pytest.raises(error):
        ask(api, timeout=0.3)

    assert ask(api).status_code == 200
    assert api.arrivals[0].fault == fault.name
    assert api.arrivals[1].at_once == 1, "who hung up is not under way"
    api.calls.wait_for_ends(5)
    assert api.arrivals[0].outcome == outcome


@pytest.mark.parametrize("where", ["body", "headers"])
def test_a_dribble_outlasts_a_timeout_for_each_read(api: FakeApi, where: str) -> None:
    api.next(faults.dribble(period=0.01, where=where))

    answer = ask(api, timeout=0.2)

    arrival = api.arrivals[0]
    assert answer.status_code == 200
    assert arrival.ended and arrival.began and arrival.ended - arrival.began > 0.25


def test_a_server_that_is_stopped_refuses_and_comes_back(api: FakeApi) -> None:
    with api.stopped(), pytest.raises(httpx2.ConnectError):
        ask(api)

    assert ask(api).status_code == 200


def test_a_huge_body_is_as_long_as_it_says(api: FakeApi) -> None:
    api.next(faults.huge_body(3))

    assert len(ask(api).json()["text"]) == 3 << 20


def test_a_gzip_bomb_unpacks_to_a_thousand_times_its_size(api: FakeApi) -> None:
    api.next(faults.gzip_bomb(5))

    answer = ask(api)

    assert int(answer.headers["Content-Length"]) < 10_000
    assert len(answer.json()["text"]) == 5 << 20


def test_a_redirect_leads_to_a_server_that_hears_nothing(api: FakeApi) -> None:
    with FakeApi() as elsewhere:
        api.next(faults.redirect(307, f"{elsewhere.url}/audio/transcriptions"))

        assert ask(api).status_code == 307

        assert elsewhere.connections == 0
        ask(elsewhere)
        assert elsewhere.connections == 1


BENT = [
    (faults.ends_past_the_audio(), lambda s: s[-1]["end"] == 17),
    (faults.negative_times(), lambda s: all(item["start"] < 0 for item in s)),
    (faults.overlapping(), lambda s: any(a["end"] > b["start"] for a, b in zip(s, s[1:]))),  # noqa: B905, RUF007
    (faults.doubled(), lambda s: s[0] == s[1]),
    (faults.shuffled(), lambda s: sorted(i["start"] for i in s) != [i["start"] for i in s]),
    (faults.ends_before_starts(), lambda s: all(i["end"] < i["start"] for i in s)),
    (faults.infinite_times(), lambda s: s[-1]["end"] == float("inf")),
    (faults.nan_times(), lambda s: s[-1]["end"] != s[-1]["end"]),
    (faults.empty_text(), lambda s: s == []),
    (faults.tail_missing(), lambda s: s[-1]["end"] < 7),
    (faults.middle_missing(), lambda s: not any(4 < i["start"] < 8 for i in s)),
    (faults.loop(), lambda s: len(s) == 100),
    (faults.prompt_echo(), lambda s: [i.get("word", i["text"]) for i in s] == ["The", "title."]),
]


@pytest.mark.parametrize(("fault", "is_bent"), BENT, ids=lambda value: getattr(value, "name", ""))
def test_a_bent_answer_is_bent_as_its_name_says(
    api: FakeApi, fault: faults.Fault, is_bent: Any
) -> None:
    words = [SpokenWord(f"w{n}", n * 1000 + 100, n * 1000 + 300) for n in range(12)]
    api.answer = KnownRecording(FULL.pcm, words)
    form: dict[str, Any] = {
        "response_format": "verbose_json",
        "timestamp_granularities[]": ["word", "segment"],
        "prompt": "The title.",
    }
    honest = ask(api, wav(samples(12)), **form).json()
    api.next(fault)

    said = ask(api, wav(samples(12)), **form).json()

    assert not is_bent(honest["segments"])
    assert is_bent(said["segments"])
    assert len(said["segments"]) == len(said["words"])


def test_a_key_that_is_refused_on_command_is_repeated(api: FakeApi) -> None:
    api.next(faults.wrong_key())

    assert KEY in ask(api).text


def test_a_certificate_that_nobody_signed_is_refused_by_the_client(tmp_path: Path) -> None:
    with FakeApi(tls=self_signed(tmp_path)) as api:
        with pytest.raises(httpx2.ConnectError, match="self-signed"):
            ask(api)
        trusted = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
        assert httpx2.get(f"{api.url}/models", verify=trusted).status_code == 200

        assert api.arrivals == []
