"""One call: what is sent, what comes of it, and what is told to nobody."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hearings.spans import Span
from tests.fake_api import Answer, FakeApi, error_answer, faults, text_answer
from tests.fake_api.recordings import KnownRecording, counted_words, noise
from tests.fake_api.refusals import Fault
from tests.unit.hosted_kit import AUDIO, KEY, engine_at, transcribe
from transcription.engines.base import (
    AccessRefused,
    AnswerUnusable,
    AudioSlice,
    EngineError,
    EngineUnavailable,
    Hints,
)
from transcription.engines.openai_api import OpenAIEngine

ROOT = Path(__file__).resolve().parents[2]


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
    assert new["languages[]"] == ["en"]
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


def test_the_answer_is_kept_as_it_came(api: FakeApi) -> None:
    came = text_answer("Order.")
    api.answer = lambda _: came

    answer = transcribe(api).answer

    assert answer is not None
    assert (answer.status, answer.body) == (200, came.body)


def test_what_the_call_cost_is_read(api: FakeApi) -> None:
    sound = KnownRecording(noise(2), counted_words(2))
    api.answer = sound
    audio = AudioSlice(sound.pcm, Span(0, 2_000))

    assert transcribe(api, audio=audio).usage.audio_ms == 2_000
    assert transcribe(api, "gpt-4o-transcribe", audio=audio).usage.tokens


UNUSABLE = [
    faults.cut_json(),
    faults.empty_body(),
    faults.html_with_200(),
    faults.not_text(),
    faults.list_body(),
    faults.text_null(),
    faults.text_missing(),
    faults.text_nan(),
    faults.deep_body(),
]


@pytest.mark.parametrize("fault", UNUSABLE, ids=lambda fault: fault.name)
def test_an_unusable_answer_is_kept_and_asked_for_once(api: FakeApi, fault: Fault) -> None:
    api.next(fault)

    with pytest.raises(AnswerUnusable) as raised:
        transcribe(api)

    assert raised.value.may_be_billed
    assert raised.value.answer is not None and raised.value.answer.status == 200
    assert len(api.arrivals) == 1


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
def test_the_client_sends_nothing_twice_by_itself(api: FakeApi, status: int) -> None:
    api.answer = lambda _: error_answer(status, headers={"x-should-retry": "true"})

    with pytest.raises(EngineError):
        transcribe(api)

    assert len(api.arrivals) == 1


def test_a_redirect_is_not_followed(api: FakeApi) -> None:
    with FakeApi() as elsewhere:
        api.answer = lambda _: Answer(
            307, b"", {"Location": f"{elsewhere.url}/audio/transcriptions"}
        )

        with pytest.raises(AccessRefused):
            transcribe(api)

        assert elsewhere.connections == 0


def test_one_call_that_failed_leaves_nothing_to_the_next(api: FakeApi) -> None:
    engine = engine_at(api)
    api.next(faults.reset_after_body())

    with engine.ready():
        with pytest.raises(EngineUnavailable):
            engine.transcribe(AUDIO, hints=Hints("en"))
        heard = engine.transcribe(AUDIO, hints=Hints("en"))

    assert heard.answer is not None


def test_without_a_key_only_a_server_of_ones_own_may_be_asked(api: FakeApi) -> None:
    transcribe(api, api_key=None)

    with pytest.raises(AccessRefused, match="OPENAI_API_KEY"):
        OpenAIEngine("m", api_key=None, base_url=None, timeout_seconds=1).check()


def test_without_a_model_none_can_be_asked() -> None:
    with pytest.raises(AccessRefused, match="OPENAI_TRANSCRIPTION_MODEL"):
        OpenAIEngine("", api_key=KEY, base_url=None, timeout_seconds=1).check()


def test_a_call_outside_the_block_that_readies_the_engine_is_a_mistake() -> None:
    engine = OpenAIEngine("m", api_key=KEY, base_url=None, timeout_seconds=1)

    with pytest.raises(RuntimeError, match="outside"):
        engine.transcribe(AUDIO, hints=Hints(language="en"))


def test_a_proxy_of_the_environment_is_used(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake server takes the proxy's place: it sees the whole address that is asked for."""
    monkeypatch.setenv("http_proxy", api.url.removesuffix("/v1"))
    monkeypatch.setenv("no_proxy", "")
    engine = OpenAIEngine(
        "gpt-transcribe", api_key=KEY, base_url="http://nowhere.invalid/v1", timeout_seconds=5
    )

    with engine.ready(), pytest.raises(EngineError):
        engine.transcribe(AUDIO, hints=Hints("en"))

    assert api.connections == 1


TALK = """
import django, logging
django.setup()
from tests.fake_api import FakeApi, faults
from tests.unit.hosted_kit import KEY, engine_at, transcribe
from transcription.engines.base import EngineError
logging.getLogger("ours").debug("we are heard")
with FakeApi(known_key=KEY) as api:
    transcribe(api)
    engine_at(api).examine()
    api.next(faults.wrong_key())
    try:
        transcribe(api)
    except EngineError:
        logging.getLogger("ours").exception("refused")
"""


@pytest.mark.parametrize("vendors_switch", ["debug", ""])
def test_the_key_is_in_no_log_even_when_everything_is_logged(vendors_switch: str) -> None:
    environment = {
        **os.environ,
        "LOG_LEVEL": "DEBUG",
        "OPENAI_LOG": vendors_switch,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PYTHONPATH": str(ROOT),
    }

    ran = subprocess.run(
        [sys.executable, "-c", TALK], cwd=ROOT, env=environment, capture_output=True, check=True
    )

    said = (ran.stdout + ran.stderr).decode()
    assert "we are heard" in said
    assert "AccessRefused" in said
    assert KEY not in said
    for talkative in ("[openai", "[httpx2", "[httpcore2", "Sending HTTP Request"):
        assert talkative not in said


def test_the_engines_are_known_without_the_vendors_client() -> None:
    code = (
        "import sys, transcription.engines.openai_api; print({'openai', 'httpx2'} & {*sys.modules})"
    )

    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)

    assert ran.stdout.strip() == b"set()"
