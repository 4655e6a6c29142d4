"""Each failure has its class, its sentence and its price, and is met once; no key is told."""

import inspect
import socket
from pathlib import Path
from types import ModuleType

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fake_api import Answer, FakeApi, error_answer, faults
from tests.fake_api.refusals import Fault
from tests.fake_api.tls import self_signed
from tests.unit.hosted_kit import AUDIO, KEY, silence, transcribe
from transcription.engines.base import (
    AccessRefused,
    AudioRejected,
    EngineBusy,
    EngineError,
    EngineUnavailable,
    Hints,
    RateAdvice,
)
from transcription.engines.lost_calls import EXCEPTIONS, failure
from transcription.engines.openai_api import OpenAIEngine
from transcription.engines.refusals import CODES, REFUSALS, WORDS
from transcription.engines.replies import Reply


def error_of(api: FakeApi, fault: Fault | Answer) -> EngineError:
    if isinstance(fault, Answer):
        api.answer = lambda _: fault
    else:
        api.next(fault)
    with pytest.raises(EngineError) as raised:
        transcribe(api)
    assert len(api.arrivals) <= 1
    assert KEY not in str(raised.value)
    assert raised.value.__cause__ is None and raised.value.__context__ is None
    return raised.value


REFUSED: list[tuple[Fault | Answer, str]] = [
    (faults.wrong_key(), "OPENAI_API_KEY"),
    (error_answer(401), "OPENAI_API_KEY"),
    (faults.quota_exhausted(), "spend no more"),
    (faults.quota_exhausted("credit_balance_exhausted"), "spend no more"),
    (faults.spend_limit(), "spend no more"),
    (faults.spend_limit("organization"), "spend no more"),
    (faults.payment_required(), "spend no more"),
    (faults.country_refused(), "country"),
    (error_answer(451), "country"),
    (error_answer(403), "permission"),
    (Answer(403, b"<html>blocked</html>"), "permission"),
    (faults.model_gone(), "“gpt-transcribe”"),
    (error_answer(404), "OPENAI_BASE_URL"),
    (error_answer(405), "does not take our request"),
    (error_answer(400, param="temperature"), "does not take our request"),
    (error_answer(422, param="language"), "does not take our request"),
    *((faults.redirect(status, "http://127.0.0.1:9/"), "address") for status in (301, 307, 308)),
]


USED_UP = "You exceeded your current quota, please check your plan and billing details."
REFUSED += [
    (error_answer(429, message=USED_UP), "spend no more"),
    (error_answer(429, kind="quota_exceeded"), "spend no more"),
    (error_answer(429, kind="insufficient_quota"), "spend no more"),
    (error_answer(429, code="quota_exceeded"), "spend no more"),
    (error_answer(400, message=USED_UP), "spend no more"),
    (error_answer(400, code="billing_issue"), "spend no more"),
    (error_answer(400, message="Your account is not active."), "spend no more"),
    (error_answer(422, message="This account may not transcribe."), "permission"),
    (error_answer(400, message="This model is deprecated."), "does not take our request"),
    (error_answer(400, code="model_deprecated"), "does not take our request"),
    (error_answer(400, code="unsupported_language"), "does not take our request"),
    (error_answer(400, message="Unsupported language: tlh", param="file"), "take our request"),
]


@pytest.mark.parametrize(("fault", "says"), REFUSED)
def test_what_no_waiting_mends_says_what_to_do(
    api: FakeApi, fault: Fault | Answer, says: str
) -> None:
    error = error_of(api, fault)

    assert type(error) is AccessRefused
    assert says in str(error)
    assert not error.may_be_billed
    assert error.answer is not None


def test_each_kind_of_refusal_has_a_sentence_of_its_own() -> None:
    firsts = {WORDS[kind] for kind in REFUSALS}

    assert len(firsts) == len(REFUSALS)


@pytest.mark.parametrize(
    ("fault", "is_too_large"),
    [
        (faults.audio_refused(), False),
        (error_answer(400), False),
        (error_answer(400, code="audio_too_short"), False),
        (error_answer(415), False),
        (error_answer(422, param="file"), False),
        (error_answer(400, message="This sound is unaccountable."), False),
        (faults.too_large(), True),
        (Answer(413, b"<html>Request Entity Too Large</html>"), True),
        (
            error_answer(
                400,
                code="invalid_value",
                message="audio duration 1500.0 seconds is longer than 1400 seconds",
            ),
            True,
        ),
    ],
)
def test_audio_that_is_not_taken_is_this_slices_fault(
    api: FakeApi, fault: Fault | Answer, is_too_large: bool
) -> None:
    error = error_of(api, fault)

    assert type(error) is AudioRejected
    assert error.too_large is is_too_large
    assert not error.may_be_billed


@pytest.mark.parametrize(
    "fault",
    [
        *(faults.failed(status) for status in (408, 409, 500, 502, 503, 504)),
        faults.html_page(502),
        faults.html_page(503),
        faults.html_page(524),
    ],
    ids=lambda fault: fault.name,
)
def test_a_servers_failure_passes_and_costs_nothing(api: FakeApi, fault: Fault) -> None:
    error = error_of(api, fault)

    assert type(error) is EngineUnavailable
    assert not error.may_be_billed
    assert "html" not in str(error)


@pytest.mark.parametrize(
    ("fault", "wait"),
    [
        (faults.rate_limited(3), 3),
        (faults.rate_limited("1.5"), 1.5),
        (faults.rate_limited(86_400), 86_400),
        (faults.rate_limited("nan"), None),
        (faults.rate_limited("soon"), None),
        (faults.rate_limited(), None),
        (faults.rate_limited(-5), 0),
        (faults.rate_limited(9, headers={"retry-after-ms": "250"}), 0.25),
        (faults.slow_down(), None),
        (faults.overloaded(2), 2),
        (Answer(429, b"<html>slow</html>"), None),
        (error_answer(500, code="rate_limit_exceeded"), None),
        (error_answer(529), None),
        (error_answer(429, message=f"{USED_UP} Limit: 10 requests per minute."), None),
        (error_answer(429, message="Quota exceeded for requests per minute"), None),
    ],
)
def test_haste_says_how_long_to_wait(
    api: FakeApi, fault: Fault | Answer, wait: float | None
) -> None:
    error = error_of(api, fault)

    assert isinstance(error, EngineBusy)
    assert error.wait_seconds == wait


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_failing_server_that_says_when_to_come_again_is_waited_for_by_all(
    api: FakeApi, status: int
) -> None:
    error = error_of(api, Answer(status, b"<html>down</html>", {"Retry-After": "45"}))

    assert isinstance(error, EngineBusy)
    assert error.wait_seconds == 45
    assert str(status) in str(error)


@pytest.mark.parametrize("after", ["0", "-3", "soon", ""])
def test_a_failing_server_that_names_no_time_failed_in_the_ordinary_way(
    api: FakeApi, after: str
) -> None:
    error = error_of(api, error_answer(503, headers={"Retry-After": after}))

    assert type(error) is EngineUnavailable


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, 90),
        ({"Retry-After": "3"}, 3),
        ({"x-ratelimit-remaining-requests": "5"}, None),
        ({"x-ratelimit-reset-requests": "soon"}, None),
    ],
)
def test_haste_without_a_wait_waits_until_requests_are_taken_again(
    api: FakeApi, headers: dict[str, str], wait: float | None
) -> None:
    limits = {
        "x-ratelimit-limit-requests": "20",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "1m30s",
    }

    error = error_of(api, faults.rate_limited(headers=limits | headers))

    assert isinstance(error, EngineBusy)
    assert error.wait_seconds == wait
    assert error.answer is not None and error.answer.advice.per_minute == 20


def test_a_failures_limits_are_told_too(api: FakeApi) -> None:
    limits = {"x-ratelimit-limit-requests": "7", "x-ratelimit-remaining-requests": "6"}

    error = error_of(api, error_answer(500, headers=limits))

    assert error.answer is not None
    assert error.answer.advice == RateAdvice(7, 6, None)


def test_a_refusal_whose_body_breaks_off_is_a_refusal(api: FakeApi) -> None:
    broken = error_answer(429, code="rate_limit_exceeded")
    error = error_of(api, Answer(429, broken.body, {"Retry-After": "4"}, length=5_000))

    assert isinstance(error, EngineBusy)
    assert error.wait_seconds == 4


@pytest.mark.parametrize(
    "fault",
    [
        faults.reset_after_body(),
        faults.closed_after_body(),
        faults.reset_mid_answer(),
        faults.closed_mid_answer(),
    ],
    ids=lambda fault: fault.name,
)
def test_a_call_lost_after_its_last_byte_may_be_billed(api: FakeApi, fault: Fault) -> None:
    error = error_of(api, fault)

    assert type(error) is EngineUnavailable
    assert error.may_be_billed


def test_a_call_lost_before_its_last_byte_is_not_billed(api: FakeApi) -> None:
    api.next(faults.reset_before_body())

    with pytest.raises(EngineUnavailable) as raised:
        transcribe(api, audio=silence(600))

    assert not raised.value.may_be_billed


def test_a_server_that_is_not_there_costs_nothing(api: FakeApi) -> None:
    with api.stopped(), pytest.raises(EngineUnavailable, match="could not be reached") as raised:
        transcribe(api)

    assert not raised.value.may_be_billed


def test_a_certificate_that_nobody_trusts_needs_a_person(tmp_path: Path) -> None:
    with FakeApi(tls=self_signed(tmp_path)) as server:
        with pytest.raises(AccessRefused, match="certificate"):
            transcribe(server)
        assert server.arrivals == []


def test_a_server_without_tls_at_a_tls_address_needs_a_person(api: FakeApi) -> None:
    url = api.url.replace("http:", "https:")
    engine = OpenAIEngine("m", api_key=KEY, base_url=url, timeout_seconds=5)

    with engine.ready(), pytest.raises(AccessRefused, match="certificate"):
        engine.transcribe(AUDIO, hints=Hints("en"))


@pytest.mark.parametrize("url", ["ftp://x/v1", "nonsense", "http://[::1/v1"])
def test_an_address_that_is_none_needs_a_person(url: str) -> None:
    engine = OpenAIEngine("m", api_key=KEY, base_url=url, timeout_seconds=5)

    with pytest.raises(AccessRefused, match="OPENAI_BASE_URL"), engine.ready():
        engine.transcribe(AUDIO, hints=Hints("en"))


@pytest.mark.parametrize("key", ["sk-with\nbreak", "sk-schlüssel", "sk-\0"])
def test_a_key_that_cannot_be_sent_is_found_before_anything_is(api: FakeApi, key: str) -> None:
    with pytest.raises(AccessRefused, match="OPENAI_API_KEY") as raised:
        transcribe(api, api_key=key)

    assert key not in str(raised.value)
    assert api.connections == 0


@given(st.sampled_from([100, 200, 204, 299, *range(300, 600, 7), 999]), st.binary(max_size=60))
def test_no_answer_gives_anything_but_an_answer_or_our_error(status: int, body: bytes) -> None:
    engine = OpenAIEngine("m", api_key=KEY, base_url="http://h/v1", timeout_seconds=5)
    if status < 300:
        assert engine._judged(Reply(status, {}, body)).body == body
        return
    with pytest.raises(EngineError) as raised:
        engine._judged(Reply(status, {}, body))
    assert raised.value.answer is not None and raised.value.answer.status == status


# Completeness ----------------------------------------------------------------------------------


def exceptions_of(library: ModuleType) -> set[str]:
    """Return the exceptions that *library* has for its users, and those beside them."""
    found = [*vars(library).values(), *vars(library._exceptions).values()]
    return {
        kind.__name__
        for kind in found
        if inspect.isclass(kind)
        and issubclass(kind, Exception)
        and not issubclass(kind, Warning)
        and kind.__module__.partition(".")[0] == library.__name__
    }


@pytest.mark.parametrize("library", [openai, httpx2])
def test_every_exception_that_the_client_has_is_in_the_table(library: ModuleType) -> None:
    names = exceptions_of(library)

    assert len(names) > 20
    assert not names - set(EXCEPTIONS)


def test_every_exception_in_the_table_is_one_that_there_is() -> None:
    assert set(EXCEPTIONS) == exceptions_of(openai) | exceptions_of(httpx2) | {"ValueError"}


def test_a_class_that_the_table_does_not_know_is_missed() -> None:
    """The table's tests can fail: a subclass of a known class is not taken as known."""

    class BrandNewError(openai.APIError): ...

    assert BrandNewError.__name__ not in EXCEPTIONS


def test_no_failure_without_an_answer_is_anything_but_ours() -> None:
    for error in (OSError("x"), ValueError("y"), httpx2.ReadError("z"), RuntimeError()):
        assert isinstance(
            failure(error, was_sent=True, key=KEY, timeout_seconds=1),
            EngineUnavailable | AccessRefused,
        )


def test_every_code_is_in_small_letters_without_a_status() -> None:
    assert all(code.islower() and not code.isdigit() for code in CODES)


def test_nobody_listens_where_a_port_is_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    engine = OpenAIEngine(
        "m", api_key=KEY, base_url=f"http://127.0.0.1:{port}/v1", timeout_seconds=5
    )

    with engine.ready(), pytest.raises(EngineUnavailable, match="reached"):
        engine.transcribe(AUDIO, hints=Hints("en"))
