"""Any order of steps, deaths, late answers, failures and orders of people: what must always hold.

Hypothesis looks for a story that breaks an invariant, over the real tables; the server is a
function, the clock is set, and each worker goes a step at a time (see `stage`).
"""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from django.conf import settings as configured
from django.db.models import QuerySet
from hypothesis import HealthCheck, Phase
from hypothesis import settings as profile
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from hypothesis.strategies import data, integers, sampled_from
from pytest_django import Settings

from hearings.models import Hearing
from hearings.spans import Span
from tests.db.run_kit import SetClock
from tests.factories import NOW, make_hearing
from tests.proofs.stage import OUTCOMES, Server, Worker, staged
from transcription import budgets, pipeline, receipts, recovery
from transcription.models import Attempt, Chunk, ChunkStatus, RateLimit, Run, RunStatus, Slot
from transcription.policies import BudgetPolicy
from transcription.run_options import RunOptions

PROOF = os.environ.get("PROOF") == "full"
SECONDS = 40
MOST_WORKERS = 3
SCRIPT = [f"s{second}" for second in range(SECONDS)]
BUDGET = Decimal("0.0085")
# Some twice what the hearing costs.
LATE = (6, 31, 700)


class Story(RuleBasedStateMachine):
    """One hearing from its start to its end, whatever happens to it."""

    def __init__(self) -> None:
        super().__init__()
        self.server = Server()
        self.clock = SetClock()
        self.workers: list[Worker] = []
        self.done: dict[int, object] = {}
        self.retries = 0
        configured.BUDGET = BudgetPolicy(usd_per_hearing=BUDGET)
        self._stage = staged(self.server)
        self._stage.__enter__()

    @initialize()
    def a_hearing_is_started(self) -> None:
        speech = [[at * 10_000 + 200, at * 10_000 + 9_800] for at in range(SECONDS // 10)]
        hearing = make_hearing(speech=speech, duration_ms=SECONDS * 1000)
        chosen = RunOptions(engine="scripted", model="script", language="en", chunk_ms=10_000)
        self.run = pipeline.start(hearing, chosen, by=None, now=NOW)

    @precondition(lambda self: len(self.workers) < MOST_WORKERS)
    @rule()
    def a_worker_comes(self) -> None:
        self.workers.append(Worker(self.clock))

    @precondition(lambda self: self.workers)
    @rule(choice=data(), steps=integers(1, 4))
    def a_worker_goes_on(self, choice: object, steps: int) -> None:
        worker = choice.draw(sampled_from(self.workers))  # type: ignore[attr-defined]
        for _ in range(steps):
            if not worker.is_over:
                worker.step()
        self.workers = [each for each in self.workers if not each.is_over]

    @precondition(lambda self: self.workers)
    @rule(choice=data())
    def a_worker_dies(self, choice: object) -> None:
        worker = choice.draw(sampled_from(self.workers))  # type: ignore[attr-defined]
        self.workers.remove(worker)
        self.dead = [*getattr(self, "dead", []), worker]

    def others_overtake(self) -> None:
        """All workers are frozen past their leases; another does what they were at."""
        self.time_passes(31)
        recovery.recover_stalled(now=self.clock())
        other = Worker(self.clock)
        while not other.is_over:
            other.step()

    @rule(outcome=sampled_from(sorted(OUTCOMES)), times=integers(1, 4))
    def the_next_calls_will_go(self, outcome: str, times: int) -> None:
        self.server.outcomes += [outcome] * times

    @rule(seconds=sampled_from(LATE))
    def time_passes(self, seconds: int) -> None:
        self.clock.pass_by(seconds)
        RateLimit.objects.update(closed_until=0, next_at=0, is_broken=False, breaks=0)

    @rule()
    def the_sweeper_looks(self) -> None:
        recovery.recover_stalled(now=self.clock())

    @rule(order=sampled_from(["pause", "resume", "retry"]))
    def a_person_orders(self, order: str) -> None:
        run = Run.objects.get(pk=self.run.pk)
        if order == "pause":
            pipeline.pause(run, reason="A person said so.", now=self.clock())
        elif order == "resume":
            pipeline.resume(run, now=self.clock())
        elif pipeline.retry(run, now=self.clock()):
            self.retries += 1

    @invariant()
    def no_call_was_unannounced(self) -> None:
        assert self.server.mistakes == []
        assert Attempt.objects.exclude(status=Attempt.Status.REUSED).count() >= len(
            self.server.calls
        )

    @invariant()
    def nothing_is_paid_twice_without_a_recorded_reason(self) -> None:
        for span, costly in self.server.costly.items():
            chunks = Chunk.objects.filter(start_ms=span.start_ms, end_ms=span.end_ms)
            calls = Attempt.objects.filter(chunk__in=chunks)
            open_or_unclear = calls.filter(status=Attempt.Status.SENDING).count()
            open_or_unclear += calls.filter(may_be_billed=True).count()
            assert costly <= 1 + open_or_unclear, f"{span} was paid for {costly} times"

    @invariant()
    def what_is_done_stays_as_it_is(self) -> None:
        for chunk in Chunk.objects.filter(pk__in=self.done):
            assert (chunk.status, chunk.result) == (ChunkStatus.DONE, self.done[chunk.pk])
        finished = Chunk.objects.filter(status=ChunkStatus.DONE)
        self.done = dict(finished.values_list("pk", "result"))

    @invariant()
    def every_answer_that_was_recorded_is_kept(self) -> None:
        for call in Attempt.objects.filter(status=Attempt.Status.OK):
            assert receipts.read(call) is not None

    @invariant()
    def the_budget_holds(self) -> None:
        if hasattr(self, "run"):
            assert self.server.usd <= budgets.of_hearing(self.run.hearing) <= BUDGET

    @invariant()
    def no_chunk_is_unclear_more_than_twice(self) -> None:
        unclear = Counter(
            Attempt.objects.filter(may_be_billed=True).values_list("chunk", flat=True)
        )
        assert all(times <= 2 * (1 + self.retries) for times in unclear.values())

    def teardown(self) -> None:
        try:
            if hasattr(self, "run"):
                self._everything_heals()
        finally:
            for worker in [*self.workers, *getattr(self, "dead", [])]:
                worker.forget()
            self._stage.__exit__(None, None, None)
            Hearing.objects.all().delete()
            Slot.objects.all().delete()
            RateLimit.objects.all().delete()

    def _everything_heals(self) -> None:
        """All workers are gone, nothing fails any more: the run ends as it must."""
        self.server.outcomes.clear()
        configured.BUDGET = BudgetPolicy()
        for _ in range(12):
            self.time_passes(700)
            recovery.recover_stalled(now=self.clock())
            worker = Worker(self.clock)
            while not worker.is_over:
                worker.step()
            run = Run.objects.get(pk=self.run.pk)
            if run.status == RunStatus.PAUSED:
                pipeline.resume(run, now=self.clock())
        self._it_ended_well(run)
        self.nothing_is_paid_twice_without_a_recorded_reason()

    def _it_ended_well(self, run: Run) -> None:
        assert run.is_terminal, run.status
        chunks = list(run.chunks.current())
        missing = [chunk.span for chunk in chunks if chunk.status != ChunkStatus.DONE]
        done = [chunk.span for chunk in chunks if chunk.status == ChunkStatus.DONE]
        # Halves share some sound: what one lacks the other may have.
        gone = [word for word in SCRIPT if _is_in(word, missing) and not _is_in(word, done)]
        heard = " ".join(run.segments.values_list("text", flat=True)).split()
        assert heard == [word for word in SCRIPT if word not in gone]
        assert (run.status == RunStatus.COMPLETE) == (not missing)
        assert not run.chunks.filter(status=ChunkStatus.RUNNING).exists()
        assert not Attempt.objects.filter(status=Attempt.Status.SENDING).exists()


def _is_in(word: str, spans: list[Span]) -> bool:
    second = int(word[1:])
    return any(s.start_ms <= second * 1000 and second * 1000 + 1000 <= s.end_ms for s in spans)


@pytest.fixture(autouse=True)
def nothing_waits(settings: Settings) -> None:
    settings.DISPATCHER = "tests.db.run_kit.NoDispatcher"
    settings.BUDGET = BudgetPolicy(usd_per_hearing=BUDGET)
    settings.RATE = replace(
        settings.RATE, max_concurrent_chunks=50, capacity=100_000, per_minute=1_000_000
    )


def tell(stories: int) -> None:
    run_state_machine_as_test(
        Story,
        settings=profile(
            max_examples=stories,
            stateful_step_count=40,
            deadline=None,
            derandomize=not PROOF,
            report_multiple_bugs=False,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db(transaction=True)
def test_no_story_breaks_what_must_always_hold() -> None:
    tell(400 if PROOF else 30)


def no_fencing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Chunk, "_held", lambda chunk: Chunk.objects.filter(pk=chunk.pk))


def no_end_to_unclear_calls(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(configured, "RETRY", replace(configured.RETRY, max_ambiguous=99))


def lost_calls_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recovery, "_settle", lambda attempt, *_, **__: bool(attempt.delete()) and False)


def calls_under_way_cost_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(budgets, "_spent", known_of)


def known_of(calls: "QuerySet[Attempt]") -> Decimal:
    return sum((call.cost_usd or Decimal(0) for call in calls), Decimal(0))


def answers_not_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(receipts, "keep", lambda *_: None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "mutant",
    [
        lost_calls_forgotten,
        calls_under_way_cost_nothing,
        answers_not_kept,
    ],
)
def test_the_stories_find_what_is_planted(
    mutant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)

    with pytest.raises(AssertionError):
        tell(4_000 if PROOF else 200)


def overtaken_and_late(story: Story) -> None:
    """Have a worker come with its answer when another has done its chunk; look at what is left."""
    story.a_hearing_is_started()
    slow = Worker(story.clock)
    while slow.place != "answered":
        slow.step()
    story.others_overtake()
    story.what_is_done_stays_as_it_is()
    while not slow.is_over:
        slow.step()
    story.what_is_done_stays_as_it_is()
    story.every_answer_that_was_recorded_is_kept()


def cut_off_again_and_again(story: Story) -> None:
    """Have every call end without an answer, though it may have been paid for."""
    story.a_hearing_is_started()
    configured.BUDGET = BudgetPolicy()  # which would end it sooner
    story.server.outcomes = ["cut off"] * 40
    for _ in range(5):
        worker = Worker(story.clock)
        while not worker.is_over:
            worker.step()
        story.time_passes(700)
    story.no_chunk_is_unclear_more_than_twice()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("told", "mutant"),
    [(overtaken_and_late, no_fencing), (cut_off_again_and_again, no_end_to_unclear_calls)],
)
def test_a_story_holds_and_would_not_with_what_is_planted(
    told: Callable[[Story], None],
    mutant: Callable[[pytest.MonkeyPatch], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story = Story()
    try:
        told(story)
    finally:
        story.teardown()

    mutant(monkeypatch)
    story = Story()
    try:
        with pytest.raises(AssertionError):
            told(story)
    finally:
        story._stage.__exit__(None, None, None)
