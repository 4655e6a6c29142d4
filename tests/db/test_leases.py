import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from threading import Event, get_ident

import pytest
from django.conf import settings
from django.db import OperationalError

from tests.at_once import PATIENCE_SECONDS
from tests.factories import NOW, make_chunk, make_run
from transcription.clock import database_clock
from transcription.leases import LeaseKeeper
from transcription.logs import log_fields
from transcription.policies import LeasePolicy

QUICK = LeasePolicy(lease_seconds=60, renew_seconds=0.01)


class Lease:
    """Counts its renewals; answers each by a function."""

    def __init__(self, answer: Callable[[], bool] = lambda: True, *, enough: int = 2) -> None:
        self._answer = answer
        self._left = enough
        self.renewed_often = Event()
        self.threads: set[int] = set()

    def renew(self, *, now: datetime, lease_seconds: float) -> bool:
        assert (now, lease_seconds) == (NOW, 60)
        self.threads.add(get_ident())
        self._left -= 1
        if not self._left:
            self.renewed_often.set()
        return self._answer()


def keeper() -> LeaseKeeper:
    return LeaseKeeper(clock=lambda: NOW, policy=QUICK)


def test_a_lease_is_renewed_again_and_again_while_its_holder_works() -> None:
    lease = Lease(enough=3)

    with keeper() as leases, leases.holding(lease):
        assert lease.renewed_often.wait(PATIENCE_SECONDS)

    assert get_ident() not in lease.threads


def test_a_lease_that_was_let_go_is_renewed_no_more() -> None:
    ended, other = Lease(), Lease(enough=5)

    with keeper() as leases:
        with leases.holding(ended):
            assert ended.renewed_often.wait(PATIENCE_SECONDS)
        with leases.holding(other):
            ended.threads.clear()
            assert other.renewed_often.wait(PATIENCE_SECONDS)

    assert len(ended.threads) <= 1  # the round that was under way


def test_a_lost_lease_does_not_keep_the_others_from_being_renewed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lost, kept = Lease(lambda: False), Lease()

    caplog.set_level(logging.INFO)
    with keeper() as leases, leases.holding(lost), leases.holding(kept):
        assert kept.renewed_often.wait(PATIENCE_SECONDS)

    assert "lost or has ended" in caplog.text


def test_a_database_that_does_not_answer_is_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> bool:
        raise OperationalError("gone away")

    lease = Lease(fail, enough=3)

    with keeper() as leases, leases.holding(lease):
        assert lease.renewed_often.wait(PATIENCE_SECONDS)

    assert "could not renew" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_chunks_lease_grows_while_its_holder_works() -> None:
    chunk = make_chunk(make_run())
    chunk.claim(holder="us", now=NOW, lease_seconds=30)
    renewed = Event()

    def clock() -> datetime:
        if chunk.lease_until and type(chunk).objects.get().lease_until != chunk.lease_until:
            renewed.set()
        return database_clock()

    with LeaseKeeper(clock=clock, policy=QUICK) as leases, leases.holding(chunk):
        assert renewed.wait(PATIENCE_SECONDS)


def test_what_is_logged_of_a_lease_names_its_run(structured_log: io.StringIO) -> None:
    lost = Lease(lambda: False)

    with keeper() as leases, log_fields(hearing="budget", run=7, chunk=3), leases.holding(lost):
        assert lost.renewed_often.wait(PATIENCE_SECONDS)

    line = json.loads(structured_log.getvalue().splitlines()[0])
    assert (line["hearing"], line["run"], line["chunk"]) == ("budget", 7, 3)


@pytest.fixture
def structured_log() -> Iterator[io.StringIO]:
    """Return what is logged of leases, as the project's JSON log has it."""
    handler = logging.StreamHandler(stream := io.StringIO())
    formatter = dict(settings.LOGGING["formatters"]["json"])
    handler.setFormatter(formatter.pop("()")(**formatter))
    logger = logging.getLogger("transcription.leases")
    logger.addHandler(handler)
    yield stream
    logger.removeHandler(handler)
