"""How each part of the installation is doing: the shapes of what was tried and found. Pure.

A component has one real test, its probe, which either says what it saw or raises. Who runs probes,
and for how long, is in `examining.py`; the probes are in `probes`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """How a component is."""

    OK = "ok"
    WARNING = "warning"
    # It works; somebody should look.
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a probe saw."""

    state: State
    measured: str
    # A sentence for a person.
    advice: str = ""
    # What to do about just this; empty: what the component always advises.


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the installation, and the test that can fail."""

    code: str
    name: str
    # For a person.
    probe: Callable[[], Seen]
    needed: str
    # A sentence.
    advice: str
    # What to do where it is not so, a sentence.
    deadline_seconds: float = 5.0
    # A probe that takes longer has failed.
    fresh_seconds: float = 5.0
    # So long what was found is not tried again.


@dataclass(frozen=True, slots=True)
class Result:
    """How a component was found to be."""

    code: str
    name: str
    state: State
    measured: str
    needed: str
    advice: str
    # Empty where it is well.
    seconds: float
    # That the test took.

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "name": self.name,
            "state": self.state.value,
            "measured": self.measured,
            "needed": self.needed,
            "advice": self.advice,
            "seconds": round(self.seconds, 4),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """All components."""

    results: tuple[Result, ...]

    @property
    def is_healthy(self) -> bool:
        """Say whether nothing has failed; what somebody should look at still works."""
        return self.state != State.FAILED

    @property
    def state(self) -> State:
        """Return the worst of all."""
        found = {result.state for result in self.results}
        return next((state for state in (State.FAILED, State.WARNING) if state in found), State.OK)

    @property
    def in_words(self) -> str:
        """Return it as a sentence: 1 of 10 components has failed: queue."""
        for state, one, many in (
            (State.FAILED, "has failed", "have failed"),
            (State.WARNING, "needs a look", "need a look"),
        ):
            names = [result.name.lower() for result in self.results if result.state == state]
            if names:
                verb = one if len(names) == 1 else many
                listed = ", ".join(names)
                return f"{len(names)} of {len(self.results)} components {verb}: {listed}."
        return "All components are well."

    def to_json(self) -> dict[str, Any]:
        """Return all that is known: for people of the house."""
        return {
            "healthy": self.is_healthy,
            "components": [result.to_json() for result in self.results],
        }

    def to_public_json(self) -> dict[str, Any]:
        """Return what anybody may know: no path, address or sentence."""
        return {
            "healthy": self.is_healthy,
            "components": [
                {
                    "code": result.code,
                    "state": result.state.value,
                    "seconds": round(result.seconds, 4),
                }
                for result in self.results
            ],
        }


def judged(component: Component, seen: Seen, *, seconds: float) -> Result:
    """Return what *seen* says of the component."""
    is_well = seen.state == State.OK
    return Result(
        code=component.code,
        name=component.name,
        state=seen.state,
        measured=seen.measured,
        needed=component.needed,
        advice="" if is_well else seen.advice or component.advice,
        seconds=seconds,
    )


def worst(seen: Sequence[Seen]) -> Seen:
    """Return several things seen as one: the worst state, what was measured of each, and advice."""
    order = (State.FAILED, State.WARNING, State.OK)
    state = next(state for state in order if any(one.state == state for one in seen))
    told = [one for one in seen if one.state == state]
    advice = dict.fromkeys(one.advice for one in told if one.advice)
    return Seen(state, " ".join(one.measured for one in seen), " ".join(advice))
