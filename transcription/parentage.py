"""Processes that end with the one that started them (Linux; elsewhere they outlive it)."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
# prctl(2); the kernel sends the signal when the *thread* that forked ends.


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def forks_die_with_parent() -> None:
    """Do so in every process that this one, or one of its forks, forks from now on."""
    os.register_at_fork(after_in_child=die_with_parent)
