"""``manage.py workers``: the worker cluster, and the sweep that finds work no message told of."""

import logging
import signal
import threading
from argparse import ArgumentParser
from importlib import import_module
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import Error, connection

from transcription import checking, clusters, dispatch, pipeline
from transcription.chunk_job import jobs_wanted
from transcription.clock import database_clock
from transcription.models import WorkerCluster
from transcription.parentage import die_with, forks_die_with_parent

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Transcribe and check recordings: the worker cluster. Ends on Ctrl-C or SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--attached", type=int, metavar="PID", help="End when this process, the parent, ends."
        )

    def handle(self, *, attached: int | None, **_: Any) -> None:
        if attached:
            die_with(attached)
        forks_die_with_parent()
        clusters.forget_the_dead(now=database_clock(), policy=settings.LEASE)
        row = clusters.announce(workers=settings.WORKERS, now=database_clock())
        # A connection must not be shared with what is forked next.
        connection.close()
        if settings.TRANSCRIPTION_ENGINE == "openai":
            import_module("openai")  # slow: once here, instead of in each process that is forked
        cluster = dispatch.new_cluster()
        leaving = _leaving_on_signals()
        cluster.start()
        self.stderr.write(f"{settings.WORKERS} workers are ready.")
        while not leaving.wait(settings.LEASE.beat_seconds):
            _sweep(row)
        self.stderr.write("Workers leave after what they are doing now.")
        clusters.leave(row)
        cluster.stop()


def _leaving_on_signals() -> threading.Event:
    """Return an event that SIGTERM or Ctrl-C sets.

    Takes the place of the handlers that django-q2 set when the cluster was made, and must do so
    before it starts: theirs stops the cluster and lets this process run on without one.
    """
    leaving = threading.Event()

    def leave(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 (a handler's shape)
        leaving.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    return leaving


def _sweep(row: WorkerCluster) -> None:
    """Look at the rows, as if no message had ever been sent."""
    try:
        now = database_clock()
        clusters.beat(row, now=now)
        pipeline.recover_stalled(now=now)
        if dispatch.waiting():
            return
        if jobs := jobs_wanted(settings.RATE, now=now):
            dispatch.nudge(min(jobs, settings.WORKERS))
        for pk in checking.awaited()[: settings.WORKERS]:
            dispatch.check_recording(pk)
    except Error as error:
        logger.warning("the database did not answer, trying again: %s", error)
        connection.close()
