"""Memory as the machine, its container and its processes show it."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from transcription import memory

MB = 1024 * 1024


def container(folder: Path, limit: str, used: int, idle: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(limit)
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {idle}\nactive_file 7\n")
    return folder


def test_a_containers_limit_counts_and_its_idle_cache_does_not(tmp_path: Path) -> None:
    cgroups = container(tmp_path, f"{512 * MB}\n", used=300 * MB, idle=100 * MB)

    assert memory.of_machine(cgroups) == 512 * MB
    assert memory.available(cgroups) == 312 * MB


def test_the_older_kind_of_container_counts_as_well(tmp_path: Path) -> None:
    folder = tmp_path / "memory"
    folder.mkdir()
    (folder / "memory.limit_in_bytes").write_text(f"{512 * MB}\n")
    (folder / "memory.usage_in_bytes").write_text(f"{500 * MB}\n")
    (folder / "memory.stat").write_text(f"inactive_file 1\ntotal_inactive_file {20 * MB}\n")

    assert memory.of_machine(tmp_path) == 512 * MB
    assert memory.available(tmp_path) == 32 * MB


@pytest.mark.parametrize("limit", ["max\n", None])
def test_without_a_limit_it_is_the_machines(limit: str | None, tmp_path: Path) -> None:
    cgroups = tmp_path if limit is None else container(tmp_path, limit, used=1, idle=0)

    assert memory.of_machine(cgroups) == psutil.virtual_memory().total
    assert 0 < memory.available(cgroups) < memory.of_machine(cgroups)


def test_what_children_use_is_counted_and_nothing_twice() -> None:
    before = memory.of_processes([os.getpid()])
    hold = f"x = b'1' * {64 * MB}; print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout
        child.stdout.readline()
        after = memory.of_processes([os.getpid(), child.pid, os.getpid()])
        child.kill()

    assert 60 * MB < after - before < 120 * MB


def test_a_process_that_is_gone_uses_nothing() -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()

    assert memory.of_processes([gone.pid]) == 0
