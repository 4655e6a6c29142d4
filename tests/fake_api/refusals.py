"""What the hosted API refuses, and when; and what a fault is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

from tests.fake_api.answers import Answer, error_answer, invalid
from tests.fake_api.arrivals import Arrival
from tests.fake_api.quotas import limit_headers

Honest = Callable[[], Answer]
# What the server would have said.


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong with one request."""

    name: str
    # As the log tells it.
    play: Callable[[Arrival, Honest], Answer]
    at_the_door: bool = False
    # Before the body is read: then nothing is known of the request.


Chooser = Callable[[Arrival], Fault | None]


def said(name: str, answer: Answer) -> Fault:
    """Return the fault of answering so, whatever comes."""
    return Fault(name, lambda _arrival, _honest: answer)


def seeded(seed: int, shares: Mapping[Fault, float], *, tries: int = 3) -> Chooser:
    """Return a plan by chance: each fault for its share of the requests.

    The choice depends on the seed, the sound and which try of that sound it is, so a run that is
    started again meets the same. From the try after *tries* on, all is well.
    """

    def choose(arrival: Arrival) -> Fault | None:
        random = Random(f"{seed}:{arrival.sha256}:{arrival.nth}").random()
        if arrival.nth > tries:
            return None
        for fault, share in shares.items():
            random -= share
            if random < 0:
                return fault
        return None

    return choose


# What passes with time.


def rate_limited(
    retry_after: str | float | None = None, *, headers: Mapping[str, str] | None = None
) -> Fault:
    """Return a 429 with this Retry-After: seconds, or any text ("nan", "soon", a date)."""
    after = {} if retry_after is None else {"Retry-After": str(retry_after)}
    answer = error_answer(
        429,
        code="rate_limit_exceeded",
        message="Rate limit reached for this model in organization org-fake on requests per min "
        "(RPM): Limit 20, Used 20, Requested 1. Please try again in 3s.",
        kind="requests",
        headers={**after, **(headers or {})},
    )
    return said("rate_limited", answer)


def rate_limited_until(seconds_from_now: float) -> Fault:
    """Return a 429 whose Retry-After is an HTTP date, of when it is sent; negative: in the past."""

    def play(arrival: Arrival, honest: Honest) -> Answer:
        date = datetime.now(UTC) + timedelta(seconds=seconds_from_now)
        return rate_limited(format_datetime(date, usegmt=True)).play(arrival, honest)

    return Fault("rate_limited_until", play)


def slow_down(retry_after: str | float | None = None) -> Fault:
    after = {} if retry_after is None else {"Retry-After": str(retry_after)}
    message = "You are sending requests too quickly. Pace your requests."
    answer = error_answer(429, code="slow_down", message=message, kind="requests", headers=after)
    return said("slow_down", answer)


def overloaded(retry_after: str | float | None = None) -> Fault:
    after = {} if retry_after is None else {"Retry-After": str(retry_after)}
    message = "The server is currently overloaded with other requests. Please try again later."
    code = "server_is_overloaded"
    answer = error_answer(503, code=code, message=message, kind="server_error", headers=after)
    return said("overloaded", answer)


def failed(status: int) -> Fault:
    """Return a server's failure: 408, 409, 500, 502, 503, 504 …"""
    message = "The server had an error while processing your request. Sorry about that!"
    return said(f"failed_{status}", error_answer(status, message=message, kind="server_error"))


def html_page(status: int = 502) -> Fault:
    """Return the page of a gateway that stands before the API."""
    page = b"<html><head><title>Bad gateway</title></head><body>cloudflare</body></html>"
    return said(f"html_{status}", Answer(status, page, {"Content-Type": "text/html"}))


# What needs a person.


def quota_exhausted(code: str = "insufficient_quota") -> Fault:
    """Return a 429 that no waiting mends: also "credit_balance_exhausted"."""
    message = "You exceeded your current quota, please check your plan and billing details."
    return said(code, error_answer(429, code=code, message=message, kind="insufficient_quota"))


def spend_limit(whose: str = "project") -> Fault:
    code = f"{whose}_spend_limit_exceeded"
    message = f"The {whose}'s spend limit for this month is reached."
    return said(code, error_answer(429, code=code, message=message, kind="insufficient_quota"))


def wrong_key() -> Fault:
    """Return a 401 that repeats the whole key, as a careless server does."""

    def play(arrival: Arrival, _honest: Honest) -> Answer:
        message = f"Incorrect API key provided: {arrival.key}. (header: {arrival.authorization})"
        kind = "invalid_request_error"
        return error_answer(401, code="invalid_api_key", message=message, kind=kind)

    return Fault("wrong_key", play)


def country_refused() -> Fault:
    code = "unsupported_country_region_territory"
    message = "Country, region, or territory not supported"
    kind = "request_forbidden"
    return said("country_refused", error_answer(403, code=code, message=message, kind=kind))


def payment_required() -> Fault:
    message = "Payment required."
    return said("payment_required", error_answer(402, message=message, kind="billing_error"))


def model_gone() -> Fault:
    message = "The model has been shut down. See https://platform.openai.com/docs/deprecations."
    kind = "invalid_request_error"
    answer = error_answer(404, code="model_not_found", message=message, kind=kind)
    return said("model_gone", answer)


def redirect(status: int, to: str) -> Fault:
    """Send the client to *to*, a URL of another server, to which nothing must come."""
    return said(f"redirect_{status}", Answer(status, b"", {"Location": to}))


# What concerns this request alone.


def audio_refused() -> Fault:
    message = "The audio file could not be decoded or its format is not supported."
    return said("audio_refused", invalid(message, param="file"))


def too_large() -> Fault:
    message = "413: Maximum content size limit (26214400) exceeded (26294972 bytes read)"
    return said("too_large", error_answer(413, message=message, kind="server_error"))


# Headers.


def with_headers(headers: Mapping[str, str]) -> Fault:
    """Answer honestly, with these headers besides."""

    def play(_arrival: Arrival, honest: Honest) -> Answer:
        answer = honest()
        return replace(answer, headers={**answer.headers, **headers})

    return Fault("with_headers", play)


def with_limits(limit: int, remaining: int, reset: str) -> Fault:
    """Answer honestly and tell the limits; *reset* is a duration such as "6m0s" or "12ms"."""
    return with_headers(limit_headers(limit, remaining, reset))
