"""The log of what came and when, and the questions that proofs ask of it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from tests.fake_api.audio import Upload
from tests.fake_api.models import Model

TRANSCRIPTIONS = "/v1/audio/transcriptions"


@dataclass
class Arrival:
    """One request, as it came. What became of it is filled in when its answer ends."""

    number: int
    # From 0, in the order in which bodies were complete.
    at: float
    # `time.monotonic()` when its headers had come: one clock for all processes of a machine.
    path: str
    authorization: str
    upload: Upload
    at_once: int
    # Requests under way when it came, itself included.
    wall: float = 0.0
    # `time.time()`, as `at`.
    nth: int = 1
    # The how-manyeth request with this sound, from 1.
    served_by: Model | None = None
    # None: its model is not known, or was not asked for.
    began: float | None = None
    # When its answer began: `time.monotonic()`.
    ended: float | None = None
    # When it was about to send the last byte, or saw that the client is gone.
    status: int | None = None
    # 0: nothing was answered.
    fault: str = ""
    # The name of the fault that was played.
    outcome: str = ""
    # "sent"; "reset", "closed" by a fault; "gone": the client hung up first; "stopped": the server
    # ended; "" under way.

    @property
    def sha256(self) -> str:
        return self.upload.sha256

    @property
    def fields(self) -> dict[str, list[str]]:
        return self.upload.fields

    @property
    def key(self) -> str:
        return self.authorization.removeprefix("Bearer ")

    def first(self, field: str) -> str:
        """Return the value of a form field, "" without one."""
        return self.fields.get(field, [""])[0]

    def all(self, field: str) -> list[str]:
        """Return the values of a list, sent with or without brackets."""
        return [*self.fields.get(f"{field}[]", []), *self.fields.get(field, [])]

    def record(self) -> dict[str, Any]:
        """Return the line of the log. Holds the key: a fake one."""
        known = (field.name for field in fields(LoggedCall))
        return {name: getattr(self, name) for name in known}

    @property
    def model(self) -> str:
        return self.first("model")

    @property
    def bytes(self) -> int:
        return self.upload.size

    @property
    def duration_ms(self) -> int:
        return self.upload.duration_ms


@dataclass(frozen=True)
class LoggedCall:
    """An arrival as a line of the log tells it. See `Arrival` for the fields."""

    number: int
    at: float
    wall: float
    path: str
    key: str
    model: str
    sha256: str
    nth: int
    bytes: int
    # Of the whole request's body.
    duration_ms: int
    at_once: int
    began: float | None
    ended: float | None
    status: int | None
    fault: str
    outcome: str


def read_log(path: Path, *, of: str = TRANSCRIPTIONS) -> list[LoggedCall]:
    """Return the finished calls of *of* that a server's log tells, in the order of their ends.

    A last line that is not complete is left out.
    """
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    values = [json.loads(line) for line in lines if line.endswith("\n")]
    return [LoggedCall(**value) for value in values if value["path"] == of]


class Timed(Protocol):
    """What came at a time."""

    @property
    def at(self) -> float: ...

    @property
    def wall(self) -> float: ...


T = TypeVar("T", bound=Timed)


@dataclass(frozen=True)
class Crowding:
    """More requests in a time than are allowed in it."""

    start: float
    end: float
    # Of the window, by `time.monotonic()`.
    count: int
    allowed: float


def windows_over(
    calls: Iterable[Timed], burst: float, rate: float, *, slack: float = 0.25
) -> list[Crowding]:
    """Return where more than *burst* + *rate* × (length + *slack*) requests came in a window.

    *rate* is per second. Exact: of all windows that end with the same arrival, the worst is
    looked at, and a window that begins or ends between arrivals is never worse than the one
    between them. So an empty list clears every window there is.
    """
    times = sorted(call.at for call in calls)
    found, worst = [], 0
    for last, end in enumerate(times):
        if last - rate * end < worst - rate * times[worst]:
            worst = last
        count, allowed = last - worst + 1, burst + rate * (end - times[worst] + slack)
        if count > allowed + 1e-9:
            found.append(Crowding(times[worst], end, count, allowed))
    return found


def calls_between(
    calls: Iterable[T], start: float, end: float, *, clock: Literal["at", "wall"] = "at"
) -> list[T]:
    """Return the calls that came from *start* on and before *end*."""
    return [call for call in calls if start <= getattr(call, clock) < end]
