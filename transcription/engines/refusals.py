"""What each failure of a hosted engine means: one table, by the vendor's codes before statuses.

The vendor's errors are ``{"error": {"message", "type", "param", "code"}}``. A 429 may be a rate, a
quota or a spend limit, so its code decides; many servers give nothing but a status.
"""

import re
from datetime import datetime
from enum import Enum
from http import HTTPStatus

from transcription.engines.advice import until_more, wait_seconds
from transcription.engines.base import (
    AccessRefused,
    Answer,
    AskedWrongly,
    AudioRejected,
    EngineBusy,
    EngineError,
    EngineUnavailable,
)
from transcription.engines.redaction import redacted
from transcription.engines.replies import Complaint, Reply, complaint_in, one_line, shortened


class Kind(Enum):
    """What an answer's code, type or status means."""

    BUSY = "busy"
    DOWN = "down"
    AUDIO = "audio"
    TOO_LARGE = "too large"
    KEY = "key"
    QUOTA = "quota"
    REGION = "region"
    MODEL = "model"
    FORBIDDEN = "forbidden"
    REQUEST = "request"
    REDIRECT = "redirect"


CODES = {
    "rate_limit_exceeded": Kind.BUSY,
    "slow_down": Kind.BUSY,
    "server_is_overloaded": Kind.BUSY,
    "overloaded_error": Kind.BUSY,
    "engine_overloaded": Kind.BUSY,
    "insufficient_quota": Kind.QUOTA,
    "quota_exceeded": Kind.QUOTA,
    "credit_balance_exhausted": Kind.QUOTA,
    "billing_hard_limit_reached": Kind.QUOTA,
    "billing_not_active": Kind.QUOTA,
    "billing_error": Kind.QUOTA,
    "invalid_api_key": Kind.KEY,
    "account_deactivated": Kind.KEY,
    "authentication_error": Kind.KEY,
    "permission_error": Kind.FORBIDDEN,
    "ip_not_authorized": Kind.FORBIDDEN,
    "model_not_found": Kind.MODEL,
    "unsupported_country_region_territory": Kind.REGION,
    "audio_too_short": Kind.AUDIO,
    "audio_too_long": Kind.TOO_LARGE,
    "file_too_large": Kind.TOO_LARGE,
}
STATUSES: dict[int, Kind] = {
    HTTPStatus.UNAUTHORIZED: Kind.KEY,
    HTTPStatus.PAYMENT_REQUIRED: Kind.QUOTA,
    HTTPStatus.FORBIDDEN: Kind.FORBIDDEN,
    HTTPStatus.NOT_FOUND: Kind.MODEL,
    HTTPStatus.REQUEST_TIMEOUT: Kind.DOWN,
    HTTPStatus.CONFLICT: Kind.DOWN,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Kind.TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Kind.AUDIO,
    HTTPStatus.TOO_EARLY: Kind.DOWN,
    HTTPStatus.TOO_MANY_REQUESTS: Kind.BUSY,
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS: Kind.REGION,
    529: Kind.BUSY,  # "overloaded", of some servers
}
BAD_REQUESTS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
OTHER_FIELDS = frozenset(
    {"file", "audio", "model", "language", "languages", "prompt", "keywords", "chunking_strategy"}
)
# Of a request, besides those of the answer's form.
NO_SUCH_PAGE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})
CLASSES = {3: Kind.REDIRECT, 4: Kind.REQUEST}
# By a status's first digit, where nothing else decides.
SPEND_LIMIT = "_spend_limit_exceeded"
TOO_LONG = re.compile(
    r"longer than|too (long|large|big)|content size limit|maximum .*size", re.IGNORECASE
)
FOR_EVERY_CHUNK = (
    (re.compile(r"quota|billing|not active", re.IGNORECASE), Kind.QUOTA),
    (re.compile(r"\baccounts?\b", re.IGNORECASE), Kind.FORBIDDEN),
    (re.compile(r"deprecat|unsupported language", re.IGNORECASE), Kind.REQUEST),
)
# What a bad request complains of where other audio would fare no better.
PLAN_IS_USED_UP = re.compile(r"exceeded your current quota|plan and billing", re.IGNORECASE)
A_MINUTES_QUOTA = re.compile(
    r"\bper[ _]?(second|min|minute|hour)|try again|retry in", re.IGNORECASE
)
# Some servers call a rate so, which passes.
OVERLOADED = re.compile(r"overload|at capacity|slow down", re.IGNORECASE)

SAID = " It said: {said}"
WORDS = {
    Kind.BUSY: "The engine is busy: it takes no more requests for now.",
    Kind.DOWN: "The engine failed with status {status}.",
    Kind.AUDIO: "The engine does not take this audio.",
    Kind.TOO_LARGE: "This piece of audio is too large or too long for the engine.",
    Kind.KEY: "The engine refuses the API key. Set a valid one in OPENAI_API_KEY.",
    Kind.QUOTA: (
        "The account may spend no more: its quota, its credit or its spend limit is used up. "
        "Pay for more, or raise the limit, with the vendor."
    ),
    Kind.REGION: (
        "The engine does not serve the country or region that this machine is in. "
        "Use another engine."
    ),
    Kind.MODEL: (
        "The engine has no model “{model}” at this address for this key. "
        "Choose another (OPENAI_TRANSCRIPTION_MODEL), or mend the address (OPENAI_BASE_URL)."
    ),
    Kind.FORBIDDEN: (
        "The engine forbids this key to transcribe. Give the key that permission with the vendor, "
        "or set another in OPENAI_API_KEY."
    ),
    Kind.REQUEST: (
        "The server does not take our request, whatever the audio. "
        "Choose another model, or have a person look at what the server asks for."
    ),
    Kind.REDIRECT: (
        "The engine sends us to another address, and neither audio nor key follows. "
        "If that is right, set OPENAI_BASE_URL to it."
    ),
}
REFUSALS = frozenset(
    {
        *(Kind.KEY, Kind.QUOTA, Kind.REGION, Kind.MODEL),
        *(Kind.FORBIDDEN, Kind.REQUEST, Kind.REDIRECT),
    }
)


def kind_of(status: int, complaint: Complaint) -> Kind:
    """Return what a refusal means: by its code, then its type, then the status."""
    for word in (complaint.code, complaint.kind):
        if word.endswith(SPEND_LIMIT):
            return Kind.QUOTA
        if word in CODES:
            return CODES[word]
    if status in BAD_REQUESTS:
        return _of_bad_request(complaint)
    if status == HTTPStatus.TOO_MANY_REQUESTS and _is_used_up(complaint):
        return Kind.QUOTA
    if status == HTTPStatus.SERVICE_UNAVAILABLE and OVERLOADED.search(complaint.message):
        return Kind.BUSY
    return STATUSES.get(status) or CLASSES.get(status // 100, Kind.DOWN)


def _of_bad_request(complaint: Complaint) -> Kind:
    if TOO_LONG.search(complaint.message):
        return Kind.TOO_LARGE
    said = f"{complaint.code} {complaint.kind} {complaint.message}".replace("_", " ")
    for pattern, kind in FOR_EVERY_CHUNK:
        if pattern.search(said):
            return kind
    if complaint.param in ("", "file", "audio"):
        return Kind.REQUEST if complaint.is_about_form else Kind.AUDIO
    return Kind.REQUEST


def _is_used_up(complaint: Complaint) -> bool:
    """Tell a plan that is used up from a rate, where no code does."""
    said = complaint.message
    return bool(PLAN_IS_USED_UP.search(said)) and not A_MINUTES_QUOTA.search(said)


def refusal(
    reply: Reply, answer: Answer, *, model: str, key: str | None, now: datetime
) -> EngineError:
    """Return our error for an answer that is no 2xx. Its message is without *key*.

    A failing server that names a time to come again speaks for itself, not for this audio: all
    wait for it. One that says “at once” names none.
    """
    complaint = complaint_in(reply.body)
    kind = kind_of(reply.status, complaint)
    said = complaint.message or (reply.headers.get("location", "") if kind is Kind.REDIRECT else "")
    shown = shortened(redacted(one_line(said), key))
    message = redacted(WORDS[kind].format(status=reply.status, model=model), key)
    message += SAID.format(said=shown) if shown else ""
    wait = wait_seconds(reply.headers, now=now)
    if kind is Kind.BUSY:
        wait = until_more(answer.advice) if wait is None else wait
        return EngineBusy(message, wait_seconds=wait, answer=answer)
    if kind in REFUSALS:
        return AccessRefused(message, answer=answer)
    if kind is Kind.DOWN and wait:
        return EngineBusy(message, wait_seconds=wait, answer=answer)
    if kind is Kind.DOWN:
        return EngineUnavailable(message, answer=answer)
    return AudioRejected(message, too_large=kind is Kind.TOO_LARGE, answer=answer)


def is_of_form(status: int, complaint: Complaint) -> bool:
    """Tell whether a server says that it does not give answers of the form asked for."""
    return status in BAD_REQUESTS and complaint.is_about_form


def may_be_of_form(status: int, complaint: Complaint) -> bool:
    """Tell whether the form asked for may be why a server took nothing, whatever it says.

    Not where it names another field, or complains of what no form mends.
    """
    if status not in BAD_REQUESTS or complaint.param in OTHER_FIELDS:
        return False
    if {complaint.code, complaint.kind} & set(CODES):
        return False
    return complaint.is_about_form or kind_of(status, complaint) in (Kind.AUDIO, Kind.REQUEST)


def form_refused_after_all(model: str, answer: Answer) -> EngineUnavailable:
    """Return the error of a server that refuses a form of answer that it has given before."""
    return EngineUnavailable(
        f"The engine refused to give times with “{model}”, which it has given before.",
        answer=answer,
    )


def asked_wrongly(model: str, answer: Answer) -> AskedWrongly:
    """Return the error of a server that gives no answers of the form asked for."""
    return AskedWrongly(
        f"The engine gives no times with “{model}”. It is asked for plain text from now on.",
        answer=answer,
    )
