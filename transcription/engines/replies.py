"""What a server answered as far as it is kept, and what it complains of. Pure."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

SUCCESS_BELOW = 300
# Statuses of HTTP; what is lower went well.
LONGEST_MESSAGE = 300
# Characters of what a server said that a person is shown.
FORM_OF_ANSWER = re.compile(r"response_format|timestamp_granularit|verbose_json")
MARKUP = re.compile(r"\s*<")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered, as far as it is kept."""

    status: int
    headers: dict[str, str]
    # Names in lower case; of a repeated one, the last.
    body: bytes
    # Unpacked.
    is_cut: bool = False
    # There was more than the cap.


@dataclass(frozen=True, slots=True)
class Complaint:
    """What an error's body says."""

    code: str = ""
    kind: str = ""
    # The vendor's "type".
    param: str = ""
    message: str = ""
    # On one line, whole: what is shown of it is to be redacted first, and then cut (`shortened`).

    @property
    def is_about_form(self) -> bool:
        """It does not give answers in the form that was asked for."""
        return bool(FORM_OF_ANSWER.search(self.param or self.message))


def complaint_in(body: bytes) -> Complaint:
    """Return what *body* complains of, in the vendor's shape or in what else servers send."""
    text = body[: 64 * 1024].decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return Complaint(message="" if MARKUP.match(text) else one_line(text))
    error = value.get("error", value) if isinstance(value, dict) else value
    if not isinstance(error, dict):
        return Complaint(message=one_line(error if isinstance(error, str) else ""))
    return Complaint(
        code=_word(error.get("code")),
        kind=_word(error.get("type")),
        param=_word(error.get("param")) or " ".join(_faulty_fields(error.get("detail"))),
        message=one_line(str(error.get("message") or error.get("detail") or "")),
    )


def _word(value: object) -> str:
    return value.strip()[:100] if isinstance(value, str) else ""


def one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def shortened(line: str) -> str:
    """Return as much of *line* as a person is shown.

    A secret cut in two is no longer found, so it must be taken out before.
    """
    return line if len(line) <= LONGEST_MESSAGE else f"{line[:LONGEST_MESSAGE]}…"


def _faulty_fields(detail: object) -> Iterator[str]:
    """Yield the fields that a server made with FastAPI complains of."""
    for item in detail if isinstance(detail, list) else ():
        place = item.get("loc") if isinstance(item, dict) else None
        if isinstance(place, list) and place:
            yield _word(place[-1])
