"""Processes that end with the one that started them (Linux; elsewhere they outlive it)."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
# prctl(2); the kernel sends the signal when the *thread* that forked ends.


def die_with(parent: int) -> None:
    """Have the kernel kill this process when *parent*, which started it, ends."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the call; nobody will tell us again
        os.kill(os.getpid(), signal.SIGKILL)


def forks_die_with_parent() -> None:
    """Do so in every process that this one, or one of its forks, forks from now on."""
    parent = 0

    def remember() -> None:
        nonlocal parent
        parent = os.getpid()

    os.register_at_fork(before=remember, after_in_child=lambda: die_with(parent))
