"""Commands that come over HTTP, for the server that is a process of its own.

``POST /fake/next``   {"fault": "rate_limited:3", "times": 2}
``POST /fake/plan``   {"seed": 7, "shares": {"failed:500": 0.1, "dribble:1": 0.05}, "tries": 3}
``POST /fake/heal``   {}
``POST /fake/delay``  {"seconds": 2.0, "per_second": 0.03}
``POST /fake/quota``  {"requests": 20, "per_seconds": 60, "at_once": 4}
"""

import json
from typing import TYPE_CHECKING, Any

from tests.fake_api import faults
from tests.fake_api.answers import Answer, invalid, json_answer, unknown_url
from tests.fake_api.quotas import Quota
from tests.fake_api.refusals import Chooser, Fault, seeded

if TYPE_CHECKING:
    from tests.fake_api.server import FakeApi


def named(text: str) -> Fault:
    """Return the fault that "NAME" or "NAME:ARGUMENT:…" names. Raises ValueError.

    An argument is a number where it reads as JSON, else a text.
    """
    name, *arguments = text.split(":")
    constructor = getattr(faults, name, None)
    fault = constructor(*map(_read, arguments)) if callable(constructor) else None
    if not isinstance(fault, Fault):
        raise ValueError(f"There is no fault “{text}”.")  # noqa: TRY004 (the text is wrong)
    return fault


def _read(argument: str) -> Any:
    try:
        return json.loads(argument)
    except ValueError:
        return argument


def chance(value: dict[str, Any]) -> Chooser:
    """Return the plan that *value* tells."""
    shares = {named(text): float(share) for text, share in value["shares"].items()}
    return seeded(int(value.get("seed", 0)), shares, tries=int(value.get("tries", 3)))


def done(api: "FakeApi", path: str, value: dict[str, Any]) -> Answer:
    """Do as told."""
    try:
        match path.removeprefix("/fake/"):
            case "next":
                api.next(named(value["fault"]), times=int(value.get("times", 1)))
            case "plan":
                api.plan(chance(value))
            case "heal":
                api.heal()
            case "delay":
                api.delay_seconds = float(value.get("seconds", 0))
                api.delay_per_second = float(value.get("per_second", 0))
            case "quota":
                api.enforce(Quota(**value))
            case _:
                return unknown_url(path)
    except (KeyError, TypeError, ValueError) as error:
        return invalid(str(error))
    return json_answer({"done": True})
