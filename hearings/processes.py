"""Child processes that cannot outlive us, outgrow their limits, or keep us waiting for ever."""

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_LAUNCHER = Path(__file__).with_name("confine.py")
_PIPE_BYTES = 32 * 1024
# A second of PCM: what stands in the pipe blurs where a complaint belongs.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
# No keys for a program that reads uploads, and no FFREPORT, which would have it write files.
_LINE_BYTES = 2_000
# The longest line of stderr that is kept.


class TimedOut(Exception):
    """The process did not end in its time; it was killed."""


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """What a child may use."""

    wall_seconds: float
    cpu_seconds: int
    memory_bytes: int
    # Address space.


class Confined:
    """A running child. Its two pipes are read in turn by one loop, so neither can block it."""

    def __init__(self, process: subprocess.Popen[bytes], *, wall_seconds: float) -> None:
        self._process = process
        self._deadline = time.monotonic() + wall_seconds

    @property
    def pid(self) -> int:
        return self._process.pid

    def blocks(self, on_line: Callable[[str], None]) -> Iterator[bytes]:
        """Yield what it writes; each line of its stderr goes to *on_line* when it comes.

        Raises TimedOut.
        """
        lines = _Lines(on_line)
        stdout, stderr = _pipes(self._process)
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            selector.register(stderr, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select(self._seconds_left()):
                    data = os.read(key.fd, _PIPE_BYTES)
                    if not data:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is stderr:
                        lines.feed(data)
                    else:
                        yield data
        lines.close()

    def wait(self) -> int:
        """Return its exit status, negative where a signal killed it. Raises TimedOut."""
        try:
            return self._process.wait(self._seconds_left())
        except subprocess.TimeoutExpired as error:
            raise TimedOut from error

    def _seconds_left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimedOut
        return left


class _Lines:
    """Bytes of stderr into lines; an endless line is cut, not kept."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._rest = b""

    def feed(self, data: bytes) -> None:
        *lines, rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._on_line(line[:_LINE_BYTES].decode(errors="replace"))
        self._rest = rest[:_LINE_BYTES]

    def close(self) -> None:
        if self._rest:
            self.feed(b"\n")


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    stdout, stderr = process.stdout, process.stderr
    assert stdout is not None  # noqa: S101 (both are pipes by construction)
    assert stderr is not None  # noqa: S101
    return stdout, stderr


@contextlib.contextmanager
def confined(command: Sequence[str], limits: ProcessLimits) -> Iterator[Confined]:
    """Run *command* (an absolute path first) in a process group that is gone on leaving."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-I", "-S", str(_LAUNCHER)),
            *(str(os.getpid()), str(limits.cpu_seconds), str(limits.memory_bytes), "--"),
            *command,
        ],
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        pipesize=_PIPE_BYTES,
        start_new_session=True,
    )
    with process:
        try:
            yield Confined(process, wall_seconds=limits.wall_seconds)
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                # Not yet waited for, so the number is still its own.
                if process.returncode is None:
                    os.killpg(process.pid, signal.SIGKILL)
