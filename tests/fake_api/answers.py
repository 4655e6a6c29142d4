"""What the server says: honest or odd, whole or piece by piece."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import Enum
from http import HTTPStatus
from math import inf
from typing import Any
from uuid import uuid4

from tests.fake_api.arrivals import Arrival


@dataclass(frozen=True)
class Pause:
    """Nothing is sent for a while. It ends early where the client hangs up."""

    seconds: float = inf


class Ending(Enum):
    """How a connection ends before its time."""

    RESET = "reset"
    # The other side sees ECONNRESET.
    CLOSE = "closed"


Step = bytes | Pause | Ending
Steps = Callable[[], Iterator[Step]]


@dataclass(frozen=True)
class Answer:
    """What the server says."""

    status: int
    # 0: no answer at all.
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    # What it claims as the body's length; None: the truth.
    steps: Steps | None = None
    # All that goes over the wire, head included, instead of the above.

    @property
    def head(self) -> bytes:
        """The status line and the headers, as on the wire."""
        lengths = {"Content-Length": str(len(self.body) if self.length is None else self.length)}
        return head(self.status, {**lengths, **self.headers})

    @property
    def lies_about_its_length(self) -> bool:
        return self.length is not None and self.length != len(self.body)

    @property
    def value(self) -> dict[str, Any]:
        """The JSON object that it holds; a text's own shape where it holds none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            value = None
        return value if isinstance(value, dict) else {"text": self.body.decode()}


Script = Callable[[Arrival], Answer]


def head(status: int, headers: dict[str, str]) -> bytes:
    """Return a status line and headers; the vendor's usual ones besides those given."""
    reasons = {known.value: known.phrase for known in HTTPStatus}
    usual = {
        "Date": formatdate(usegmt=True),
        "Content-Type": "application/json",
        "x-request-id": f"req_{uuid4().hex}",
    }
    lines = [f"HTTP/1.1 {status} {reasons.get(status, 'Odd')}"]
    lines += [f"{name}: {value}" for name, value in {**usual, **headers}.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def json_answer(value: Any, headers: dict[str, str] | None = None) -> Answer:
    return Answer(200, json.dumps(value, ensure_ascii=False).encode(), headers or {})


def text_answer(text: str) -> Answer:
    return json_answer({"text": text})


def error_answer(  # noqa: PLR0913 (the fields of the vendor's error)
    status: int,
    *,
    code: str = "",
    message: str = "No.",
    kind: str = "",
    param: str = "",
    headers: dict[str, str] | None = None,
) -> Answer:
    """Return an error in the vendor's shape."""
    error = {"message": message, "type": kind or None, "param": param or None, "code": code or None}
    return Answer(status, json.dumps({"error": error}).encode(), headers or {})


def invalid(message: str, *, param: str = "", code: str = "") -> Answer:
    """Return the 400 of a request that cannot be served."""
    return error_answer(400, code=code, message=message, kind="invalid_request_error", param=param)


def unknown_url(path: str) -> Answer:
    return error_answer(404, message=f"Invalid URL ({path})", kind="invalid_request_error")
