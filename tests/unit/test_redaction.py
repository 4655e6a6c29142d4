"""No key is told or kept, whatever a server repeats and however it writes it."""

import base64
from urllib.parse import quote

import pytest

from tests.fake_api import Answer, FakeApi, error_answer
from tests.unit.hosted_kit import KEY, transcribe
from transcription.engines.base import EngineError
from transcription.engines.lost_calls import failure
from transcription.engines.openai_api import OpenAIEngine
from transcription.engines.redaction import redacted
from transcription.engines.replies import Reply


def written(key: str) -> list[str]:
    bearer = base64.b64encode(f"Bearer {key}".encode()).decode()
    return [key, quote(key, safe=""), base64.b64encode(key.encode()).decode(), bearer]


@pytest.mark.parametrize("before", ["", "a", "ab", "Bearer ", ":"])
def test_a_key_is_taken_out_however_it_is_written(before: str) -> None:
    text = " ".join(written(before + KEY)) + base64.urlsafe_b64encode(KEY.encode()).decode()

    clean = redacted(text, KEY)

    for form in written(KEY):
        assert form not in clean
    assert base64.b64encode(KEY.encode()).decode()[4:-4] not in clean
    for token in clean.replace("…", " ").split():
        assert len(token) < 24


def test_a_word_that_is_no_secret_stays() -> None:
    assert redacted("none of this", "none") == "none of this"
    assert redacted("nothing", None) == "nothing"


@pytest.mark.parametrize("status", [200, 401, 500, 429])
def test_a_key_that_a_server_repeats_is_not_kept(api: FakeApi, status: int) -> None:
    said = " ".join(written(KEY))
    api.answer = lambda _: Answer(status, said.encode(), {"x-request-id": KEY})

    with pytest.raises(EngineError) as raised:
        transcribe(api)

    kept = raised.value.answer
    assert kept is not None
    assert b"\xe2\x80\xa6" in kept.body
    for form in written(KEY)[:3]:
        assert form not in f"{raised.value!r} {kept!r} {kept.body!r} {kept.request_id}"


def pieces_of(key: str) -> set[str]:
    return {key[start : start + 12] for start in range(len(key) - 11)}


@pytest.mark.parametrize("padding", range(230, 300))
def test_no_piece_of_a_key_is_told_where_what_a_server_says_is_cut(padding: int) -> None:
    said = "x" * padding + KEY + "y" * 80
    engine = OpenAIEngine("m", api_key=KEY, base_url="http://h/v1", timeout_seconds=5)
    answers = [
        Reply(401, {}, error_answer(401, message=said).body),
        Reply(500, {}, said.encode()),
        Reply(307, {"location": f"http://{said}"}, b""),
    ]

    for reply in answers:
        with pytest.raises(EngineError) as raised:
            engine._judged(reply)
        assert not [piece for piece in pieces_of(KEY) if piece in str(raised.value)]
        assert len(str(raised.value)) < 600


@pytest.mark.parametrize("padding", range(230, 300))
def test_no_piece_of_a_key_is_told_where_an_exceptions_words_are_cut(padding: int) -> None:
    error = OSError("x" * padding + KEY + "y" * 80)

    told = str(failure(error, was_sent=True, key=KEY, timeout_seconds=1))

    assert not [piece for piece in pieces_of(KEY) if piece in told]
