"""A thread that renews what its process holds, until it is let go."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, copy_context
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from django.db import Error, connection

from transcription.clock import Clock
from transcription.policies import LeasePolicy

logger = logging.getLogger(__name__)


class Renewable(Protocol):
    def renew(self, *, now: datetime, lease_seconds: float) -> bool:
        """Lengthen the lease. False where it was lost."""


class LeaseKeeper:
    """Renews every lease handed to it.

    A lost lease is only logged here: the row's token keeps its late result from overwriting
    anything.
    """

    def __init__(self, *, clock: Clock, policy: LeasePolicy) -> None:
        self._clock = clock
        self._policy = policy
        self._held: list[tuple[Renewable, Context]] = []
        # With the context each came from: its log lines name its hearing, run and chunk.
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew_until_stopped, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    @contextmanager
    def holding(self, lease: Renewable) -> Iterator[None]:
        """Renew *lease* for as long as the block lasts."""
        entry = (lease, copy_context())
        with self._lock:
            self._held.append(entry)
        try:
            yield
        finally:
            with self._lock:
                self._held.remove(entry)

    def _renew_until_stopped(self) -> None:
        try:
            while not self._stop.wait(self._policy.renew_seconds):
                self._renew_all()
        finally:
            connection.close()

    def _renew_all(self) -> None:
        with self._lock:
            held = list(self._held)
        for lease, context in held:
            context.run(self._renew, lease)

    def _renew(self, lease: Renewable) -> None:
        try:
            kept = lease.renew(now=self._clock(), lease_seconds=self._policy.lease_seconds)
        except Error as error:
            logger.warning("could not renew the lease of %s: %s", lease, error)
            connection.close()  # the next try opens a new one
        else:
            if not kept:
                logger.info("the lease of %s was lost or has ended", lease)
