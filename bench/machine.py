"""The machine, the recordings, and whole processes that are timed from outside."""

import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "sample" / "hearing.mp3"
MODELS = Path(os.environ.get("DATA_DIR", ROOT / "data")) / "models"


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process and its children took."""

    wall_seconds: float
    cpu_seconds: float


def described() -> str:
    """Return a line about this machine."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f} at the start"
    )


def recordings() -> list[Path]:
    """Return the sample and what lies in BENCH_SPEECH, each with its `.ref.txt`."""
    folder = os.environ.get("BENCH_SPEECH")
    found = sorted(Path(folder).iterdir()) if folder else []
    return [SAMPLE, *(p for p in found if p.suffix != ".txt" and reference(p).exists())]


def reference(recording: Path) -> Path:
    return recording.with_name(recording.stem + ".ref.txt")


def timed(command: Sequence[str], **environment: str) -> Spent:
    """Run a command to its end and return what it took. Raises CalledProcessError."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    subprocess.run(
        command,
        check=True,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(wall, cpu)


def repeated(source: Path, target: Path, times: int) -> Path:
    """Write *source* played *times* times as *target*."""
    played = ["-stream_loop", str(times - 1), "-i", str(source)]
    command = ["ffmpeg", "-nostdin", "-v", "error", *played, "-map", "0:a", "-b:a", "64k"]
    subprocess.run([*command, str(target)], check=True)
    return target


def looped(source: Path, target: Path, times: int) -> Path:
    """Write *source* played *times* times as *target* without encoding it anew."""
    played = ["-stream_loop", str(times - 1), "-i", str(source)]
    command = ["ffmpeg", "-nostdin", "-y", "-v", "error", *played, "-map", "0:a", "-c", "copy"]
    subprocess.run([*command, str(target)], check=True)
    return target


def softer(source: Path, target: Path, decibels: int) -> Path:
    """Write *source* softer by so much as *target*; return *source* itself for none."""
    if not decibels:
        return source
    command = ["ffmpeg", "-nostdin", "-y", "-v", "error", "-i", str(source), "-map", "0:a"]
    subprocess.run(
        [*command, "-af", f"volume=-{decibels}dB", "-sample_fmt", "s16", str(target)], check=True
    )
    return target


def data_dir(folder: Path) -> Path:
    """Return a fresh DATA_DIR with a database and the models that are here."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "models").symlink_to(MODELS.resolve())
    manage("migrate", "--verbosity", "0", DATA_DIR=str(folder))
    return folder


@contextmanager
def fake_server(*options: str) -> Iterator[str]:
    """Run a server of the hosted API's kind in a process of its own; give its address."""
    command = [sys.executable, "-m", "tests.fake_api", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 (a pipe by construction)
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def manage(*arguments: str, DATA_DIR: str, **environment: str) -> Spent:  # noqa: N803 (its name)
    """Run a command of ours with all that it keeps in *DATA_DIR*."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    scratch = str(Path(DATA_DIR) / "scratch")
    return timed(command, DATA_DIR=DATA_DIR, SCRATCH_DIR=scratch, **environment)
