"""What happens to the connection: cut, silent, or slow without end."""

from collections.abc import Callable, Iterator

from tests.fake_api.answers import Answer, Ending, Pause, Step, head
from tests.fake_api.arrivals import Arrival
from tests.fake_api.refusals import Fault, Honest

BODY = b'{"text": "the committee will come to order"}'


def _wire(
    name: str, steps: Callable[[], Iterator[Step]], *, status: int = 0, at_the_door: bool = False
) -> Fault:
    answer = Answer(status, b"", steps=steps)
    return Fault(name, lambda _arrival, _honest: answer, at_the_door)


def reset_before_body() -> Fault:
    """Cut the connection when the headers have come: nothing was heard, nothing is billed.

    Chosen by a plan, which has to see the request, it comes when the body has been read.
    """
    return _wire("reset_before_body", lambda: iter([Ending.RESET]), at_the_door=True)


def reset_after_body() -> Fault:
    """Cut the connection when all was heard: whether it is billed is unknown."""
    return _wire("reset_after_body", lambda: iter([Ending.RESET]))


def closed_after_body() -> Fault:
    """End the connection in good order, without an answer."""
    return _wire("closed_after_body", lambda: iter([Ending.CLOSE]))


def reset_mid_answer(*, share: float = 0.5) -> Fault:
    """Cut the connection when so much of the honest answer is sent."""
    return _cut("reset_mid_answer", Ending.RESET, share)


def closed_mid_answer(*, share: float = 0.5) -> Fault:
    return _cut("closed_mid_answer", Ending.CLOSE, share)


def _cut(name: str, ending: Ending, share: float) -> Fault:
    def play(_arrival: Arrival, honest: Honest) -> Answer:
        answer = honest()
        part = answer.head + answer.body[: int(len(answer.body) * share)]
        return Answer(answer.status, b"", steps=lambda: iter([part, Pause(0.05), ending]))

    return Fault(name, play)


def nothing_for_ever() -> Fault:
    """Take the request and never answer; over when the client hangs up."""
    return _wire("nothing_for_ever", lambda: iter([Pause(), Ending.RESET]))


def headers_then_nothing() -> Fault:
    """Send the status and the headers of a 200, and then nothing more."""
    top = head(200, {"Content-Length": str(len(BODY))})
    return _wire("headers_then_nothing", lambda: iter([top, Pause(), Ending.RESET]), status=200)


def dribble(*, period: float = 2.0, where: str = "body") -> Fault:
    """Send the honest answer a byte each *period* seconds: its "body", or its "headers" too.

    A timeout for each read never strikes; only a deadline over the whole call ends it.
    """

    def play(_arrival: Arrival, honest: Honest) -> Answer:
        answer = honest()
        at_once = answer.head if where == "body" else b""
        slowly = answer.body if where == "body" else answer.head + answer.body

        def steps() -> Iterator[Step]:
            yield at_once
            for byte in slowly:
                yield Pause(period)
                yield bytes([byte])

        return Answer(answer.status, b"", steps=steps)

    return Fault(f"dribble_{where}", play)
