"""Who holds a lease: a process, named so that others on its host can see that it is gone."""

import os
import socket
from functools import cache
from pathlib import Path

import psutil

_HAS_PROC = Path("/proc/self/stat").exists()
_START_TICKS = 18
# Place of `starttime` after the state in /proc/PID/stat: field 22 of proc(5).


@cache
def _host() -> str:
    """Return a name that two machines or containers never share, also with one host name."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
        namespace = str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:  # not Linux
        boot, namespace = str(int(psutil.boot_time())), ""
    return f"{socket.gethostname()[:60]}:{boot}{namespace}"


def this_process() -> str:
    """Return the holder name of the running process."""
    return f"{_host()}/{os.getpid()}/{_started(os.getpid())}"


def is_gone(holder: str) -> bool:
    """Say whether *holder* surely ended. False also where it cannot be known: another host."""
    host, _, process = holder.partition("/")
    if host != _host():
        return False
    pid, _, started = process.partition("/")
    return _started(int(pid)) != started


def host_name() -> str:
    """Return a name for limits that hold for this host alone."""
    return _host()


def is_on(holder: str, host: str) -> bool:
    """Say whether *holder* is a process of *host*."""
    return holder.partition("/")[0] == host


def pid_of(holder: str) -> int:
    """Return the process id of *holder*, on its own host."""
    return int(holder.split("/")[1])


def _started(pid: int) -> str:
    """Return when the process began, "" where it has ended.

    In the kernel's ticks since boot: a time of day moves when the clock is set, and a living
    holder would seem gone.
    """
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "" if _HAS_PROC else _started_by_psutil(pid)
    return "" if state in "ZX" else fields[_START_TICKS]


def _started_by_psutil(pid: int) -> str:
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return ""
        return str(round(process.create_time() * 100))
    except psutil.NoSuchProcess:
        return ""
