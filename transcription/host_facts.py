"""Measures this host: memory, load, room on its disks, ffmpeg, and the workers that are alive."""

import contextlib
import os
import shutil
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage

from hearings import ffmpeg, room
from hearings.ffmpeg import MediaError
from transcription import clusters, memory
from transcription.holders import host_name, is_on, pid_of
from transcription.host_rules import ClusterFacts, HostFacts, Place
from transcription.models import WorkerCluster


def measure(*, now: datetime, brings_workers: bool = False) -> HostFacts:
    """Return what this host has. One query, none where the asker *brings_workers*."""
    alive = [] if brings_workers else clusters.alive(now=now, policy=settings.LEASE)
    free, left = memory.available(), left_of_limit(alive)
    return HostFacts(
        memory_bytes=free if left is None else min(free, left),
        is_limited=left is not None and left < free,
        load_per_core=os.getloadavg()[0] / (os.cpu_count() or 1),
        ffmpeg_version=ffmpeg_version(),
        places=tuple(places()),
        clusters=None if brings_workers else _facts(alive, now=now),
    )


def places() -> Iterable[Place]:
    """Yield the folders that a hearing needs room in, as far as they are on disks of this host."""
    folders: dict[str, str | Path] = {
        "receipts": settings.RECEIPTS_DIR,
        "scratch": settings.SCRATCH.folder,
    }
    with contextlib.suppress(NotImplementedError):  # they may be kept elsewhere
        folders["recordings"] = default_storage.path("")
    for name in sorted(folders):
        folder = room.nearest(Path(folders[name]))
        yield Place(name, str(folder), folder.stat().st_dev, room.free_bytes(folder))


def ffmpeg_version() -> str | None:
    """Return ffmpeg's version, None where it is missing or does not work."""
    program = shutil.which("ffmpeg")
    if program is None or shutil.which("ffprobe") is None:
        return None
    return _version_of(program, Path(program).stat().st_mtime_ns)


def left_of_limit(alive: Iterable[WorkerCluster]) -> int | None:
    """Return what the living clusters of this host leave of MEMORY_LIMIT_MB, in bytes.

    None where there is no such limit.
    """
    limit: int | None = settings.MEMORY.limit_bytes
    if limit is None:
        return None
    ours = [pid_of(each.holder) for each in alive if is_on(each.holder, host_name())]
    return max(0, limit - memory.of_processes(ours))


def worker_facts(*, now: datetime) -> tuple[ClusterFacts, ...]:
    """Return the worker clusters that are alive. One query."""
    return _facts(clusters.alive(now=now, policy=settings.LEASE), now=now)


def _facts(alive: Iterable[WorkerCluster], *, now: datetime) -> tuple[ClusterFacts, ...]:
    return tuple(ClusterFacts(_silent_seconds(cluster, now)) for cluster in alive)


def _silent_seconds(cluster: WorkerCluster, now: datetime) -> float:
    return max(0.0, (now - (cluster.canary_at or cluster.started_at)).total_seconds())


@cache
def _version_of(program: str, changed_ns: int) -> str | None:  # noqa: ARG001 (asked anew after it)
    """Run it once a process: the program rarely changes."""
    try:
        return ffmpeg.version()
    except MediaError:
        return None
