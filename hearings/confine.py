"""Run a program that cannot outgrow its limits or outlive its parent. Started as a script.

    python -I -S confine.py PARENT_PID CPU_SECONDS MEMORY_BYTES -- PROGRAM ARGUMENT…

It stands alone and imports little, since it runs before every ffmpeg. `preexec_fn` would do the
same inside the fork, where nothing is safe once the parent has threads.
"""

import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1


def _die_with_parent(parent_pid: int) -> None:
    """Let the kernel kill us when the thread that started us ends. Linux only."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        # It died before the call above; nobody will tell us again.
        sys.exit(1)


def _limit(kind: int, most: int) -> None:
    """Lower a limit; one that the host has set lower already stays."""
    _, hard = resource.getrlimit(kind)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


def main(arguments: list[str]) -> None:
    parent_pid, cpu_seconds, memory_bytes = map(int, arguments[:3])
    command = arguments[4:]
    _die_with_parent(parent_pid)
    _limit(resource.RLIMIT_CPU, cpu_seconds)
    _limit(resource.RLIMIT_FSIZE, 0)
    # What it makes goes through a pipe; it has no business with files.
    _limit(resource.RLIMIT_CORE, 0)
    if sys.platform.startswith("linux"):
        # Elsewhere the address space holds what nobody asked for.
        _limit(resource.RLIMIT_AS, memory_bytes)
    os.execv(command[0], command)  # noqa: S606 (no shell is the point)


if __name__ == "__main__":
    main(sys.argv[1:])
