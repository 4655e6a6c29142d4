"""The one importer of django-q2: queued jobs are nudges to look at the rows."""

import time
from collections.abc import Callable
from functools import cache
from typing import Any, NoReturn, Protocol
from uuid import UUID, uuid4

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from transcription.parentage import call_this_process

TRANSCRIBE = "transcription.tasks.transcribe_due_chunks"
CHECK = "transcription.tasks.check_recording"
CHECK_STORAGE = "transcription.tasks.check_storage"
CANARY = "transcription.tasks.answer_canary"


class Dispatcher(Protocol):
    """A way to have jobs done."""

    def nudge(self, count: int) -> None:
        """Have *count* workers look for due chunks."""

    def check_recording(self, hearing_id: int) -> None:
        """Have a worker check a new recording."""

    def check_storage(self) -> None:
        """Have a worker go on with the check of the storage that was asked for."""

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

    def check_storage(self) -> None:
        from django_q.tasks import async_task

        async_task(CHECK_STORAGE)

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

    def check_storage(self) -> None:
        from transcription import tasks

        tasks.check_storage()

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


def check_storage() -> None:
    """Have a worker go on with the check of the storage that was asked for."""
    _dispatcher(settings.DISPATCHER).check_storage()


def waiting() -> int:
    """Return how many jobs no worker has taken yet."""
    return _dispatcher(settings.DISPATCHER).waiting()


def be_cluster(cluster: UUID, *, on_ready: Callable[[], None]) -> NoReturn:
    """Turn this process into the leader of a worker cluster, which starts all the others.

    It is django-q2's sentinel without the process that would wait for it. It has no way to stop:
    who supervises it kills it and spares the workers that are in the middle of something.
    """
    from django_q.cluster import Sentinel
    from django_q.signals import post_spawn

    call_this_process("audio-monitor")  # which says nothing of itself at first
    post_spawn.connect(_name_worker)
    Sentinel(_NeverStops(), _Readiness(on_ready), uuid4(), _broker(cluster))
    raise RuntimeError("the leader of the worker cluster came to an end")


def send_canary(cluster: UUID) -> None:
    """Have a worker of *cluster*, no other, take a job that does nothing. Replaces one before."""
    from django_q.brokers import get_broker
    from django_q.tasks import async_task

    forget_canaries(cluster)
    own = get_broker(_canary_queue(cluster))
    async_task(CANARY, q_options={"broker": own, "save": False})


def canary_is_back(cluster: UUID) -> bool:
    """Say whether the canary was taken and its end was noted by the cluster."""
    from django_q.models import OrmQ

    return not OrmQ.objects.filter(key=_canary_queue(cluster)).exists()


def forget_canaries(cluster: UUID) -> None:
    """Remove what a cluster has not taken or noted."""
    from django_q.models import OrmQ

    OrmQ.objects.filter(key=_canary_queue(cluster)).delete()


def _canary_queue(cluster: UUID) -> str:
    return f"canary-{cluster}"


def _broker(cluster: UUID) -> Any:
    """Return the shared queue, but with canaries of *cluster* before all else."""
    from django_q.brokers import get_broker
    from django_q.models import OrmQ

    broker = get_broker()
    take_shared, note_done = broker.dequeue, broker.acknowledge

    def take() -> Any:
        call_this_process("audio-pusher")
        for job in OrmQ.objects.filter(key=_canary_queue(cluster), lock__lte=timezone.now()):
            if OrmQ.objects.filter(pk=job.pk, lock=job.lock).update(lock=broker.timeout(job)):
                return [(job.pk, job.payload)]
        return take_shared()

    def acknowledge(job: int) -> None:
        call_this_process("audio-monitor")
        note_done(job)

    broker.dequeue, broker.acknowledge = take, acknowledge
    return broker


def _name_worker(**_: Any) -> None:
    call_this_process("audio-worker")


class _NeverStops:
    """Stands for the event by which django-q2 would tell its sentinel to stop."""

    def is_set(self) -> bool:
        return False

    def wait(self, seconds: float) -> bool:
        time.sleep(seconds)
        return False


class _Readiness:
    """Stands for the event by which the sentinel tells that all processes are there."""

    def __init__(self, on_ready: Callable[[], None]) -> None:
        self._on_ready = on_ready
        self._is_set = False

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True
        call_this_process("audio-leader")
        self._on_ready()
