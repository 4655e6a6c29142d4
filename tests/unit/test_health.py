"""Components are tried side by side; what hangs or breaks off is a sentence, never an error."""

import threading
from collections.abc import Callable, Iterator

import pytest

from transcription.examining import Examiner
from transcription.health import Component, Report, Result, Seen, State, judged, worst

FINE = Seen(State.OK, "It runs.")


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """Give what a probe hangs on until the test is over."""
    event = threading.Event()
    yield event
    event.set()


def component(
    code: str = "thing", probe: Callable[[], Seen] = lambda: FINE, *, deadline: float = 5.0
) -> Component:
    return Component(code, code.title(), probe, "It must run.", "Start it.", deadline)


def only(report: Report) -> Result:
    (result,) = report.results
    return result


def result(state: State, code: str = "thing") -> Result:
    return judged(component(code), Seen(state, "Seen."), seconds=0.0)


def test_what_is_well_needs_no_advice() -> None:
    found = only(Examiner([component()]).report())

    assert (found.state, found.measured, found.advice) == (State.OK, "It runs.", "")


def test_what_is_not_well_says_what_to_do() -> None:
    usual = Seen(State.FAILED, "It is off.")
    special = Seen(State.WARNING, "It is slow.", "Wait.")

    assert judged(component(), usual, seconds=0).advice == "Start it."
    assert judged(component(), special, seconds=0).advice == "Wait."


def test_a_probe_that_raises_has_failed_with_a_sentence() -> None:
    def broken() -> Seen:
        raise RuntimeError("no such thing")

    found = only(Examiner([component(probe=broken)]).report())

    assert found.state == State.FAILED
    assert found.measured == "The test broke off: RuntimeError: no such thing"
    assert found.advice == "Start it."


def test_a_machine_without_room_for_a_thread_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    examiner = Examiner([component()])
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", full)
        found = only(examiner.report())

    assert found.state == State.FAILED
    assert found.measured == "The test could not be started: can't start new thread."


def test_a_probe_that_hangs_fails_at_its_deadline_and_keeps_no_other_waiting(
    never: threading.Event,
) -> None:
    def waits() -> Seen:
        never.wait()
        return FINE

    hangs = component("hangs", waits, deadline=0.05)

    hung, fine = Examiner([hangs, component("fine")]).report().results

    assert hung.state == State.FAILED
    assert "did not come back" in hung.measured
    assert fine.state == State.OK


def test_a_probe_that_hangs_is_not_started_again_until_it_came_back() -> None:
    begun, go_on = [], threading.Event()

    def probe() -> Seen:
        begun.append(threading.current_thread())
        go_on.wait()
        return FINE

    clock = Clock()
    examiner = Examiner([component(probe=probe, deadline=0)], monotonic=clock)
    for _ in range(3):
        assert only(examiner.report()).state == State.FAILED
        clock.now += 60
    assert len(begun) == 1

    go_on.set()
    begun[0].join()
    clock.now += 60
    examiner.report()
    begun[-1].join()

    assert len(begun) == 2


def test_what_was_found_counts_until_it_is_no_longer_fresh() -> None:
    states = iter([State.FAILED, State.OK])
    clock = Clock()
    examiner = Examiner([component(probe=lambda: Seen(next(states), "Seen."))], monotonic=clock)

    assert only(examiner.report()).state == State.FAILED
    clock.now += 4.9
    assert only(examiner.report()).state == State.FAILED
    clock.now += 0.2
    assert only(examiner.report()).state == State.OK


def test_who_comes_while_another_tries_gets_what_was_known(never: threading.Event) -> None:
    answers = iter([False, True])
    clock, is_at_it = Clock(), threading.Event()

    def probe() -> Seen:
        if next(answers):
            is_at_it.set()
            never.wait()
        return FINE

    examiner = Examiner([component(probe=probe, deadline=60)], monotonic=clock)
    examiner.report()
    clock.now += 10
    other = threading.Thread(target=examiner.report, daemon=True)
    other.start()
    is_at_it.wait()

    assert only(examiner.report()).state == State.OK
    never.set()
    other.join()


def test_what_is_not_asked_for_is_not_tried() -> None:
    begun = []

    def asks_the_vendor() -> Seen:
        begun.append(1)
        return FINE

    clock = Clock()
    components = [component("engine", asks_the_vendor), component("database")]
    examiner = Examiner(components, monotonic=clock)

    assert only(examiner.report(["database"])).code == "database"
    clock.now += 60
    assert only(examiner.report(["database"])).code == "database"
    assert begun == []
    assert [found.code for found in examiner.report().results] == ["engine", "database"]
    assert begun == [1]


@pytest.mark.parametrize(
    ("states", "worst_of_them", "is_healthy", "told"),
    [
        ([State.OK, State.OK], State.OK, True, "All components are well."),
        ([State.OK, State.WARNING], State.WARNING, True, "1 of 2 components needs a look: b."),
        ([State.WARNING, State.FAILED], State.FAILED, False, "1 of 2 components has failed: b."),
        ([State.FAILED, State.FAILED], State.FAILED, False, "2 of 2 components have failed: a, b."),
    ],
)
def test_only_what_has_failed_is_unhealthy(
    states: list[State], worst_of_them: State, is_healthy: bool, told: str
) -> None:
    report = Report(tuple(result(s, code) for s, code in zip(states, "ab", strict=True)))

    assert report.state == worst_of_them
    assert report.is_healthy is is_healthy
    assert report.in_words == told


def test_anybody_learns_states_and_no_sentence() -> None:
    public = Report((result(State.FAILED),)).to_public_json()

    assert public["components"] == [{"code": "thing", "state": "failed", "seconds": 0.0}]
    assert public["healthy"] is False


def test_of_several_things_seen_the_worst_counts_and_all_are_told() -> None:
    seen = worst([FINE, Seen(State.FAILED, "Off.", "Mend it."), Seen(State.WARNING, "Slow.")])

    assert seen == Seen(State.FAILED, "It runs. Off. Slow.", "Mend it.")
