"""Where a worker may die: at each statement, and at each moment of a call and of its receipt.

It kills itself with SIGKILL, which runs no handler, flushes nothing and closes no transaction: for
all that it leaves, it was killed by somebody else.
"""

import os
import signal
import stat
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LEAST_SOUND_BYTES = 10_000
# What is written in one piece and is so long is sound, no field of the form.


@dataclass(frozen=True)
class Death:
    """A worker dies when it comes to *place* for the *number*th time."""

    place: str
    number: int

    def __str__(self) -> str:
        return f"{self.place} #{self.number}"


class Fate:
    """Counts where its process has come, and ends it at the fatal place."""

    def __init__(self, death: Death | None) -> None:
        self._death = death
        self._is_calling = False
        self._is_keeping = False
        self._is_fresh = False
        # Of the call under way nothing was written, or of its answer nothing read.
        self.seen: Counter[str] = Counter()

    def at(self, place: str) -> None:
        self.seen[place] += 1
        if self._death == Death(place, self.seen[place]):
            os.kill(os.getpid(), signal.SIGKILL)

    def rule(self) -> None:
        """Stand at every place of this process."""
        self._rule_statements()
        self._rule_calls()
        self._rule_network()
        self._rule_receipts()
        self._rule_children()

    def _rule_statements(self) -> None:
        """COMMIT is one too, though Django sends it past its wrappers."""
        from django.db import connection

        commit = connection._commit  # type: ignore[attr-defined]

        def stated(execute: Callable[..., Any], *arguments: Any) -> Any:
            self.at("before statement")
            result = execute(*arguments)
            self.at("after statement")
            return result

        connection.execute_wrappers.append(stated)
        connection._commit = lambda: stated(commit)  # type: ignore[attr-defined]

    def _rule_calls(self) -> None:
        from transcription.engines.transport import CappedTransport

        exchanged, noted = CappedTransport._exchanged, CappedTransport._noted

        def exchange(transport: CappedTransport, request: Any) -> Any:
            self._is_calling = request.method == "POST"
            reply = exchanged(transport, request)
            self._of_call("answered")
            self._is_calling = False
            return reply

        def note(transport: CappedTransport, stream: Iterable[bytes]) -> Iterator[bytes]:
            yield from noted(transport, stream)
            self._is_fresh = True
            self._of_call("body sent")

        put(CappedTransport, _exchanged=exchange, _noted=note)

    def _rule_network(self) -> None:
        from transcription.engines.deadline import DeadlineBackend, DeadlineStream

        connect, read, write = (
            DeadlineBackend.connect_tcp,
            DeadlineStream.read,
            DeadlineStream.write,
        )

        def connect_or_die(*arguments: Any, **options: Any) -> DeadlineStream:
            self._of_call("before connect")
            stream = connect(*arguments, **options)
            self._of_call("connected")
            return stream

        def write_or_die(stream: DeadlineStream, buffer: bytes, timeout: float | None) -> None:
            if self._is_calling and len(buffer) > LEAST_SOUND_BYTES:
                half = len(buffer) // 2
                write(stream, buffer[:half], timeout)
                self._of_call("in mid-body")
                write(stream, buffer[half:], timeout)
                return
            write(stream, buffer, timeout)
            if buffer.startswith(b"POST "):
                self._of_call("headers sent")

        def read_or_die(stream: DeadlineStream, most: int, timeout: float | None) -> bytes:
            if not (self._is_calling and self._is_fresh):
                return read(stream, most, timeout)
            self._is_fresh = False
            data = read(stream, 64, timeout)
            self._of_call("in mid-answer")
            return data

        put(DeadlineBackend, connect_tcp=connect_or_die)
        put(DeadlineStream, write=write_or_die, read=read_or_die)

    def _rule_receipts(self) -> None:
        from transcription import receipts

        keep, sync, replace = receipts.keep, os.fsync, Path.replace

        def keep_or_die(*arguments: Any) -> Path:
            self._is_keeping = True
            self.at("before the receipt")
            path = keep(*arguments)
            self.at("receipt safe")
            self._is_keeping = False
            return path

        def sync_or_die(file: int) -> None:
            kind = "folder" if stat.S_ISDIR(os.fstat(file).st_mode) else "receipt"
            self._of_receipt(f"before the {kind}'s fsync")
            sync(file)
            self._of_receipt(f"after the {kind}'s fsync")

        def replace_or_die(path: Path, target: Any) -> Path:
            replaced = replace(path, target)
            self._of_receipt("receipt renamed")
            return replaced

        put(receipts, keep=keep_or_die)
        put(os, fsync=sync_or_die)
        put(Path, replace=replace_or_die)

    def _rule_children(self) -> None:
        begin = subprocess.Popen.__init__

        def begin_and_die(*arguments: Any, **options: Any) -> None:
            begin(*arguments, **options)
            self.at("ffmpeg begun")

        put(subprocess.Popen, __init__=begin_and_die)

    def _of_call(self, place: str) -> None:
        if self._is_calling:
            self.at(place)

    def _of_receipt(self, place: str) -> None:
        if self._is_keeping:
            self.at(place)


def put(owner: Any, **functions: Any) -> None:
    """Replace functions for the rest of this fork's life."""
    for name, function in functions.items():
        setattr(owner, name, function)
