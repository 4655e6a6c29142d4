"""Which processes of a group live."""

import os
import signal
from contextlib import suppress

import psutil


def living(group: int) -> frozenset[int]:
    """Return the ids of its processes, orphans too, without those that ended and linger."""
    return frozenset(pid for pid in psutil.pids() if _lives_in(group, pid))


def kill(group: int, pid: int) -> None:
    """Kill a process, unless it has ended and another has its id."""
    if _lives_in(group, pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def reap() -> None:
    """Let children that ended go. For a process that waits for none of them by name."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _lives_in(group: int, pid: int) -> bool:
    try:
        if os.getpgid(pid) != group:
            return False
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except (ProcessLookupError, PermissionError, psutil.NoSuchProcess):
        return False
