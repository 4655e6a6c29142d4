"""``manage.py serve``: the web server and the workers together, for trying it out."""

import signal
import subprocess
import sys
from argparse import ArgumentParser
from contextlib import suppress
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from transcription.attached_cluster import STOP_MARGIN_SECONDS, AttachedCluster

THREADS = 8
# Requests at once in each of the two web processes.


class Command(BaseCommand):
    help = "Serve the site on this machine, with its workers. Ctrl-C ends both."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *, port: int, **_: Any) -> None:
        signal.signal(signal.SIGTERM, _as_interrupt)
        with AttachedCluster(
            stop_seconds=settings.API_TIMEOUT_SECONDS + STOP_MARGIN_SECONDS
        ) as cluster:
            cluster.start()
            web = subprocess.Popen(_web_server(port))
            self.stdout.write(
                f"Open http://127.0.0.1:{port}/ and, to upload, http://127.0.0.1:{port}/admin/\n"
                f"Ctrl-C ends it. The workers write to {cluster.log_path}."
            )
            with suppress(KeyboardInterrupt):
                _keep_up(web, cluster)
            self.stdout.write("Leaving after what is under way…")
            web.terminate()
            web.wait()


def _keep_up(web: subprocess.Popen[bytes], cluster: AttachedCluster) -> None:
    """Start the workers again should they end, for as long as the web server runs."""
    while web.poll() is None:
        cluster.start()
        with suppress(subprocess.TimeoutExpired):
            web.wait(1)


def _web_server(port: int) -> list[str]:
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "senate_audio.wsgi",
        f"--bind=127.0.0.1:{port}",
        "--workers=2",
        f"--threads={THREADS}",
        "--log-level=warning",
    ]


def _as_interrupt(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 (a handler)
    raise KeyboardInterrupt
