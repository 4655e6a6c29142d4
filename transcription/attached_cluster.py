"""A worker cluster of a command's own, for as long as the command needs it."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from django.conf import settings

STOP_MARGIN_SECONDS = 40.0
# What a cluster may take to end, beyond the deadline of its last call.


class AttachedCluster:
    """Starts `workers` as a child that ends with us, also when we are killed."""

    def __init__(self, *, stop_seconds: float) -> None:
        self._stop_seconds = stop_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, KeyboardInterrupt):  # a second one may come before `stop` waits
            self.kill()
        self.stop()

    @property
    def was_started(self) -> bool:
        return self._process is not None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log_path(self) -> Path:
        return Path(settings.DATA_DIR) / "workers.log"

    def start(self) -> None:
        """Start it where it is not running. To be called from the main thread (see parentage)."""
        if self.is_running:
            return
        self._close_log()
        self._log = self.log_path.open("ab")
        self._process = subprocess.Popen(
            [
                *(sys.executable, str(settings.BASE_DIR / "manage.py")),
                *("workers", "--attached", str(os.getpid())),
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            # Ctrl-C is for us; we tell the cluster in our own words.
            start_new_session=True,
        )

    def stop(self) -> None:
        """Let it end what it is doing, within bounds; then end it. Ctrl-C ends the wait."""
        if self._process is not None and self.is_running:
            self._process.terminate()
            try:
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(self._stop_seconds)
            finally:
                self.kill()
        self._close_log()

    def kill(self) -> None:
        """End it at once; what was under way is put back by whoever goes on."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _close_log(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None
