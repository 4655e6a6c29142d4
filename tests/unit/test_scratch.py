"""Scratch folders are held while their process lives, and emptied when it does not."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hearings import scratch, spool
from hearings.policies import CleanUp, ScratchPolicy
from hearings.spans import Span

KB = 1024
SHA = "1" * 64
HOLDER = """
import os, sys, time
from hearings import scratch
from hearings.policies import ScratchPolicy
with scratch.leased(ScratchPolicy(sys.argv[1], left_free_bytes=0)) as lease:
    os.write(lease.create("half"), bytes(1024))
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def policy(tmp_path: Path) -> ScratchPolicy:
    return ScratchPolicy(folder=str(tmp_path / "scratch"), left_free_bytes=0)


@contextmanager
def holder(policy: ScratchPolicy) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process that holds a leased folder with a file in it."""
    command = [sys.executable, "-c", HOLDER, policy.folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def files_in(policy: ScratchPolicy) -> set[str]:
    root = Path(policy.folder)
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def keep(policy: ScratchPolicy, name: str = SHA, *, size: int = KB) -> None:
    with spool.kept(policy, name) as take:
        take(bytes(size))


def test_what_a_killed_process_left_is_swept_and_a_living_ones_folder_is_not(
    policy: ScratchPolicy,
) -> None:
    with holder(policy) as doomed, holder(policy):
        assert files_in(policy) == {"pool-1/half", "pool-2/half"}
        assert scratch.sweep(policy) == scratch.Swept()

        doomed.kill()
        doomed.wait()

        assert scratch.sweep(policy).orphans == 1
        assert files_in(policy) == {"pool-2/half"}


def test_not_even_a_full_disk_takes_what_a_living_process_holds(policy: ScratchPolicy) -> None:
    keep(policy)
    keep(policy, "2" * 64)
    with (
        holder(policy),
        scratch.opened(policy) as folder,
        scratch.held(folder, f"{SHA}.pcm"),
    ):
        assert scratch.free_all(policy) == scratch.Swept(kept=1)
        assert files_in(policy) == {"pool-1/half", f"{SHA}.pcm"}

    scratch.free_all(policy)
    assert files_in(policy) == set()


def test_a_folder_is_empty_after_its_lease_also_after_an_error_and_is_used_again(
    policy: ScratchPolicy,
) -> None:
    def break_off() -> None:
        with scratch.leased(policy) as lease:
            os.close(lease.create("half"))
            assert files_in(policy) == {"pool-1/half"}
            raise KeyboardInterrupt

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            break_off()

    assert files_in(policy) == set()
    assert [path.name for path in Path(policy.folder).iterdir()] == ["pool-1"]


def test_no_more_folders_are_leased_than_the_pool_has(policy: ScratchPolicy) -> None:
    small = replace(policy, folders=2)
    with ExitStack() as leases:
        for _ in range(2):
            leases.enter_context(scratch.leased(small))

        with pytest.raises(OSError, match="All 2 folders are in use"), scratch.leased(small):
            pass
        keep(small)
        assert files_in(small) == set()

    keep(small)
    assert files_in(small) == {f"{SHA}.pcm"}


def test_what_leases_hold_counts_in_the_limit(policy: ScratchPolicy) -> None:
    small = replace(policy, max_bytes=3 * KB)
    with scratch.leased(small) as lease:
        descriptor = lease.create("half")
        os.write(descriptor, bytes(2 * KB))
        os.close(descriptor)

        keep(small, size=2 * KB)

        assert files_in(small) == {"pool-1/half"}


def test_a_smaller_limit_is_kept_from_the_next_sweep_on(policy: ScratchPolicy) -> None:
    for number, age in ((1, 30), (2, 20), (3, 10)):
        keep(policy, str(number))
        path = Path(policy.folder) / f"{number}.pcm"
        os.utime(path, (path.stat().st_mtime - age,) * 2)

    swept = scratch.sweep(replace(policy, max_bytes=KB + KB // 2))

    assert swept.kept == 2
    assert files_in(policy) == {"3.pcm"}


def test_sound_that_is_being_read_is_not_evicted(policy: ScratchPolicy) -> None:
    small = replace(policy, max_bytes=3 * KB)
    keep(small, size=2 * KB)
    with scratch.opened(small) as folder, scratch.held(folder, f"{SHA}.pcm"):
        keep(small, "2" * 64, size=2 * KB)
        assert files_in(small) == {f"{SHA}.pcm"}

    keep(small, "2" * 64, size=2 * KB)
    assert files_in(small) == {f"{'2' * 64}.pcm"}


def test_cleaned_up_at_once_no_sound_is_kept(policy: ScratchPolicy) -> None:
    keep(replace(policy, clean_up=CleanUp.IMMEDIATE))

    assert not Path(policy.folder).exists()
    assert spool.read(policy, SHA, Span(0, 1), duration_ms=32) is None


def test_a_link_among_the_folders_is_not_followed(policy: ScratchPolicy, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("not ours")
    Path(policy.folder).mkdir(mode=0o700)
    (Path(policy.folder) / "pool-1").symlink_to(elsewhere)

    keep(policy)
    scratch.sweep(policy)
    scratch.free_all(policy)

    assert (elsewhere / "precious").read_text() == "not ours"


def test_a_sweep_where_nothing_was_ever_kept_does_nothing(policy: ScratchPolicy) -> None:
    assert scratch.sweep(policy) == scratch.free_all(policy) == scratch.Swept()
