"""Processes that end with another, whoever kills it (Linux; elsewhere they outlive it).

And what else only the kernel can do for a family of processes.
"""

import ctypes
import fcntl
import os
import select
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_NAME, PR_SET_CHILD_SUBREAPER = 1, 15, 36
# prctl(2); the first sends its signal when the *thread* that forked ends.
_ours_alone: set[int] = set()
# Descriptors that no fork of this process may have.


def die_with(parent: int) -> None:
    """Have the kernel kill this process when *parent*, which started it, ends."""
    if sys.platform != "linux":
        return
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the call; nobody will tell us again
        os.kill(os.getpid(), signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, so that we can see it end."""
    if sys.platform == "linux":
        _prctl(PR_SET_CHILD_SUBREAPER, 1)


def call_this_process(name: str) -> None:
    """Give it a name of 15 letters at most for `ps -o comm` and `top`; its forks have it too."""
    if sys.platform == "linux":
        _prctl(PR_SET_NAME, name.encode())


def keep_from_forks(descriptor: int) -> None:
    """Have it closed in whatever this process forks from now on."""
    _ours_alone.add(descriptor)


def close(descriptor: int) -> None:
    """Close what was kept from forks, or was not."""
    _ours_alone.discard(descriptor)
    os.close(descriptor)


class Leash:
    """Has the kernel kill a process group when the process that made this ends.

    Unlike a signal at the parent's death, it leaves the workers alone when the process that forked
    them is killed: their calls may still end. It is a pipe whose only writer is its maker; the
    group owns the reader and has asked for SIGKILL, in place of SIGIO, when something happens to
    it (fcntl(2): F_SETOWN, F_SETSIG). All that can happen is that the last writer closes.
    """

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        keep_from_forks(self._writer)

    def put_on(self) -> None:
        """Lead a group of our own, bound to our maker. To be called in its fork, before others."""
        os.setpgid(0, 0)
        if sys.platform != "linux":
            return
        fcntl.fcntl(self._reader, fcntl.F_SETOWN, -os.getpid())
        fcntl.fcntl(self._reader, fcntl.F_SETSIG, signal.SIGKILL)
        flags = fcntl.fcntl(self._reader, fcntl.F_GETFL)
        fcntl.fcntl(self._reader, fcntl.F_SETFL, flags | os.O_ASYNC)
        if _has_hung_up(self._reader):  # our maker ended before; nobody will tell us again
            os.kill(os.getpid(), signal.SIGKILL)

    def hand_over(self) -> None:
        """Leave the reader to the fork that has put it on."""
        os.close(self._reader)

    def pull(self) -> None:
        """Kill the whole group, now."""
        close(self._writer)


def _prctl(option: int, value: int | bytes) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _has_hung_up(reader: int) -> bool:
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    return bool(poll.poll(0))


def _close_what_is_the_parents() -> None:
    for descriptor in _ours_alone:
        os.close(descriptor)
    _ours_alone.clear()


os.register_at_fork(after_in_child=_close_what_is_the_parents)
