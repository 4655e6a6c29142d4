from collections.abc import Iterator

import pytest

from hearings.spans import Span
from tests.fake_api import Answer, FakeApi, error_answer, text_answer
from transcription.engines.base import (
    AccessRefused,
    AnswerUnusable,
    AudioRejected,
    AudioSlice,
    EngineBusy,
    EngineError,
    EngineUnavailable,
    Hints,
    Transcription,
)
from transcription.engines.openai_api import OpenAIEngine

KEY = "sk-a-key-that-must-stay-secret"
AUDIO = AudioSlice(pcm=bytes(range(250)) * 256, span=Span(60_000, 62_000))
# Two seconds: 64,000 bytes.


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as server:
        yield server


def transcribe(
    api: FakeApi,
    model: str = "gpt-transcribe",
    *,
    api_key: str | None = KEY,
    timeout_seconds: float = 30,
) -> Transcription:
    engine = OpenAIEngine(model, api_key=api_key, base_url=api.url, timeout_seconds=timeout_seconds)
    with engine.ready():
        return engine.transcribe(AUDIO, hints=Hints(language="en"))


def test_the_request_holds_the_audio_complete_and_what_to_do_with_it(api: FakeApi) -> None:
    transcribe(api)

    (arrival,) = api.arrivals
    assert arrival.path == "/v1/audio/transcriptions"
    assert arrival.authorization == f"Bearer {KEY}"
    assert arrival.fields["model"] == ["gpt-transcribe"]
    assert arrival.fields["response_format"] == ["json"]
    assert arrival.upload.file_name == "chunk.wav"
    assert arrival.upload.content_type == "audio/wav"
    assert arrival.upload.pcm == AUDIO.pcm
    assert arrival.upload.format == (1, 2, 16_000)
    assert arrival.upload.duration_ms == 2_000
    assert len(arrival.upload.file) == 44 + len(AUDIO.pcm)


def test_a_model_gets_the_language_in_the_field_that_it_reads(api: FakeApi) -> None:
    transcribe(api, "gpt-transcribe")
    transcribe(api, "whisper-1")

    new, old = (arrival.fields for arrival in api.arrivals)
    assert new.get("languages[]", new.get("languages")) == ["en"]
    assert "language" not in new
    assert old["language"] == ["en"]
    assert not {"languages", "languages[]"} & set(old)


def test_the_words_are_the_answers_with_estimated_times_in_the_slice(api: FakeApi) -> None:
    api.answer = lambda _: text_answer("The committee\nwill come to order.")

    words = transcribe(api).words

    assert " ".join(word.text for word in words) == "The committee will come to order."
    assert words[0].start_ms == 0
    assert words[-1].end_ms == 2_000
    assert {word.timing for word in words} == {"estimated"}


def test_a_silence_is_no_words(api: FakeApi) -> None:
    api.answer = lambda _: text_answer("")

    assert transcribe(api).words == ()


FAILURES = [
    (error_answer(400), AudioRejected),
    (error_answer(413), AudioRejected),
    (error_answer(415), AudioRejected),
    (error_answer(401, code="invalid_api_key"), AccessRefused),
    (error_answer(402), AccessRefused),
    (error_answer(403, code="unsupported_country_region_territory"), AccessRefused),
    (error_answer(404, code="model_not_found"), AccessRefused),
    (error_answer(429, code="insufficient_quota"), AccessRefused),
    (error_answer(429, code="credit_balance_exhausted"), AccessRefused),
    (error_answer(429, code="project_spend_limit_exceeded"), AccessRefused),
    (error_answer(429, code="rate_limit_exceeded"), EngineBusy),
    (error_answer(429), EngineBusy),
    (error_answer(503, code="server_is_overloaded"), EngineBusy),
    (error_answer(408), EngineUnavailable),
    (error_answer(409), EngineUnavailable),
    (error_answer(500), EngineUnavailable),
    (error_answer(502), EngineUnavailable),
    (Answer(502, b"<html>Bad Gateway</html>"), EngineUnavailable),
    (Answer(200, b'{"text": "The committ'), AnswerUnusable),
    (Answer(200, b""), AnswerUnusable),
    (Answer(200, b"plain text"), AnswerUnusable),
    (Answer(200, b"[]"), AnswerUnusable),
    (Answer(200, b"{}"), AnswerUnusable),
    (Answer(200, b'{"text": null}'), AnswerUnusable),
    (Answer(200, b"\xff\xfe\x00"), AnswerUnusable),
    (Answer(200, b'{"text": "The', length=500), EngineUnavailable),
]


@pytest.mark.parametrize(("answer", "expected"), FAILURES)
def test_each_failure_has_its_class_and_is_sent_once(
    api: FakeApi, answer: Answer, expected: type[EngineError]
) -> None:
    api.answer = lambda _: answer

    with pytest.raises(expected) as raised:
        transcribe(api)

    assert type(raised.value) is expected
    assert len(api.arrivals) == 1
    assert KEY not in str(raised.value)


def test_a_key_that_the_server_repeats_is_not_passed_on(api: FakeApi) -> None:
    api.answer = lambda _: error_answer(
        401, code="invalid_api_key", message=f"Incorrect API key provided: {KEY}."
    )

    with pytest.raises(AccessRefused) as raised:
        transcribe(api)

    assert "Incorrect API key" in str(raised.value)
    assert KEY not in str(raised.value)


def test_a_redirect_is_not_followed(api: FakeApi) -> None:
    with FakeApi() as elsewhere:
        api.answer = lambda _: Answer(
            307, b"", {"Location": f"{elsewhere.url}/audio/transcriptions"}
        )

        with pytest.raises(AccessRefused):
            transcribe(api)

        assert elsewhere.arrivals == []


def test_an_engine_that_does_not_answer_in_time_is_unavailable(api: FakeApi) -> None:
    api.hold()

    with pytest.raises(EngineUnavailable, match="in time"):
        transcribe(api, timeout_seconds=0.2)

    assert len(api.arrivals) == 1


def test_an_engine_that_is_not_there_is_unavailable() -> None:
    with FakeApi() as api:
        pass

    with pytest.raises(EngineUnavailable, match="could not be reached"):
        transcribe(api)


def test_without_a_key_only_a_server_of_ones_own_may_be_asked(api: FakeApi) -> None:
    transcribe(api, api_key=None)

    with pytest.raises(AccessRefused, match="OPENAI_API_KEY"):
        OpenAIEngine("m", api_key=None, base_url=None, timeout_seconds=1).check()


def test_a_call_outside_the_block_that_readies_the_engine_is_a_mistake() -> None:
    engine = OpenAIEngine("m", api_key=KEY, base_url=None, timeout_seconds=1)

    with pytest.raises(RuntimeError, match="outside"):
        engine.transcribe(AUDIO, hints=Hints(language="en"))
