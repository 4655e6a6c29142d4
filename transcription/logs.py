"""What a log line belongs to: bound once, and carried by every line inside, also a library's."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog


@contextmanager
def log_fields(**fields: object) -> Iterator[None]:
    """Add *fields* (hearing, run, chunk) to every log line of the block."""
    with structlog.contextvars.bound_contextvars(**fields):
        yield
