import os
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from transcription import holders
from transcription.holders import is_gone, this_process


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """Give a process that lives until its input is closed."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with process:
        yield process
        process.kill()


def holder_of(process: subprocess.Popen[bytes]) -> str:
    host = this_process().partition("/")[0]
    return f"{host}/{process.pid}/{holders._started(process.pid)}"


def test_this_process_is_not_gone() -> None:
    assert not is_gone(this_process())


def test_another_living_process_of_this_host_is_not_gone(
    child: subprocess.Popen[bytes],
) -> None:
    assert not is_gone(holder_of(child))


def test_a_process_that_was_killed_is_gone_also_before_its_parent_waits_for_it(
    child: subprocess.Popen[bytes],
) -> None:
    holder = holder_of(child)

    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert is_gone(holder)
    child.wait()
    assert is_gone(holder)


def test_a_process_that_got_the_number_of_one_that_ended_is_another() -> None:
    host, pid, started = this_process().split("/")

    assert is_gone(f"{host}/{pid}/{int(started) - 1}")


def test_a_process_of_another_host_or_container_cannot_be_known_to_be_gone() -> None:
    assert not is_gone("elsewhere:12345678/1/1")


def test_no_holder_is_not_gone() -> None:
    assert not is_gone("")


def test_setting_the_clock_does_not_make_a_living_process_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    holder = this_process()
    boot = psutil.boot_time()

    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: boot + 3600)

    assert not is_gone(holder)


def test_where_there_is_no_proc_psutil_tells() -> None:
    assert holders._started_by_psutil(os.getpid()).isdecimal()
    assert not holders._started_by_psutil(2**22 + 1)
