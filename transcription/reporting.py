"""A command's progress on standard error: bars on a terminal, lines elsewhere, or nothing."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

LINE_SECONDS = 5.0
# How often a line is written where there is no terminal.


class Stage:
    """One stage of the work and its bar."""

    def __init__(self, name: str, bars: Progress | None, console: Console | None) -> None:
        self._name = name
        self._bars = bars
        self._console = console
        self._bar = bars.add_task(name, total=100, detail="") if bars else None
        self._written: tuple[int, str] = (-1, "")
        self._next_line = 0.0

    def show(self, percent: int, detail: str) -> None:
        """Show how far the stage is."""
        if self._bars is not None and self._bar is not None:
            self._bars.update(self._bar, completed=percent, detail=detail)
        elif self._console is not None and time.monotonic() >= self._next_line:
            self._write(percent, detail)

    def end(self, detail: str) -> None:
        """Show that the stage is over."""
        if self._bars is not None and self._bar is not None:
            self._bars.update(self._bar, completed=100, detail=detail)
        elif self._console is not None:
            self._write(100, detail)

    def _write(self, percent: int, detail: str) -> None:
        if self._console is None or (percent, detail) == self._written:
            return
        self._console.print(
            f"{self._name}: {percent} % {detail}".rstrip(), highlight=False, markup=False
        )
        self._written = (percent, detail)
        self._next_line = time.monotonic() + LINE_SECONDS


class Reporter:
    """Stages and messages on standard error."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._console = Console(file=sys.stderr, soft_wrap=True)

    def say(self, message: str) -> None:
        """Write one line for a person, unless quiet."""
        if not self._quiet:
            self._console.print(message, highlight=False, markup=False)

    @contextmanager
    def stage(self, name: str) -> Iterator[Stage]:
        """Show a stage for as long as the block lasts."""
        if self._quiet:
            yield Stage(name, None, None)
        elif not self._console.is_terminal:
            yield Stage(name, None, self._console)
        else:
            with _bars(self._console) as bars:
                yield Stage(name, bars, None)


def _bars(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<13}"),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[detail]}"),
        console=console,
    )
