"""Who holds a lease: a process, named so that others on its host can see that it is gone."""

import os
import socket
from functools import cache
from pathlib import Path

import psutil


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


def _started(pid: int) -> str:
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return ""
        return str(round(process.create_time() * 100))
    except psutil.NoSuchProcess:
        return ""
