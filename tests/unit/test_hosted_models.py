import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fake_api import Answer, FakeApi, Model, error_answer, faults, text_answer
from tests.fake_api.arrivals import Arrival
from tests.fake_api.models import MODELS
from tests.unit.hosted_kit import AUDIO, KEY, engine_at, silence, transcribe
from transcription.engines.base import (
    AccessRefused,
    AskedWrongly,
    AudioRejected,
    EngineError,
    EngineUnavailable,
    Hints,
)
from transcription.engines.hosted_models import (
    KNOWN,
    LONGEST_KEYWORD,
    LONGEST_PROMPT,
    MOST_KEYWORDS,
    clean_keywords,
    hosted_model,
)
from transcription.engines.openai_api import Forgetful, OpenAIEngine
from transcription.engines.replies import Reply

NAMES = ("<Grassley>", "Cornyn\r\n", "S. 1", "S. 1", "  ")


def other_server(api: FakeApi, *formats: str) -> None:
    api.models["mine"] = Model("mine", formats=formats, reads=frozenset({"language"}))


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_every_known_model_takes_what_it_is_asked(api: FakeApi, name: str) -> None:
    heard = transcribe(api, name, audio=silence(40), keywords=NAMES)

    assert len(heard.words) == 2 * 40  # two a second
    assert heard.flags == ()


def test_every_model_of_the_vendor_is_known() -> None:
    assert set(KNOWN) == set(MODELS)


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_no_model_gets_more_audio_than_it_takes(name: str) -> None:
    most = hosted_model(name).most_ms
    assert most is not None
    assert most <= MODELS[name].longest_seconds * 1000
    # Three words a second is fast; 1.3 tokens a word is much.
    assert most / 1000 * 3 * 1.3 < MODELS[name].most_output_tokens


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("gpt-transcribe", "keywords[]", ["Grassley", "Cornyn", "S. 1"]),
        ("whisper-1", "prompt", ["Grassley, Cornyn, S. 1"]),
        ("gpt-4o-transcribe", "prompt", ["Grassley, Cornyn, S. 1"]),
    ],
)
def test_names_go_where_the_model_reads_them(
    api: FakeApi, name: str, field: str, value: list[str]
) -> None:
    transcribe(api, name, keywords=NAMES)

    assert api.arrivals[0].fields[field] == value


@pytest.mark.parametrize("name", [*KNOWN, "mine"])
def test_nothing_is_said_before_nothing_is_known(name: str) -> None:
    assert not {"prompt", "keywords"} & set(hosted_model(name).form(Hints("en")))


def test_voices_are_told_apart_without_any_hint(api: FakeApi) -> None:
    heard = transcribe(api, "gpt-4o-transcribe-diarize", audio=silence(40), keywords=NAMES)

    fields = api.arrivals[0].fields
    assert (fields["chunking_strategy"], fields["response_format"]) == (["auto"], ["diarized_json"])
    assert not {"prompt", "keywords[]"} & set(fields)
    assert {word.speaker for word in heard.words} == {"A"}


def test_words_and_segments_are_both_asked_for_where_there_are_any(api: FakeApi) -> None:
    words = transcribe(api, "whisper-1").words

    assert api.arrivals[0].fields["timestamp_granularities[]"] == ["segment", "word"]
    times = [(word.start_ms, word.end_ms) for word in words]
    assert times == [(0, 200), (200, 900), (1000, 1200), (1200, 1900)]
    assert {word.timing for word in words} == {"engine"}


@given(st.lists(st.text(max_size=90), max_size=120))
def test_keywords_never_hold_what_rejects_a_request(keywords: list[str]) -> None:
    clean = list(clean_keywords(keywords))

    assert not set("<>\r\n\0") & set("".join(clean))
    assert len(clean) == len(set(clean)) <= MOST_KEYWORDS
    assert all(0 < len(keyword) <= LONGEST_KEYWORD for keyword in clean)
    prompt = hosted_model("whisper-1").form(Hints("en", tuple(keywords))).get("prompt", "")
    assert len(prompt) <= LONGEST_PROMPT


def test_without_a_language_none_is_named() -> None:
    assert not {"language", "languages"} & set(hosted_model("gpt-transcribe").form(Hints("")))


# Prices ----------------------------------------------------------------------------------------


def price(model: str, told: Decimal | None = None, base_url: str | None = None) -> Decimal | None:
    engine = OpenAIEngine(
        model, api_key=KEY, base_url=base_url, timeout_seconds=1, usd_per_minute=told
    )
    return engine.capabilities.usd_per_minute


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/v1", "https://x.example/v1", "http://[::1"])
def test_the_vendors_price_is_not_another_servers(url: str) -> None:
    assert price("whisper-1", base_url=url) is None
    assert price("whisper-1", Decimal("0.001"), url) == Decimal("0.001")


def test_the_vendors_own_address_has_the_vendors_price() -> None:
    assert price("whisper-1", base_url="https://api.openai.com/v1") == Decimal("0.006")
    assert price("whisper-1", base_url="") == Decimal("0.006")


def test_a_price_is_the_published_one_the_settings_one_or_none() -> None:
    assert price("gpt-transcribe") == Decimal("0.0045")
    assert price("gpt-transcribe", Decimal(0)) == Decimal(0)
    assert price("gpt-4o-transcribe-diarize") is None
    assert price("mine") is None
    assert price("mine", Decimal("0.01")) == Decimal("0.01")


# Other servers ---------------------------------------------------------------------------------


def test_a_model_that_nobody_knows_is_asked_for_times(api: FakeApi) -> None:
    other_server(api, "json", "verbose_json")

    words = transcribe(api, "mine").words

    assert api.arrivals[0].first("response_format") == "verbose_json"
    assert {word.timing for word in words} == {"engine"}


def test_a_server_without_times_is_asked_for_text_from_then_on(api: FakeApi) -> None:
    other_server(api, "json")
    traits = Forgetful()
    engine = engine_at(api, "mine", traits=traits)

    with engine.ready():
        with pytest.raises(AskedWrongly):
            engine.transcribe(silence(2), hints=Hints("en"))
        again = engine.transcribe(silence(2), hints=Hints("en"))

    assert traits.response_format() == "json"
    assert [arrival.first("response_format") for arrival in api.arrivals] == [
        "verbose_json",
        "json",
    ]
    assert "timestamp_granularities[]" not in api.arrivals[1].fields
    assert len(again.words) == 2 * 2


def test_a_server_that_takes_neither_needs_a_person(api: FakeApi) -> None:
    other_server(api, "srt")
    engine = engine_at(api, "mine", traits=Forgetful("json"))

    with engine.ready(), pytest.raises(AccessRefused, match="does not take our request"):
        engine.transcribe(silence(2), hints=Hints("en"))


def test_a_server_that_names_the_field_in_a_422_is_understood(api: FakeApi) -> None:
    detail = {"detail": [{"loc": ["body", "response_format"], "msg": "Input should be 'json'"}]}
    api.answer = lambda _: Answer(422, json.dumps(detail).encode())
    other_server(api, "verbose_json")

    with pytest.raises(AskedWrongly):
        transcribe(api, "mine")


@pytest.mark.parametrize(
    "refusal",
    [
        error_answer(400, message="Bad request."),
        error_answer(422),
        error_answer(400, kind="invalid_request_error", param="body"),
        Answer(400, b""),
    ],
)
def test_a_server_that_does_not_say_what_it_minds_is_asked_for_text_once(
    api: FakeApi, refusal: Answer
) -> None:
    api.answer = lambda arrival: (
        refusal if arrival.first("response_format") == "verbose_json" else text_answer("one two")
    )
    other_server(api, "json", "verbose_json")
    engine = engine_at(api, "mine", traits=Forgetful())

    with engine.ready():
        with pytest.raises(AskedWrongly):
            engine.transcribe(AUDIO, hints=Hints("en"))
        assert len(engine.transcribe(AUDIO, hints=Hints("en")).words) == 2
        api.answer = lambda _: refusal
        with pytest.raises((AudioRejected, AccessRefused)):
            engine.transcribe(AUDIO, hints=Hints("en"))


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (error_answer(400, param="file"), AudioRejected),
        (error_answer(400, code="audio_too_short"), AudioRejected),
        (error_answer(400, message="The file is too large."), AudioRejected),
        (error_answer(400, message="Your billing is not active."), AccessRefused),
        (error_answer(400, param="language"), AccessRefused),
        (error_answer(401), AccessRefused),
    ],
)
def test_a_complaint_of_something_else_teaches_nothing_of_forms(
    api: FakeApi, refusal: Answer, error: type[EngineError]
) -> None:
    api.answer = lambda _: refusal
    other_server(api, "json", "verbose_json")
    traits = Forgetful()
    engine = engine_at(api, "mine", traits=traits)

    with engine.ready(), pytest.raises(error):
        engine.transcribe(AUDIO, hints=Hints("en"))

    assert traits.response_format() == ""


@pytest.mark.parametrize(
    ("complaint", "error"),
    [
        (error_answer(400, message="Bad request."), AudioRejected),
        (error_answer(400, param="response_format"), EngineUnavailable),
    ],
)
def test_a_server_that_gave_times_once_is_asked_for_them_whatever_it_says_later(
    api: FakeApi, complaint: Answer, error: type[EngineError]
) -> None:
    other_server(api, "json", "verbose_json")
    traits = Forgetful()
    engine = engine_at(api, "mine", traits=traits)

    with engine.ready():
        engine.transcribe(AUDIO, hints=Hints("en"))
        assert traits.response_format() == "verbose_json"
        api.next(faults.said("stray", complaint))
        with pytest.raises(error):
            engine.transcribe(AUDIO, hints=Hints("en"))
        again = engine.transcribe(AUDIO, hints=Hints("en"))

    assert {word.timing for word in again.words} == {"engine"}


def test_what_is_learned_during_a_call_does_not_make_it_one_for_text(api: FakeApi) -> None:
    """Two workers ask a new server at once: what the first one learns is news to the second."""
    traits = Forgetful()
    engine = engine_at(api, "mine", traits=traits)

    def answer(_: Arrival) -> Answer:
        traits.learn_response_format("json")
        return error_answer(400)

    api.answer = answer
    other_server(api, "json")

    with engine.ready(), pytest.raises(AskedWrongly):
        engine.transcribe(AUDIO, hints=Hints("en"))


def test_a_look_at_a_model_teaches_nothing_of_forms(api: FakeApi) -> None:
    traits = Forgetful()
    engine = engine_at(api, "mine", traits=traits)

    with pytest.raises(EngineError):
        engine._judged(Reply(400, {}, b"No."))

    assert traits.response_format() == ""


def test_a_known_model_that_refuses_its_form_needs_a_person(api: FakeApi) -> None:
    api.models["whisper-1"] = Model("whisper-1", formats=("json",))

    with pytest.raises(AccessRefused):
        transcribe(api, "whisper-1")


# Looking at a model ----------------------------------------------------------------------------


def test_a_look_tells_the_end_of_a_model_and_sends_no_audio(api: FakeApi) -> None:
    traits = Forgetful()

    facts = engine_at(api, "whisper-1", traits=traits).examine()

    assert facts.shutdown_date == traits.shutdown_date == date(2027, 2, 26)
    assert api.arrivals == []
    assert [lookup.path for lookup in api.lookups] == ["/v1/models/whisper-1"]


def test_a_model_without_an_end_has_none(api: FakeApi) -> None:
    assert engine_at(api).examine().shutdown_date is None


def test_a_look_finds_a_wrong_key_and_a_missing_model(api: FakeApi) -> None:
    with pytest.raises(AccessRefused, match="“gone”"):
        engine_at(api, "gone").examine()
    api.known_key = "another"
    with pytest.raises(AccessRefused, match="OPENAI_API_KEY") as raised:
        engine_at(api).examine()
    assert KEY not in str(raised.value)


def test_a_look_at_a_server_that_is_not_there_is_no_refusal(api: FakeApi) -> None:
    with api.stopped(), pytest.raises(EngineUnavailable):
        engine_at(api).examine()
