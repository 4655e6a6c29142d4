"""``manage.py workers``: the worker cluster, its watchdog, and the sweep for work due."""

import signal
from argparse import ArgumentParser
from functools import partial
from importlib import import_module
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from transcription import checking, clusters, dispatch, recovery, throttle, upkeep
from transcription.chunk_job import jobs_wanted
from transcription.clock import database_clock
from transcription.parentage import die_with
from transcription.supervising import SupervisionPolicy, Supervisor

ENDING_MARGIN_SECONDS = 30.0
# What a call may take at its end, beyond its own deadline, to be recorded.
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

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--attached", type=int, metavar="PID", help="End when this process, the parent, ends."
        )

    def handle(self, *, attached: int | None, **_: Any) -> None:
        if attached:
            die_with(attached)
        leaving = LeavingOnSignals()
        _bound_waits_for_the_database()
        if settings.TRANSCRIPTION_ENGINE == "openai":
            import_module("openai")  # slow: once here, instead of in each process that is forked
        upkeep.begin()
        Supervisor(
            SupervisionPolicy(
                workers=settings.WORKERS,
                ending_seconds=settings.API_TIMEOUT_SECONDS + ENDING_MARGIN_SECONDS,
                beat_seconds=settings.LEASE.beat_seconds,
            ),
            sweep=partial(_sweep, _monitor()),
            on_ready=self._say_ready,
            on_leave=self._say_leaving,
        ).run(until=leaving)

    def _say_ready(self) -> None:
        self.stderr.write(f"{settings.WORKERS} workers are ready.")

    def _say_leaving(self) -> None:
        self.stderr.write("Workers leave after what they are doing now.")


class LeavingOnSignals:
    """True from the first SIGTERM or Ctrl-C on. No lock that a signal could find taken."""

    def __init__(self) -> None:
        self._is_leaving = False
        signal.signal(signal.SIGTERM, self._leave)
        signal.signal(signal.SIGINT, self._leave)

    def __call__(self) -> bool:
        return self._is_leaving

    def _leave(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002 (their shape)
        self._is_leaving = True


def _bound_waits_for_the_database() -> None:
    if connection.vendor == "postgresql":
        options = connection.settings_dict.setdefault("OPTIONS", {})
        connection.settings_dict["OPTIONS"] = {**POSTGRES_BOUNDS, **options}


def _monitor() -> throttle.Monitor:
    return throttle.Monitor(settings.MEMORY, settings.LEASE, workers=settings.WORKERS)


def _sweep(monitor: throttle.Monitor) -> None:
    """Look at the rows, as if no message had ever been sent. Raises django.db.Error."""
    now = database_clock()
    clusters.forget_the_dead(now=now, policy=settings.LEASE)
    recovery.recover_stalled(now=now)
    upkeep.look_after(now=now)
    verdict = monitor.look(now=now)
    if dispatch.waiting():
        return
    if jobs := jobs_wanted(settings.RATE, now=now):
        dispatch.nudge(min(jobs, throttle.jobs_allowed(verdict, now=now)))
    for pk in checking.awaited()[: settings.WORKERS]:
        dispatch.check_recording(pk)
