"""The one importer of django-q2: queued jobs are nudges to look at the rows."""

from functools import cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

TRANSCRIBE = "transcription.tasks.transcribe_due_chunks"
CHECK = "transcription.tasks.check_recording"


class Dispatcher(Protocol):
    """A way to have jobs done."""

    def nudge(self, count: int) -> None:
        """Have *count* workers look for due chunks."""

    def check_recording(self, hearing_id: int) -> None:
        """Have a worker check a new recording."""

    def waiting(self) -> int:
        """Return how many jobs no worker has taken yet."""


class QueueDispatcher:
    """Jobs go to the django-q2 cluster; inside a transaction they commit with it."""

    def nudge(self, count: int) -> None:
        from django_q.tasks import async_task

        for _ in range(count):
            async_task(TRANSCRIBE)

    def check_recording(self, hearing_id: int) -> None:
        from django_q.tasks import async_task

        async_task(CHECK, hearing_id)

    def waiting(self) -> int:
        from django_q.brokers import get_broker

        return int(get_broker().queue_size())


class ImmediateDispatcher:
    """For tests: a job is done where it is asked for."""

    def nudge(self, count: int) -> None:  # noqa: ARG002 (one look does everything)
        from transcription import tasks

        tasks.transcribe_due_chunks()

    def check_recording(self, hearing_id: int) -> None:
        from transcription import tasks

        tasks.check_recording(hearing_id)

    def waiting(self) -> int:
        return 0


@cache
def _dispatcher(name: str) -> Dispatcher:
    dispatcher: Dispatcher = import_string(name)()
    return dispatcher


def nudge(count: int = 1) -> None:
    """Have workers look for due chunks."""
    _dispatcher(settings.DISPATCHER).nudge(count)


def check_recording(hearing_id: int) -> None:
    """Have a worker check a new recording."""
    _dispatcher(settings.DISPATCHER).check_recording(hearing_id)


def waiting() -> int:
    """Return how many jobs no worker has taken yet."""
    return _dispatcher(settings.DISPATCHER).waiting()


def new_cluster() -> "ClusterProcess":
    """Return a worker cluster of this process. To be called from its main thread."""
    from django_q.cluster import Cluster

    cluster: ClusterProcess = Cluster()
    return cluster


class ClusterProcess(Protocol):
    """What `workers` uses of django-q2's cluster."""

    def start(self) -> int: ...

    def stop(self) -> bool: ...
