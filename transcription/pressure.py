"""How many chunks a host may have under way, by what its memory was seen to do. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from transcription.policies import MemoryPolicy

_MB = 1024 * 1024
_LEAST_TREND_SECONDS = 4.0
# Growth over less time is no trend.


@dataclass(frozen=True, slots=True)
class Sample:
    """The memory of a host at one moment."""

    at_seconds: float
    # By any clock that only goes forward.
    used_bytes: int
    # By the workers of the host, all their processes together.
    available_bytes: int
    # What the machine or its container could still give to anybody.
    running: int
    # Chunks that the workers of the host hold.


@dataclass(frozen=True, slots=True)
class Machine:
    """What a host has."""

    memory_bytes: int
    # All of it, or what its container may use.
    workers: int
    # Chunks that its workers would have under way at once if memory were no matter.


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many chunks may be under way at once, and why."""

    chunks: int
    # At least one: else nothing would go on, and nothing under way is ever ended for memory.
    of: int
    used_bytes: int
    limit_bytes: int
    # Of the workers or of the whole machine, whichever is nearer to its end.

    @property
    def is_slower(self) -> bool:
        return self.chunks < self.of

    @property
    def is_ample(self) -> bool:
        """Say whether so much is left that there is no need to look often."""
        return not self.is_slower and 2 * self.used_bytes < self.limit_bytes

    def __str__(self) -> str:
        used, limit = self.used_bytes // _MB, self.limit_bytes // _MB
        return (
            f"Slower: memory {used:,} of {limit:,} MB in use; "
            f"{self.chunks} of {self.of} chunks at once."
        )


def judge(
    samples: Sequence[Sample], *, rest_bytes: int, machine: Machine, policy: MemoryPolicy
) -> Verdict:
    """Return how many chunks may be under way. *samples* are in order, the last is of now.

    A chunk under way is counted with `chunk_bytes` on top of *rest_bytes*, what the workers used
    when they had least to do, until they are seen to use more.
    """
    now = samples[-1]
    limit = min(policy.limit_bytes or machine.memory_bytes, machine.memory_bytes)
    spared = round(machine.memory_bytes * (1 - policy.share))
    left_of_limit = round(limit * policy.share) - now.used_bytes
    left_of_machine = now.available_bytes - spared
    reckoned = max(
        now.used_bytes + _growth(samples, policy), rest_bytes + now.running * policy.chunk_bytes
    )
    left = min(left_of_limit, left_of_machine) - (reckoned - now.used_bytes)
    chunks = now.running + left // policy.chunk_bytes
    is_machines = left_of_machine < left_of_limit
    return Verdict(
        chunks=max(1, min(machine.workers, chunks)),
        of=machine.workers,
        used_bytes=machine.memory_bytes - now.available_bytes if is_machines else now.used_bytes,
        limit_bytes=machine.memory_bytes if is_machines else limit,
    )


def _growth(samples: Sequence[Sample], policy: MemoryPolicy) -> int:
    """Return what the workers will have grown by soon, as they grew with as many chunks as now."""
    now = samples[-1]
    first = now
    for sample in reversed(samples):
        is_old = now.at_seconds - sample.at_seconds > policy.window_seconds
        if is_old or sample.running != now.running:
            break
        first = sample
    seconds = now.at_seconds - first.at_seconds
    if seconds < _LEAST_TREND_SECONDS:
        return 0
    a_second = (now.used_bytes - first.used_bytes) / seconds
    return max(0, round(a_second * policy.ahead_seconds))
