"""``manage.py workers``: the worker cluster, its watchdog, and the sweep for work due."""

import time
from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import Error, connection

from transcription import (
    checking,
    clean_start,
    clusters,
    dispatch,
    recovery,
    storage_job,
    throttle,
    upkeep,
)
from transcription.chunk_job import jobs_wanted
from transcription.clock import database_clock
from transcription.engines import allocator
from transcription.engines.registry import preload
from transcription.exits import Exit, database_sentence, failure
from transcription.leaving import LeavingOnSignals
from transcription.parentage import die_with
from transcription.supervising import SupervisionPolicy, Supervisor

ENDING_MARGIN_SECONDS = 30.0
# What a call may take at its end, beyond its own deadline, to be recorded.
HOUR_SECONDS = 3600.0
POSTGRES_BOUNDS = {
    "connect_timeout": 10,
    "tcp_user_timeout": 20_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}
# libpq: seconds, and milliseconds in the second, until a host that vanished is an error. Else a
# supervisor that asks such a host would supervise nobody for hours.


class Command(BaseCommand):
    help = "Transcribe and check recordings: the worker cluster. Ends on Ctrl-C or SIGTERM."
    requires_system_checks = ()
    # `clean_start` looks at the same, and says all of it at once.

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--attached", type=int, metavar="PID", help="End when this process, the parent, ends."
        )

    def handle(self, *, attached: int | None, **_: Any) -> None:
        if attached:
            die_with(attached)
        allocator.give_back_at_once()
        leaving = LeavingOnSignals()
        _bound_waits_for_the_database()
        if not attached:  # whose parent has looked
            clean_start.check()
        _tidy(is_first=not attached)
        preload(settings.TRANSCRIPTION_ENGINE)
        Supervisor(
            SupervisionPolicy(
                workers=settings.WORKERS,
                ending_seconds=settings.API_TIMEOUT_SECONDS + ENDING_MARGIN_SECONDS,
                beat_seconds=settings.LEASE.beat_seconds,
            ),
            sweep=partial(_sweep, _monitor(), Hourly()),
            on_ready=self._say_ready,
            on_leave=self._say_leaving,
        ).run(until=leaving)

    def _say_ready(self) -> None:
        self.stderr.write(f"{settings.WORKERS} workers are ready.")

    def _say_leaving(self) -> None:
        self.stderr.write("Workers leave after what they are doing now.")


def _bound_waits_for_the_database() -> None:
    if connection.vendor == "postgresql":
        options = connection.settings_dict.setdefault("OPTIONS", {})
        connection.settings_dict["OPTIONS"] = {**POSTGRES_BOUNDS, **options}


def _monitor() -> throttle.Monitor:
    return throttle.Monitor(settings.MEMORY, settings.LEASE, workers=settings.WORKERS)


class Hourly:
    """True when an hour has passed since it was so last."""

    def __init__(self) -> None:
        self._next = time.monotonic() + HOUR_SECONDS

    def __call__(self) -> bool:
        is_due = time.monotonic() >= self._next
        if is_due:
            self._next = time.monotonic() + HOUR_SECONDS
        return is_due


def _tidy(*, is_first: bool) -> None:
    """Delete what was left or removed; all of it where we are the *first* to look here."""
    try:
        if is_first:
            clean_start.tidy(now=database_clock())
        upkeep.begin()
    except Error as error:
        raise failure(database_sentence(error), Exit.FAILED) from error


def _sweep(monitor: throttle.Monitor, is_hour_over: Hourly) -> None:
    """Look at the rows, as if no message had ever been sent. Raises django.db.Error."""
    now = database_clock()
    clusters.forget_the_dead(now=now, policy=settings.LEASE)
    recovery.recover_stalled(now=now)
    upkeep.look_after(now=now)
    if is_hour_over():
        clean_start.sweep_orphans(now=now)
    verdict = monitor.look(now=now)
    if dispatch.waiting():
        return
    if jobs := jobs_wanted(settings.RATE, now=now):
        dispatch.nudge(min(jobs, throttle.jobs_allowed(verdict, now=now)))
    for pk in checking.awaited()[: settings.WORKERS]:
        dispatch.check_recording(pk)
    if storage_job.is_awaited():
        dispatch.check_storage()
