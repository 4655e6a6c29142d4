"""The fake API keeps the vendor's limits, answers with what was said, and logs what came."""

from collections.abc import Iterator
from typing import Any

import httpx2
import numpy as np
import pytest

from tests.fake_api import (
    FakeApi,
    KnownRecording,
    Model,
)
from tests.fake_api.asking import KEY, ask, flac, wav
from tests.fake_api.limits import MOST_BYTES
from tests.fake_api.models import MODELS
from tests.fake_api.recordings import UnknownSound, counted_words, noise

FULL = KnownRecording(noise(60), counted_words(60, speakers=2))
# 150 words, each 400 ms.


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as server:
        yield server


def samples(seconds: float, *, start: float = 0.0) -> bytes:
    return FULL.pcm[round(start * 16_000) * 2 : round((start + seconds) * 16_000) * 2]


LONG = wav(bytes(16_000 * 2 * 1_401))
REFUSED: list[tuple[dict[str, Any], tuple[int, str | None, str | None]]] = [
    ({"model": "nothing-1"}, (404, "model_not_found", None)),
    ({"model": ""}, (400, None, None)),
    ({"name": "chunk.xyz"}, (400, None, "file")),
    ({"name": "chunk.flac"}, (400, None, "file")),
    ({"file": b"RIFF and nothing else"}, (400, None, "file")),
    ({"file": b""}, (400, None, "file")),
    ({"file": wav(bytes(3_198))}, (400, "audio_too_short", "file")),
    ({"file": LONG, "model": "gpt-4o-transcribe"}, (413, None, None)),
    (
        {"model": "gpt-transcribe", "response_format": "verbose_json"},
        (400, "unsupported_value", "response_format"),
    ),
    ({"response_format": "diarized_json"}, (400, "unsupported_value", "response_format")),
    ({"language": "en", "languages[]": ["en"]}, (400, "invalid_value", "languages")),
    (
        {"model": "gpt-transcribe", "keywords[]": ["Grassley", "a <b>"]},
        (400, "invalid_value", "keywords"),
    ),
    ({"model": "gpt-transcribe", "keywords": "a\r\nb"}, (400, "invalid_value", "keywords")),
    (
        {"model": "gpt-4o-transcribe-diarize", "prompt": "Senate"},
        (400, "unsupported_parameter", "prompt"),
    ),
    (
        {"model": "gpt-4o-transcribe-diarize", "keywords[]": ["Senate"]},
        (400, "unsupported_parameter", "keywords"),
    ),
    (
        {"model": "gpt-4o-transcribe-diarize", "file": wav(noise(31))},
        (400, "invalid_value", "chunking_strategy"),
    ),
    (
        {"model": "gpt-4o-transcribe-diarize", "known_speaker_names[]": list("ABCDE")},
        (400, "invalid_value", "known_speaker_names"),
    ),
]


@pytest.mark.parametrize(("request_", "expected"), REFUSED)
def test_what_the_vendor_refuses_is_refused_in_its_shape(
    api: FakeApi, request_: dict[str, Any], expected: tuple[int, str | None, str | None]
) -> None:
    answer = ask(api, **request_)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == expected
    assert error["message"] and set(error) == {"message", "type", "param", "code"}
    assert [arrival.status for arrival in api.arrivals] == [expected[0]]


def test_what_the_vendor_takes_or_ignores_is_answered(api: FakeApi) -> None:
    taken: list[dict[str, Any]] = [
        {"file": wav(bytes(3_200))},
        {"unheard_of": "x", "keywords[]": ["a <b>"]},
        {"model": "gpt-transcribe", "language": "en"},
        {"model": "gpt-4o-transcribe-diarize", "file": wav(noise(30))},
        {
            "model": "gpt-4o-transcribe-diarize",
            "file": wav(noise(31)),
            "chunking_strategy": "auto",
            "response_format": "diarized_json",
        },
    ]

    assert [ask(api, **request).status_code for request in taken] == [200] * 5


def test_a_sound_of_more_than_1400_seconds_is_refused_by_the_models_that_do(api: FakeApi) -> None:
    silence = flac(bytes(16_000 * 2 * 1_401))

    new = ask(api, silence, "chunk.flac", model="gpt-4o-transcribe")
    old = ask(api, silence, "chunk.flac", model="whisper-1")

    assert (new.status_code, old.status_code) == (400, 200)
    assert "longer than 1400 seconds" in new.json()["error"]["message"]


def test_the_whole_request_may_have_26214400_bytes_and_no_more(api: FakeApi) -> None:
    def of_so_many(size: int) -> httpx2.Response:
        frame = 'Content-Disposition: form-data; name="{}"{}\r\n\r\n'
        front = f"--b\r\n{frame.format('model', '')}whisper-1\r\n--b\r\n"
        front += frame.format("file", '; filename="a.wav"')
        sound = wav(bytes(26_000_000))
        room = size - len(front) - len(sound) - len("\r\n--b--")
        body = front.encode() + sound + bytes(room) + b"\r\n--b--"
        assert len(body) == size
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        return httpx2.post(f"{api.url}/audio/transcriptions", content=body, headers=kind)

    assert of_so_many(MOST_BYTES).status_code == 200
    assert of_so_many(MOST_BYTES + 1).status_code == 413


def test_a_wrong_key_is_refused_and_repeated_in_full() -> None:
    with FakeApi(known_key="sk-right") as api:
        answer = ask(api)
        models = httpx2.get(f"{api.url}/models", headers={"Authorization": "Bearer sk-right"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
    assert KEY in answer.json()["error"]["message"]
    assert [model["id"] for model in models.json()["data"]] == list(MODELS)


def test_a_model_tells_when_it_is_shut_down_and_is_no_arrival(api: FakeApi) -> None:
    old, new, none = (
        httpx2.get(f"{api.url}/models/{name}") for name in ("whisper-1", "gpt-transcribe", "none")
    )

    assert old.json()["shutdown_date"] == "2027-02-26"
    assert "shutdown_date" not in new.json()
    assert (none.status_code, none.json()["error"]["code"]) == (404, "model_not_found")
    assert (len(api.arrivals), len(api.lookups)) == (0, 3)


def test_another_server_may_do_what_the_vendor_does_not(api: FakeApi) -> None:
    api.models["local-1"] = Model("local-1", formats=("json", "verbose_json"))
    api.models["local-2"] = Model("local-2", formats=("json",))

    able, unable = (
        ask(api, model=name, response_format="verbose_json") for name in ("local-1", "local-2")
    )

    assert (able.status_code, unable.status_code) == (200, 400)
    assert able.json()["segments"]


@pytest.mark.parametrize("pack", [wav, flac])
def test_a_slice_is_answered_with_the_words_whose_middle_is_in_it(api: FakeApi, pack: Any) -> None:
    api.answer = FULL
    name = f"chunk.{pack.__name__}"
    padded = bytes(1_000) + samples(4.01, start=10.19) + bytes(2_222)

    texts = [
        ask(api, pack(sound), name, model="gpt-transcribe").json()["text"]
        for sound in (samples(60), samples(4.01, start=10.19), padded, bytes(64_000))
    ]

    some = " ".join(f"w{number}" for number in range(25, 35))
    assert texts == [FULL.text, some, some, ""]


def test_the_times_are_the_slices_own(api: FakeApi) -> None:
    api.answer = FULL
    both: dict[str, Any] = {"timestamp_granularities[]": ["word", "segment"]}
    pad = bytes(32_000)

    said = ask(api, wav(pad + samples(8, start=20)), response_format="verbose_json", **both).json()

    assert said["words"][0] == {"word": "w50", "start": 1.04, "end": 1.36}
    assert said["duration"] == 9.0
    assert said["usage"] == {"type": "duration", "seconds": 9}
    assert " ".join(segment["text"].strip() for segment in said["segments"]) == said["text"]


def test_speakers_are_named_anew_in_each_request(api: FakeApi) -> None:
    api.answer = FULL
    form: dict[str, Any] = {
        "model": "gpt-4o-transcribe-diarize",
        "response_format": "diarized_json",
    }

    turns = [
        [segment["speaker"] for segment in ask(api, wav(slice_), **form).json()["segments"]]
        for slice_ in (samples(16, start=0), samples(16, start=8))
    ]

    assert turns == [["A", "B"], ["A", "B"]]


def test_a_text_of_more_than_2000_tokens_is_cut_without_a_word(api: FakeApi) -> None:
    words = counted_words(60, each_ms=30)
    api.answer = KnownRecording(FULL.pcm, words)

    cut, whole = (
        ask(api, wav(FULL.pcm), model=model)
        for model in ("gpt-4o-mini-transcribe", "gpt-transcribe")
    )

    assert (cut.status_code, len(cut.json()["text"].split())) == (200, 1_538)
    assert len(whole.json()["text"].split()) == len(words) == 2_000
    assert cut.json()["usage"]["output_tokens"] == 2_000


def test_a_sound_that_is_no_slice_is_told_loudly() -> None:
    api = FakeApi()
    api.answer = FULL
    api.start()

    status = ask(api).status_code

    assert status == 500
    with pytest.raises(UnknownSound):
        api.__exit__(None, None, None)


def test_a_sound_changed_by_one_sample_is_no_slice() -> None:
    changed = np.frombuffer(samples(5, start=3), "<i2").copy()
    changed[-7] += 1 if changed[-7] + 1 else 2

    assert FULL.heard_in(samples(5, start=3))
    with pytest.raises(UnknownSound):
        FULL.heard_in(changed.tobytes())
