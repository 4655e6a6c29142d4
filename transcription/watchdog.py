"""Whether a worker cluster still works, judged by what is seen of it. Seconds are of any clock.

django-q2 stops for good, and looks alive, when a process that held a lock of its queues is
killed. So silence is never taken for idleness: a canary, a job that does nothing, has to come
back. Who is in the middle of a job is alive by that; only idle workers can be asked.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

HELPERS = 3
# Processes besides the workers: the leader (django-q2's sentinel and guard), pusher and monitor.


class Event(StrEnum):
    """What the processes of a cluster report."""

    READY = "ready"
    # The cluster has all its processes.
    BEGUN = "begun"
    # A worker took a job, and goes on with it …
    ENDED = "ended"
    # … until it ended, well or not.
    CANARY = "canary"
    # A worker took the job that only asks whether one takes jobs.


@dataclass(frozen=True, slots=True)
class Report:
    """What happened to which process."""

    event: Event
    pid: int


@dataclass(frozen=True, slots=True)
class WatchPolicy:
    """How long, in seconds, before something is amiss."""

    start: float = 30.0
    # Until all processes are there.
    missing: float = 5.0
    # Until a process that ended has a successor.
    quiet: float = 10.0
    # Without a job taken; then a canary is sent.
    again: float = 4.0
    # A canary that did not come back may have been lost with a process; another is sent.
    patience: float = 20.0
    # Until a canary has to be back.
    suspicion: float = 12.0
    # The same after a process of the cluster ended. Longer than django-q2's pusher sleeps when the
    # database failed it.


@dataclass(slots=True)
class Question:
    """A canary, or several one after another, of which none came back yet."""

    sent_at: float
    patience: float
    untaken_until: float
    # No idle worker may leave every job alone for longer.
    unreturned_until: float | None = None
    # A worker took the canary, and its job has to be done with by then.

    def start_over(self, now: float) -> None:
        self.untaken_until = now + self.patience
        if self.unreturned_until is not None:
            self.unreturned_until = now + self.patience

    def hurry(self, *, now: float, patience: float) -> None:
        self.patience = min(self.patience, patience)
        self.untaken_until = min(self.untaken_until, now + self.patience)
        if self.unreturned_until is not None:
            self.unreturned_until = min(self.unreturned_until, now + self.patience)


class Watch:
    """What is known of one cluster."""

    def __init__(self, *, workers: int, now: float, policy: WatchPolicy) -> None:
        self._policy = policy
        self._workers = workers
        self._started_at = now
        self._is_ready = False
        self._is_suspect = True  # until it has proved itself
        self._living: frozenset[int] = frozenset()
        self._busy: set[int] = set()
        self._life_at: float | None = None
        self._short_since: float | None = None
        self._question: Question | None = None

    @property
    def is_ready(self) -> bool:
        return self._is_ready

    @property
    def life_at(self) -> float | None:
        """When a worker last took a job; None where none ever did."""
        return self._life_at

    @property
    def busy(self) -> frozenset[int]:
        """The workers that are in the middle of a job."""
        return frozenset(self._busy)

    @property
    def is_asking(self) -> bool:
        return self._question is not None

    def heard(self, reports: Iterable[Report], *, now: float) -> None:
        for report in reports:
            match report.event:
                case Event.READY:
                    self._is_ready = True
                case Event.BEGUN:
                    self._busy.add(report.pid)
                    self._note_life(now)
                case Event.ENDED:
                    self._busy.discard(report.pid)
                case Event.CANARY:
                    self._note_canary(now)

    def seen(self, living: frozenset[int], *, now: float) -> frozenset[int]:
        """Note which processes live. Return those that ended since the last time."""
        lost = self._living - living
        self._living = living
        self._busy &= living
        if lost:
            self._is_suspect = True
        if not self._is_ready or len(living) >= self._workers + HELPERS:
            self._short_since = None
        elif self._short_since is None:
            self._short_since = now
        if self._question and not self._has_idle():
            self._question.start_over(now)
        return lost

    def wants_canary(self, now: float) -> bool:
        if not self._is_ready or not self._has_idle():
            return False
        if self._question:
            return self._is_suspect or now - self._question.sent_at >= self._policy.again
        quiet = now - (self._life_at or self._started_at) >= self._policy.quiet
        return self._is_suspect or quiet

    def asked(self, now: float) -> None:
        """Note that a canary was sent, in place of any before it."""
        policy = self._policy
        if self._question is None:
            self._question = Question(now, policy.patience, untaken_until=now + policy.patience)
        if self._is_suspect:
            self._question.hurry(now=now, patience=policy.suspicion)
        self._question.sent_at = now
        self._is_suspect = False

    def returned(self) -> None:
        """Note that the canary's job is done with: every part of the cluster did its share."""
        self._question = None

    def excuse(self) -> None:
        """Take back the question, where others than the cluster are to blame; ask anew later."""
        self._question = None

    def complaint(self, now: float) -> str | None:
        """Return what is wrong with the cluster, a clause for a sentence; None if nothing is."""
        policy, question = self._policy, self._question
        if not self._is_ready:
            late = now - self._started_at > policy.start
            return f"it was not ready after {policy.start:.0f} s" if late else None
        if self._short_since is not None and now - self._short_since > policy.missing:
            missing = self._workers + HELPERS - len(self._living)
            return f"{missing} of its processes ended and were not replaced"
        if question and now > question.untaken_until:
            return f"no idle worker took a job for {question.patience:.0f} s"
        if question and question.unreturned_until is not None and now > question.unreturned_until:
            return f"a job that was taken was not done with after {question.patience:.0f} s"
        return None

    def _has_idle(self) -> bool:
        return len(self._busy) < self._workers

    def _note_life(self, now: float) -> None:
        self._life_at = now
        if self._question:
            self._question.untaken_until = now + self._question.patience

    def _note_canary(self, now: float) -> None:
        self._note_life(now)
        if self._question and self._question.unreturned_until is None:
            self._question.unreturned_until = now + self._question.patience
