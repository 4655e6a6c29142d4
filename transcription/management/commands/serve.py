"""``manage.py serve``: the web server and the workers together, for trying it out."""

import socket
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import Error

from transcription import clean_start
from transcription.attached_cluster import STOP_MARGIN_SECONDS, AttachedCluster
from transcription.clock import database_clock
from transcription.exits import Exit, database_sentence, failure
from transcription.leaving import LeavingOnSignals

THREADS = 8
# Requests at once in each of the two web processes.
REQUEST_SECONDS = 30
# What requests under way may still take when it ends.
LOOK_SECONDS = 0.2
# How often it is looked whether both still run.


class Command(BaseCommand):
    help = "Serve the site on this machine, with its workers. Ctrl-C ends both; twice, at once."
    requires_system_checks = ()
    # `clean_start` looks at the same, and says all of it at once.

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *, port: int, **_: Any) -> None:
        leaving = LeavingOnSignals(hurries=True)
        _look_around(port)
        with suppress(KeyboardInterrupt):  # the second wish to end
            self._serve(port, leaving)

    def _serve(self, port: int, leaving: Callable[[], bool]) -> None:
        stop_seconds = settings.API_TIMEOUT_SECONDS + STOP_MARGIN_SECONDS
        with AttachedCluster(stop_seconds=stop_seconds) as cluster, _web_server(port) as web:
            cluster.start()
            self.stdout.write(
                f"Open http://127.0.0.1:{port}/ and, to upload, http://127.0.0.1:{port}/admin/\n"
                f"Ctrl-C ends it. The workers write to {cluster.log_path}."
            )
            while web.poll() is None and not leaving():
                cluster.start()
                with suppress(subprocess.TimeoutExpired):
                    web.wait(LOOK_SECONDS)
            if not leaving():
                raise failure("The web server ended by itself; it says why above.", Exit.FAILED)
            self.stdout.write("Leaving after what is under way…")
            web.terminate()
            cluster.stop()


def _look_around(port: int) -> None:
    """See that nothing keeps us from working, and tidy up. Raises CommandError."""
    try:
        clean_start.check(serves=True)
        clean_start.tidy(now=database_clock())
    except Error as error:
        raise failure(database_sentence(error), Exit.FAILED) from error
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or str(error)
            told = f"Port {port} cannot be used: {why}. Choose another by --port."
            raise failure(told, Exit.FAILED) from error


@contextmanager
def _web_server(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run the web server for the block; at its end requests under way have some time."""
    command = [
        *(sys.executable, "-m", "gunicorn", "senate_audio.wsgi"),
        "--config=python:senate_audio.served",
        f"--bind=127.0.0.1:{port}",
        "--workers=2",
        f"--threads={THREADS}",
        f"--graceful-timeout={REQUEST_SECONDS}",
        "--log-level=warning",
    ]
    # Ctrl-C is for us; we tell the server in our own words.
    web = subprocess.Popen(command, start_new_session=True)
    try:
        yield web
        with suppress(subprocess.TimeoutExpired):
            web.wait(REQUEST_SECONDS + 5)
    finally:
        web.kill()
        web.wait()
