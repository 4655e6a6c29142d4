import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Event, Lock

import pytest
from django.db import connections
from pytest_django import DjangoAssertNumQueries

from tests.at_once import PATIENCE_SECONDS, at_once
from tests.factories import NOW
from transcription import limiter
from transcription.clock import database_clock
from transcription.holders import this_process
from transcription.leases import LeaseKeeper
from transcription.limiter import Limit, Permit
from transcription.models import Slot
from transcription.policies import LeasePolicy

pytestmark = pytest.mark.django_db

HOSTED = Limit("hosted", 2)
ONE = Limit("one", 1)
POLICY = LeasePolicy(poll_seconds=0.01)

LimitNow = Limit | Callable[[], Limit]


def acquire(limit: Limit = HOSTED, *, seconds_later: float = 0) -> Permit | None:
    now = NOW + timedelta(seconds=seconds_later)
    return limiter.acquire(limit, now=now, lease_seconds=30)


def held(permit: Permit | None) -> Permit:
    assert permit is not None
    return permit


def test_there_are_as_many_slots_as_the_limit_says() -> None:
    assert [bool(acquire()) for _ in range(3)] == [True, True, False]


def test_limits_of_other_names_are_others() -> None:
    acquire(Limit("run-1", 1))

    assert acquire(Limit("run-2", 1))


def test_what_is_released_is_free() -> None:
    first, _ = held(acquire()), held(acquire())

    first.release()

    assert acquire()


def test_a_slot_that_nobody_renews_is_free_when_its_lease_is_over() -> None:
    acquire(), acquire()

    assert not acquire(seconds_later=29)
    assert acquire(seconds_later=30)


def test_a_slot_that_is_renewed_stays_held() -> None:
    first = held(acquire(Limit("one", 1)))

    assert first.renew(now=NOW + timedelta(seconds=25), lease_seconds=30)

    assert not acquire(Limit("one", 1), seconds_later=54)


def test_who_lost_a_slot_neither_renews_nor_frees_it() -> None:
    one = Limit("one", 1)
    late = held(acquire(one))
    acquire(one, seconds_later=31)

    assert not late.renew(now=NOW, lease_seconds=30)
    late.release()

    assert not acquire(one, seconds_later=32)


def test_a_limit_that_was_lowered_holds_for_the_next() -> None:
    for _ in range(3):
        acquire(Limit("hosted", 3))

    Slot.objects.update(token=None, holder="", lease_until=None)

    assert [bool(acquire(Limit("hosted", 1))) for _ in range(2)] == [True, False]


def test_a_lowered_limit_leaves_who_holds_and_admits_nobody_until_there_is_room() -> None:
    low = Limit("hosted", 1)
    first, second, third = [held(acquire(Limit("hosted", 3))) for _ in range(3)]

    assert third.renew(now=NOW + timedelta(seconds=10), lease_seconds=30)
    first.release()
    second.release()
    assert not acquire(low)

    third.release()
    assert [bool(acquire(low)) for _ in range(2)] == [True, False]


def test_of_two_who_take_at_the_same_moment_one_gets_what_a_lowered_limit_has_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    low = Limit("hosted", 2)
    _, _, third = [held(acquire(Limit("hosted", 3))) for _ in range(3)]
    Slot.objects.exclude(pk=third.slot_id).update(token=None, holder="", lease_until=None)
    look, others = limiter._slots, list[Permit | None]()

    def look_and_be_overtaken(limit: Limit) -> list[Slot]:
        seen = look(limit)
        monkeypatch.setattr(limiter, "_slots", look)
        others.append(acquire(limit))
        return seen

    monkeypatch.setattr(limiter, "_slots", look_and_be_overtaken)
    mine = acquire(low)

    assert [bool(mine), bool(others[0])] == [False, True]
    assert Slot.objects.exclude(token=None).count() == low.capacity


def test_a_raised_limit_holds_for_the_next() -> None:
    acquire(Limit("hosted", 1))

    assert [bool(acquire(Limit("hosted", 3))) for _ in range(3)] == [True, True, False]


def test_looking_at_a_limit_whose_slots_are_all_held_is_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    acquire(), acquire()

    with django_assert_num_queries(1):
        assert not acquire()


def test_a_forgotten_limit_can_be_used_again() -> None:
    acquire(Limit("one", 1))
    limiter.forget("one")

    assert acquire(Limit("one", 1))


def ended_process() -> str:
    """Return the holder name of a process of this host that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return this_process().replace(f"/{os.getpid()}/", f"/{process.pid}/")


def test_a_slot_of_a_process_that_ended_is_freed_before_its_lease_is_over() -> None:
    acquire(), acquire()
    Slot.objects.filter(number=1).update(holder=ended_process())

    assert limiter.free_slots_of_the_dead() == 1

    assert [bool(acquire()) for _ in range(2)] == [True, False]


def test_a_slot_held_on_another_host_waits_for_its_lease() -> None:
    acquire(Limit("one", 1))
    Slot.objects.update(holder="elsewhere:12345678/1/1")

    assert limiter.free_slots_of_the_dead() == 0


@pytest.mark.django_db(transaction=True)
def test_of_many_who_come_at_once_no_more_get_a_slot_than_there_are() -> None:
    def come() -> bool:
        return limiter.acquire(HOSTED, now=database_clock(), lease_seconds=60) is not None

    assert at_once([come] * 8).count(True) <= HOSTED.capacity
    assert Slot.objects.exclude(token=None).count() <= HOSTED.capacity


class Inside:
    """Counts who is inside a permit at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._now = 0
        self.most = 0
        self.entered = 0

    def __enter__(self) -> None:
        with self._lock:
            self._now += 1
            self.entered += 1
            self.most = max(self.most, self._now)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._now -= 1


def take_turns(inside: Inside, turns: int) -> None:
    with LeaseKeeper(clock=database_clock, policy=POLICY) as keeper:
        for _ in range(turns):
            with limiter.permit(HOSTED, clock=database_clock, policy=POLICY, keeper=keeper), inside:
                pass


@pytest.mark.django_db(transaction=True)
def test_eight_workers_are_never_more_than_the_limit_inside_and_all_get_on() -> None:
    inside = Inside()

    at_once([partial(take_turns, inside, 5)] * 8)

    assert inside.most <= HOSTED.capacity
    assert inside.entered == 40
    assert not Slot.objects.exclude(token=None).exists()


def use_permit(
    body: Callable[[], object], limit: LimitNow = ONE, policy: LeasePolicy = POLICY
) -> None:
    with (
        LeaseKeeper(clock=database_clock, policy=policy) as keeper,
        limiter.permit(limit, clock=database_clock, policy=policy, keeper=keeper),
    ):
        body()


def fail() -> None:
    raise RuntimeError("in the block")


def test_an_error_in_the_block_frees_the_slot() -> None:
    with pytest.raises(RuntimeError, match="in the block"):
        use_permit(fail)

    assert not Slot.objects.exclude(token=None).exists()


def while_held(let_in: Callable[[Permit], object], limit: LimitNow = ONE) -> None:
    """Have somebody wait for *limit* while its slot is held, until *let_in* lets them in."""
    first = held(limiter.acquire(ONE, now=database_clock(), lease_seconds=60))
    entered = Event()

    def wait_for_it() -> None:
        try:
            use_permit(entered.set, limit)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait_for_it)
        assert not entered.wait(0.1)
        let_in(first)
        waiting.result(PATIENCE_SECONDS)

    assert entered.is_set()


@pytest.mark.django_db(transaction=True)
def test_who_waits_gets_the_slot_when_it_is_released() -> None:
    while_held(Permit.release)


@pytest.mark.django_db(transaction=True)
def test_who_waits_sees_that_the_limit_was_raised() -> None:
    capacity = [1]

    while_held(lambda _: capacity.append(2), lambda: Limit("one", capacity[-1]))


@pytest.mark.django_db(transaction=True)
def test_who_has_just_released_a_slot_lets_those_go_first_who_wait() -> None:
    entered: list[str] = []
    inside, patient = Event(), LeasePolicy(poll_seconds=0.2)

    def be_inside() -> None:
        entered.append("again")
        inside.set()
        Event().wait(0.3)

    def stay() -> None:
        for _ in range(2):
            use_permit(be_inside, ONE, patient)

    def wait_for_it() -> None:
        assert inside.wait(PATIENCE_SECONDS)
        use_permit(lambda: entered.append("waiting"))

    at_once([stay, wait_for_it])

    assert entered == ["again", "waiting", "again"]
