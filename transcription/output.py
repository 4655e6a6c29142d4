"""Where a command's result goes: standard output, or a file that is there whole or not at all."""

import os
import sys
from contextlib import suppress
from pathlib import Path


class OutputError(Exception):
    """The result cannot be written there; the message says why."""


class Sink:
    """Takes the result once it is ready."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def check(self) -> None:
        """Raise OutputError where writing would fail, before anything is spent."""
        if self._path is None:
            return
        if self._path.is_dir():
            raise OutputError(f"{self._path} is a folder. Name a file in it.")
        if not os.access(self._path.absolute().parent, os.W_OK):
            raise OutputError(f"Nothing can be written to {self._path.absolute().parent}.")

    def write(self, content: bytes) -> None:
        """Write *content*. Raises OutputError."""
        if self._path is None:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
            return
        try:
            _write(self._path.resolve(), content)
        except OSError as error:
            raise OutputError(f"{self._path} could not be written: {error.strerror}.") from error


def _write(path: Path, content: bytes) -> None:
    if path.exists() and not path.is_file():  # a device or a pipe, which must stay what it is
        path.write_bytes(content)
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise
