"""Runs functions at the same moment, each in a thread with a database connection of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connections

Result = TypeVar("Result")

PATIENCE_SECONDS = 60.0
# How long a test waits for what must come; only a failing one waits so long.


def at_once(functions: Sequence[Callable[[], Result]]) -> list[Result]:
    """Return what each returned, in order; an error of one is raised."""
    barrier = Barrier(len(functions))

    def started(function: Callable[[], Result]) -> Result:
        barrier.wait(PATIENCE_SECONDS)
        try:
            return function()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(functions)) as pool:
        futures = [pool.submit(started, function) for function in functions]
        return [future.result(PATIENCE_SECONDS) for future in futures]
