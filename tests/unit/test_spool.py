"""Decoded sound is kept whole or not at all, within its bounds, and for nobody else."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hearings import spool
from hearings.policies import ScratchPolicy
from hearings.spans import Span

SECOND = 32_000
# Bytes.
ONE, TWO, THREE = "1" * 64, "2" * 64, "3" * 64
OTHER_USER = 54_321


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "scratch"


@pytest.fixture
def policy(folder: Path) -> ScratchPolicy:
    return ScratchPolicy(folder=str(folder), left_free_bytes=0)


def sound(seconds: int, *, first: int = 1) -> bytes:
    """Return sound whose every second is different."""
    return b"".join(bytes([first + at]) * SECOND for at in range(seconds))


def keep(policy: ScratchPolicy, sha256: str, content: bytes, *, piece: int = 10_000) -> None:
    with spool.kept(policy, sha256) as take:
        for start in range(0, len(content), piece):
            take(content[start : start + piece])


def break_off(policy: ScratchPolicy, sha256: str) -> None:
    with spool.kept(policy, sha256) as take:
        take(sound(2, first=7))
        raise KeyboardInterrupt


def read(policy: ScratchPolicy, sha256: str, *, seconds: int = 3) -> bytes | None:
    return spool.read(policy, sha256, Span(0, 1_000), duration_ms=seconds * 1000)


def used_ago(folder: Path, sha256: str, seconds: float) -> None:
    file = folder / f"{sha256}.pcm"
    then = file.stat().st_mtime - seconds
    os.utime(file, (then, then))


def names_in(folder: Path) -> set[str]:
    """Return the names of the files there, also of those in leased folders."""
    return {path.name for path in folder.rglob("*") if not path.is_dir()}


@contextmanager
def largest_file(byte_count: int) -> Iterator[None]:
    """Have the kernel refuse to make any file larger, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (byte_count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_any_span_is_read_as_it_was_taken(policy: ScratchPolicy) -> None:
    content = bytes(range(256)) * 375
    keep(policy, ONE, content)

    for span in (Span(0, 3_000), Span(17, 18), Span(1_250, 2_999)):
        kept = spool.read(policy, ONE, span, duration_ms=3_000)
        assert kept == content[span.start_ms * 32 : span.end_ms * 32]


def test_past_the_end_is_silence_and_beyond_it_is_nothing(policy: ScratchPolicy) -> None:
    keep(policy, ONE, sound(3) + b"rest")

    over = spool.read(policy, ONE, Span(2_500, 4_000), duration_ms=3_000)

    assert over == bytes([3]) * (SECOND // 2) + b"rest" + bytes(SECOND - 4)
    assert spool.read(policy, ONE, Span(4_000, 5_000), duration_ms=3_000) is None


def test_sound_of_another_length_than_was_analysed_is_not_used(policy: ScratchPolicy) -> None:
    keep(policy, ONE, sound(3))

    assert spool.read(policy, ONE, Span(0, 10), duration_ms=3_000)
    assert spool.read(policy, ONE, Span(0, 10), duration_ms=3_001) is None
    assert spool.read(policy, ONE, Span(0, 10), duration_ms=2_999) is None


def test_an_error_while_it_is_taken_leaves_nothing(policy: ScratchPolicy, folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        break_off(policy, ONE)

    assert names_in(folder) == set()


def test_an_error_leaves_the_spool_that_was_there(policy: ScratchPolicy) -> None:
    keep(policy, ONE, sound(3))

    with pytest.raises(KeyboardInterrupt):
        break_off(policy, ONE)

    assert read(policy, ONE) == sound(1)


def test_what_a_killed_writer_left_never_looks_whole_and_goes_with_the_next(
    policy: ScratchPolicy, folder: Path
) -> None:
    dying = (
        "import os, sys; from hearings import spool; from hearings.policies import ScratchPolicy\n"
        "with spool.kept(ScratchPolicy(sys.argv[1], left_free_bytes=0), sys.argv[2]) as take:\n"
        "    take(bytes(96_000)); os.kill(os.getpid(), 9)"
    )
    died = subprocess.run([sys.executable, "-c", dying, folder, ONE], check=False)
    left = names_in(folder)

    keep(policy, TWO, sound(3))

    assert died.returncode == -9
    assert [name.rpartition(".")[2] for name in left] == ["part"]
    assert read(policy, ONE) is None
    assert names_in(folder) == {f"{TWO}.pcm"}


def test_what_a_living_writer_is_at_stays(policy: ScratchPolicy) -> None:
    with spool.kept(policy, ONE) as take:
        take(sound(2))
        keep(policy, TWO, sound(3))
        take(sound(1, first=3))

    assert read(policy, ONE) == read(policy, TWO) == sound(1)


def test_the_longest_unused_go_when_there_is_no_room(policy: ScratchPolicy, folder: Path) -> None:
    small = replace(policy, max_bytes=7 * SECOND)
    for age, sha256 in ((30, ONE), (20, TWO)):
        keep(small, sha256, sound(3))
        used_ago(folder, sha256, age)
    read(small, ONE)

    keep(small, THREE, sound(3))

    assert names_in(folder) == {f"{ONE}.pcm", f"{THREE}.pcm"}


def test_what_does_not_fit_is_not_kept_and_drives_out_no_more_than_it_must(
    policy: ScratchPolicy, folder: Path
) -> None:
    keep(policy, ONE, sound(3))

    keep(replace(policy, max_bytes=4 * SECOND), TWO, sound(6), piece=6 * SECOND)

    assert names_in(folder) == {f"{ONE}.pcm"}


def test_a_limit_of_nothing_keeps_nothing(policy: ScratchPolicy, folder: Path) -> None:
    keep(replace(policy, max_bytes=0), ONE, sound(3))

    assert names_in(folder) == set()


def test_the_disk_is_not_filled_to_its_end(policy: ScratchPolicy, folder: Path) -> None:
    keep(replace(policy, left_free_bytes=2**62), ONE, sound(3))

    assert names_in(folder) == set()


def test_a_disk_that_fails_midway_leaves_no_half(policy: ScratchPolicy, folder: Path) -> None:
    with largest_file(2 * SECOND):
        keep(policy, ONE, sound(3))

    assert names_in(folder) == set()
    assert read(policy, ONE) is None


def test_nobody_else_may_look_in(policy: ScratchPolicy, folder: Path) -> None:
    before = os.umask(0)
    try:
        keep(policy, ONE, sound(3))
    finally:
        os.umask(before)

    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / f"{ONE}.pcm").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o777, 0o710])
def test_a_folder_open_to_others_is_not_used(
    mode: int, policy: ScratchPolicy, folder: Path
) -> None:
    keep(policy, ONE, sound(3))
    folder.chmod(mode)

    keep(policy, TWO, sound(3))

    assert names_in(folder) == {f"{ONE}.pcm"}
    assert read(policy, ONE) is None


def test_a_folder_of_another_user_is_not_used(
    policy: ScratchPolicy, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(policy, ONE, sound(3))
    monkeypatch.setattr(os, "geteuid", lambda: OTHER_USER)

    keep(policy, TWO, sound(3))
    spool.forget(policy, ONE)

    assert names_in(folder) == {f"{ONE}.pcm"}
    assert read(policy, ONE) is None


def test_a_link_in_place_of_the_folder_is_not_followed(
    policy: ScratchPolicy, folder: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    folder.symlink_to(elsewhere)

    keep(policy, ONE, sound(3))

    assert names_in(elsewhere) == set()


def test_a_link_in_place_of_a_spool_is_neither_read_nor_written_through(
    policy: ScratchPolicy, folder: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(sound(3, first=9))
    folder.mkdir(mode=0o700)
    (folder / f"{ONE}.pcm").symlink_to(secret)

    before = read(policy, ONE)
    keep(policy, ONE, sound(3))

    assert before is None
    assert read(policy, ONE) == sound(1)
    assert secret.read_bytes() == sound(3, first=9)


def test_a_file_in_place_of_the_folder_is_no_error(policy: ScratchPolicy, folder: Path) -> None:
    folder.write_text("in the way")

    keep(policy, ONE, sound(3))
    spool.forget(policy, ONE)

    assert read(policy, ONE) is None
    assert folder.read_text() == "in the way"


def test_a_folder_that_vanishes_meanwhile_is_no_error(policy: ScratchPolicy, folder: Path) -> None:
    with spool.kept(policy, ONE) as take:
        take(sound(1))
        shutil.rmtree(folder)
        take(sound(1))

    assert read(policy, ONE) is None


def test_what_nobody_used_for_days_goes_with_the_next(policy: ScratchPolicy, folder: Path) -> None:
    for sha256 in (ONE, TWO):
        keep(policy, sha256, sound(3))
    used_ago(folder, ONE, policy.kept_seconds + 60)
    used_ago(folder, TWO, policy.kept_seconds - 600)
    foreign = folder / "notes.txt"
    foreign.write_text("not ours to delete")
    os.utime(foreign, (0, 0))

    keep(policy, THREE, sound(3))

    assert names_in(folder) == {f"{TWO}.pcm", f"{THREE}.pcm", "notes.txt"}


def test_what_is_forgotten_is_gone_and_may_be_gone_already(
    policy: ScratchPolicy, folder: Path
) -> None:
    spool.forget(policy, ONE)
    keep(policy, ONE, sound(3))
    keep(policy, TWO, sound(3))

    spool.forget(policy, ONE)
    spool.forget(policy, ONE)

    assert names_in(folder) == {f"{TWO}.pcm"}


@pytest.mark.parametrize("sha256", ["", "../x", "a/b", "."])
def test_a_name_that_is_no_hash_is_kept_nowhere(
    sha256: str, policy: ScratchPolicy, folder: Path, tmp_path: Path
) -> None:
    keep(policy, sha256, sound(3))

    assert read(policy, sha256) is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
