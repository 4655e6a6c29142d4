"""The kernel ends a process group with the process that made its leash."""

import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

SUPERVISOR = """
import os, sys, time
from transcription.parentage import Leash
leash = Leash()
child = os.fork()
if not child:
    leash.put_on()
    grandchild = os.fork()
    if grandchild:
        os.write(1, f"{os.getpid()} {grandchild}\\n".encode())  # at once, or lines mix
    time.sleep(600)
leash.hand_over()
second = Leash()  # a leash that one child wears, and a later child must not hold
other = os.fork()
if not other:
    second.put_on()
    os.write(1, f"{os.getpid()}\\n".encode())
    time.sleep(600)
second.hand_over()
sys.stdin.read(1)
leash.pull()
time.sleep(600)
"""
PATIENCE_SECONDS = 20.0
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")


@pytest.fixture
def supervisor() -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", SUPERVISOR]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        process.kill()


def family(supervisor: subprocess.Popen[str]) -> tuple[list[psutil.Process], psutil.Process]:
    """Return the two of the first group, and the one of the second."""
    assert supervisor.stdout
    lines = [supervisor.stdout.readline().split() for _ in range(2)]
    (other,), first = sorted(lines, key=len)
    return [psutil.Process(int(pid)) for pid in first], psutil.Process(int(other))


def ended(processes: list[psutil.Process]) -> bool:
    """Say whether they end; who is left as a zombie, because nobody waits for it, has ended."""
    for _ in range(int(PATIENCE_SECONDS / 0.02)):
        if not any(is_alive(process) for process in processes):
            return True
        time.sleep(0.02)
    return False


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_who_kills_the_maker_kills_all_groups(supervisor: subprocess.Popen[str]) -> None:
    first, other = family(supervisor)

    supervisor.kill()

    assert ended([*first, other])


def test_who_kills_the_leader_does_not_kill_the_others(supervisor: subprocess.Popen[str]) -> None:
    (leader, member), other = family(supervisor)

    leader.kill()

    supervisor.poll()
    assert is_alive(member)
    assert is_alive(other)
    supervisor.kill()
    assert ended([member, other])


def test_a_leash_that_is_pulled_kills_its_own_group_alone(
    supervisor: subprocess.Popen[str],
) -> None:
    (leader, member), other = family(supervisor)
    assert supervisor.stdin

    supervisor.stdin.write("x")
    supervisor.stdin.flush()

    assert ended([leader, member])
    assert is_alive(other)
