import subprocess
import sys
from collections.abc import Iterator

import pytest

from transcription.attached_cluster import AttachedCluster

STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); input()"
)


@pytest.fixture
def stubborn() -> Iterator[subprocess.Popen[bytes]]:
    """Give a process that does not end when it is asked to."""
    command = [sys.executable, "-c", STUBBORN]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        yield process
        process.kill()


def interrupted_in_the_block(process: subprocess.Popen[bytes]) -> None:
    with AttachedCluster(stop_seconds=600) as cluster:
        cluster._process = process
        raise KeyboardInterrupt


def test_ctrl_c_that_nobody_handled_ends_the_cluster_at_once(
    stubborn: subprocess.Popen[bytes],
) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted_in_the_block(stubborn)

    assert stubborn.returncode == -9


def test_a_cluster_that_does_not_leave_in_its_time_is_ended(
    stubborn: subprocess.Popen[bytes],
) -> None:
    with AttachedCluster(stop_seconds=0.01) as cluster:
        cluster._process = stubborn

    assert stubborn.returncode == -9
    assert cluster.was_started
    assert not cluster.is_running


def test_a_cluster_that_was_never_started_needs_no_end() -> None:
    with AttachedCluster(stop_seconds=600) as cluster:
        pass

    assert not cluster.was_started
