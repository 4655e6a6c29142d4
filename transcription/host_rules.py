"""What a host must have to transcribe a hearing: memory, disk, processor, ffmpeg, workers. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hearings.validation import Finding, Severity
from transcription.amounts import about_how_long
from transcription.policies import ReadinessPolicy

BYTES_PER_MS = 32
# Of decoded sound, 16 kHz mono s16.
RECEIPT_BYTES_PER_MINUTE = 64 * 1024
# Of an answer and of rows with every word and its time, generously.
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that a hearing needs room in."""

    name: str
    # "receipts", "recordings" or "scratch".
    folder: str
    device: int
    # Places with the same one share their room.
    free_bytes: int


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """A worker cluster that says it is alive."""

    silent_seconds: float
    # Since a worker of it last took a job, or since it began.


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What was measured of this host."""

    memory_bytes: int
    # That programs can still have, or workers under the limit that is set for them.
    load_per_core: float
    # Processes that want to work, by processor core, in the last minute.
    ffmpeg_version: str | None
    # None: there is none.
    places: tuple[Place, ...]
    clusters: tuple[ClusterFacts, ...] | None
    # None where the asker brings its own workers.
    is_limited: bool = False
    # That limit, and not the machine, leaves the least memory.


@dataclass(frozen=True, slots=True)
class Needs:
    """What one hearing needs, in bytes, by the name of the place."""

    is_hosted: bool
    room: dict[str, int]


def needs_of(
    duration_ms: int, *, is_hosted: bool, unstored_bytes: int, most_scratch_bytes: int
) -> Needs:
    """Return what a recording needs; *unstored_bytes* of it are yet to be stored."""
    receipts = duration_ms * RECEIPT_BYTES_PER_MINUTE // 60_000
    scratch = min(duration_ms * BYTES_PER_MS, most_scratch_bytes)
    room = {"receipts": receipts, "recordings": unstored_bytes, "scratch": scratch}
    return Needs(is_hosted, room)


def findings(facts: HostFacts, needs: Needs, policy: ReadinessPolicy) -> tuple[Finding, ...]:
    """Judge the host for one hearing."""
    return (
        *_memory(facts, needs, policy),
        *_disk(facts.places, needs, policy),
        *_processor(facts.load_per_core, policy),
        *_ffmpeg(facts.ffmpeg_version, policy),
        *_workers(facts.clusters, policy),
    )


def _memory(facts: HostFacts, needs: Needs, policy: ReadinessPolicy) -> list[Finding]:
    available = facts.memory_bytes
    least, wanted = (
        (policy.hosted_least_memory_bytes, policy.hosted_memory_bytes)
        if needs.is_hosted
        else (policy.embedded_least_memory_bytes, policy.embedded_memory_bytes)
    )
    if available >= wanted:
        return []
    too_little = available < least
    return [
        Finding(
            "memory",
            Severity.ERROR if too_little else Severity.WARNING,
            f"Only {_megabytes(available)} of memory are "
            + ("left to the workers." if facts.is_limited else "free on this machine."),
            "Raise MEMORY_LIMIT_MB, lower WORKERS, or wait until others have finished."
            if facts.is_limited
            else "End programs that are not needed, or wait until others have finished.",
            measured=_megabytes(available),
            needed=f"at least {_megabytes(least if too_little else wanted)}",
        )
    ]


def _disk(places: Sequence[Place], needs: Needs, policy: ReadinessPolicy) -> list[Finding]:
    found = []
    for device in dict.fromkeys(place.device for place in places):
        shared = [place for place in places if place.device == device]
        found += _disk_of(shared, needs, policy)
    return found


def _disk_of(places: Sequence[Place], needs: Needs, policy: ReadinessPolicy) -> list[Finding]:
    """Judge places that share their room. Scratch space is a help and can be done without."""
    free = min(place.free_bytes for place in places)
    lasting = [place for place in places if place.name != "scratch"]
    least = _room(lasting, needs, policy) + policy.least_disk_bytes if lasting else 0
    wanted = max(least, _room(places, needs, policy) + policy.spare_disk_bytes)
    if free >= wanted:
        return []
    short = free < least
    names = " and ".join(place.name for place in (lasting if short else places))
    folders = ", ".join(dict.fromkeys(place.folder for place in places))
    return [
        Finding(
            f"disk_{lasting[0].name}" if lasting else "scratch",
            Severity.ERROR if short else Severity.WARNING,
            f"Little room is left on the disk for {names}: {_megabytes(free)}.",
            f"Free some space there ({folders}), or have the operator name other folders.",
            measured=_megabytes(free),
            needed=f"at least {_megabytes(least if short else wanted)}",
        )
    ]


def _room(places: Iterable[Place], needs: Needs, policy: ReadinessPolicy) -> int:
    return round(policy.disk_margin * sum(needs.room[place.name] for place in places))


def _processor(load: float, policy: ReadinessPolicy) -> list[Finding]:
    if load <= policy.most_load_per_core:
        return []
    return [
        Finding(
            "processor",
            Severity.WARNING,
            "This machine is very busy, so it will take longer than estimated.",
            "Wait until other work on it is done, if there is no hurry.",
            measured=f"{load:.1f} processes for each core",
            needed=f"at most {policy.most_load_per_core:g}",
        )
    ]


def _ffmpeg(version: str | None, policy: ReadinessPolicy) -> list[Finding]:
    least = ".".join(map(str, policy.least_ffmpeg))
    if version is None:
        return [
            Finding(
                "ffmpeg",
                Severity.ERROR,
                "ffmpeg, which reads recordings, is missing on this machine or does not work.",
                "Install it, on Debian or Ubuntu by “apt-get install ffmpeg”.",
                needed=f"{least} or newer",
            )
        ]
    numbers = re.match(r"n?(\d+)\.(\d+)", version)
    if numbers is None or (int(numbers[1]), int(numbers[2])) >= policy.least_ffmpeg:
        return []  # what has no number is built from its latest source
    return [
        Finding(
            "ffmpeg_old",
            Severity.WARNING,
            f"ffmpeg {version} on this machine is older than what was tried.",
            "Install a newer one.",
            measured=version,
            needed=f"{least} or newer",
        )
    ]


def _workers(clusters: Sequence[ClusterFacts] | None, policy: ReadinessPolicy) -> list[Finding]:
    if clusters is None:
        return []
    if not clusters:
        return [
            Finding(
                "workers_missing",
                Severity.WARNING,
                "No workers are running, so nothing is transcribed until they are.",
                "Have the operator start them (“manage.py workers”).",
                measured="no worker cluster",
                needed="at least 1",
            )
        ]
    silent = min(cluster.silent_seconds for cluster in clusters)
    if silent <= policy.silent_workers_seconds:
        return []
    return [
        Finding(
            "workers_silent",
            Severity.WARNING,
            f"For {about_how_long(silent)} no worker has taken a job.",
            "Have the operator restart the workers.",
            measured=f"{silent:.0f} s",
            needed=f"at most {policy.silent_workers_seconds:.0f} s",
        )
    ]


def _megabytes(count: int) -> str:
    return f"{count / MEGABYTE:,.0f} MB"
