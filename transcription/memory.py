"""What the memory of this machine and of the workers on it is seen to be."""

import contextlib
import re
from collections.abc import Iterable
from pathlib import Path

import psutil

CGROUPS = Path("/sys/fs/cgroup")
_NO_LIMIT = 2**60
# Version 1 writes a number near 2**63 for none.


def of_machine(cgroups: Path = CGROUPS) -> int:
    """Return the bytes of this machine, or those that its container may use."""
    total = int(psutil.virtual_memory().total)
    return min([total, *(limit for limit, _ in _bounds(cgroups))])


def available(cgroups: Path = CGROUPS) -> int:
    """Return what could still be had, by anybody, without swapping."""
    free = int(psutil.virtual_memory().available)
    return max(0, min([free, *(limit - used for limit, used in _bounds(cgroups))]))


def of_processes(roots: Iterable[int]) -> int:
    """Return what these processes and all below them use; what they share is counted once."""
    family: dict[int, psutil.Process] = {}
    for pid in roots:
        with contextlib.suppress(psutil.NoSuchProcess):
            root = psutil.Process(pid)
            family |= {each.pid: each for each in (root, *root.children(recursive=True))}
    return sum(_used(process) for process in family.values())


def _used(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        try:
            return int(process.memory_full_info().pss)
        except (psutil.AccessDenied, AttributeError):  # no such figure on this system
            return int(process.memory_info().rss)
    return 0


def _bounds(cgroups: Path) -> list[tuple[int, int]]:
    """Return limit and use of the container that this process is in, if it is in any."""
    places = (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),
    )
    found = []
    for limit, used, cache in places:
        with contextlib.suppress(OSError, ValueError):
            most = int((cgroups / limit).read_text())  # "max" is none
            if most < _NO_LIMIT:
                statistics = (cgroups / limit).with_name("memory.stat").read_text()
                idle = re.search(rf"^{cache} (\d+)$", statistics, re.MULTILINE)
                in_use = int((cgroups / used).read_text()) - int(idle[1] if idle else 0)
                found.append((most, in_use))
    return found
