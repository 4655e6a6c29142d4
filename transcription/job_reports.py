"""What the processes of a worker cluster tell the one that supervises them, through a pipe.

Not through the database: whether a worker is at work must be known also while it does not answer.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from transcription import parentage
from transcription.watchdog import Event, Report

_MOST_BYTES = 65_536
_writers: list[int] = []
# Where this process reports to; empty outside a cluster.


class Reports:
    """A cluster's pipe, as its supervisor has it."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        parentage.keep_from_forks(self._reader)
        os.set_blocking(self._reader, False)
        # A full pipe, while nobody reads, must not hold up the work.
        os.set_blocking(self._writer, False)
        self._unfinished = b""

    def speak(self) -> None:
        """Have this process, and all that it forks, report here."""
        _writers[:] = [self._writer]

    def hand_over(self) -> None:
        """Leave the writer to the fork that speaks."""
        os.close(self._writer)

    def read(self) -> list[Report]:
        """Return what came since the last time. Never waits."""
        data = self._unfinished
        with suppress(BlockingIOError):
            while more := os.read(self._reader, _MOST_BYTES):
                data += more
        *lines, self._unfinished = data.split(b"\n")
        return [_parsed(line) for line in lines]

    def close(self) -> None:
        parentage.close(self._reader)


def say(event: Event) -> None:
    """Report that *event* happened to this process. Nothing outside a cluster."""
    line = f"{event.value} {os.getpid()}\n".encode()
    for writer in _writers:
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(writer, line)  # so short a write is never torn: pipe(7)


@contextmanager
def at_work() -> Iterator[None]:
    """Count as busy for the block."""
    say(Event.BEGUN)
    try:
        yield
    finally:
        say(Event.ENDED)


def _parsed(line: bytes) -> Report:
    event, pid = line.decode().split()
    return Report(Event(event), int(pid))
