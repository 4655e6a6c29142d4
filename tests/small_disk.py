"""A real disk of a few megabytes, to be filled to its end."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

MB = 1024 * 1024
_FILLER = "filler"


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[Path]:
    """Have *folder* on a disk of its own for the block. Skips where nothing may be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    size = f"size={megabytes}m,mode=700"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"A small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def free_bytes(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def fill(folder: Path, *, leave: int = 0) -> None:
    """Fill the disk until *leave* bytes are free."""
    with (folder / _FILLER).open("ab") as file:
        while (room := free_bytes(folder) - leave) > 0:
            with suppress(OSError):  # others took some of it since
                os.posix_fallocate(file.fileno(), file.tell(), room)
                return


def empty(folder: Path) -> None:
    (folder / _FILLER).unlink()
