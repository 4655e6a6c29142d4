"""Runs the probes of components side by side, and waits for none longer than its deadline.

A probe that hangs cannot be ended, only left behind; so each component has at most one thread, and
until that comes back it has failed. Threads are daemons: a hanging one keeps no process from
ending.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence

from django.db import Error, connections

from transcription.health import Component, Report, Result, Seen, State, judged

logger = logging.getLogger(__name__)

Monotonic = Callable[[], float]


class Examiner:
    """Keeps what was found of each component for as long as that is fresh. For many threads."""

    def __init__(
        self, components: Sequence[Component], *, monotonic: Monotonic = time.monotonic
    ) -> None:
        self._components = tuple(components)
        self._monotonic = monotonic
        self._turn = threading.Lock()
        self._trials: dict[str, _Trial] = {}
        # Of probes that did not come back yet.
        self._found: dict[str, tuple[float, Result]] = {}
        # When it was found, and what.

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(component.code for component in self._components)

    def report(self, codes: Collection[str] | None = None) -> Report:
        """Return how all components are, or these, trying those of which nothing fresh is known.

        Whoever comes while another thread tries them gets what was known before, so that a
        component that hangs does not take all threads of a web server.
        """
        asked = [one for one in self._components if codes is None or one.code in codes]
        knows_all = all(component.code in self._found for component in asked)
        if self._turn.acquire(blocking=not knows_all):
            try:
                self._refresh(asked)
            finally:
                self._turn.release()
        return Report(tuple(self._found[component.code][1] for component in asked))

    def _refresh(self, asked: Sequence[Component]) -> None:
        now = self._monotonic()
        stale = [component for component in asked if not self._is_fresh(component, now)]
        trials = [(component, self._trial_of(component)) for component in stale]
        for component, trial in trials:
            self._note(component, trial.outcome(component))
            if trial.is_over:
                del self._trials[component.code]

    def _is_fresh(self, component: Component, now: float) -> bool:
        found = self._found.get(component.code)
        return found is not None and now - found[0] < component.fresh_seconds

    def _trial_of(self, component: Component) -> "_Trial":
        """Return the trial that is under way, or begin one."""
        under_way = self._trials.get(component.code)
        if under_way is None or under_way.is_over:
            # What came back too late says nothing of now.
            under_way = self._trials[component.code] = _Trial(component.probe, self._monotonic)
        return under_way

    def _note(self, component: Component, result: Result) -> None:
        before = self._found.get(component.code)
        self._found[component.code] = (self._monotonic(), result)
        if before and result.state != before[1].state:
            level = logging.INFO if result.state == State.OK else logging.WARNING
            logger.log(level, "%s: %s. %s", component.name, result.state, result.measured)


class _Trial:
    """One run of a probe, in a thread of its own."""

    def __init__(self, probe: Callable[[], Seen], monotonic: Monotonic) -> None:
        self._probe = probe
        self._monotonic = monotonic
        self._began = monotonic()
        self._ended: float | None = None
        self._seen: Seen | None = None
        self._thread = threading.Thread(target=self._try, name="health", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:  # the machine has no room for a thread
            self._seen = Seen(State.FAILED, f"The test could not be started: {error}.")
            self._ended = self._began

    @property
    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def outcome(self, component: Component) -> Result:
        """Return what the probe saw, or that it took too long. Waits until its deadline."""
        left = self._began + component.deadline_seconds - self._monotonic()
        if not self.is_over:
            self._thread.join(max(left, 0.0))
        if self.is_over and self._ended is not None and self._seen is not None:
            return judged(component, self._seen, seconds=self._ended - self._began)
        seconds = self._monotonic() - self._began
        hung = Seen(State.FAILED, f"The test did not come back within {seconds:.0f} s.")
        return judged(component, hung, seconds=seconds)

    def _try(self) -> None:
        try:
            self._seen = self._probe()
        except Error as error:
            reason = " ".join(str(error).split())
            self._seen = Seen(State.FAILED, f"The database was needed and did not work: {reason}")
        except Exception as error:  # whatever it is, it is shown
            logger.warning("a test of a component broke off", exc_info=True)
            told = f"The test broke off: {type(error).__name__}: {error}".strip(": ")
            self._seen = Seen(State.FAILED, told)
        finally:
            self._ended = self._monotonic()
            connections.close_all()
