"""A recording of ten hours and 3 GB through the real server: what each web process takes of memory.

Goal: each below 150 MB (PSS) from the first byte to the answer. Beside it, the same of the page
that shows the form. The recording is a sparse file; what the server keeps of it is not.
"""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from bench.machine import ROOT, data_dir, manage
from tests.end_to_end.visitor import Answer, Visitor

HOURS = float(os.environ.get("BENCH_UPLOAD_HOURS", "10"))
RATE, CHANNELS = 41_600, 1
# With 16 bits, ten hours are 3.0 GB.
NAME, PASSWORD = "clerk", "a password for one bench"
GOAL_BYTES = 150 * 1000**2
SAMPLE_SECONDS = 0.25
BLOCK_BYTES = 1024 * 1024
HEADER_BYTES = 44


def main(folder: Path) -> None:
    byte_count = round(HOURS * 3600 * RATE) * CHANNELS * 2
    free = shutil.disk_usage(folder).free
    if free < byte_count * 2.5:
        print(
            f"not measured: {free / 1e9:.1f} GB are free, {byte_count * 2.5 / 1e9:.1f} are needed"
        )
        return
    recording = _recording(folder / "hearing.wav", byte_count)
    data = data_dir(folder / "data")
    with _served(data) as (port, server):
        visitor = Visitor(port)
        visitor.sign_in(NAME, PASSWORD)
        visitor.get("/admin/hearings/hearing/add/")
        before = {pid: _pss(pid) for pid in _web_processes(server)}
        with _watched(server) as peaks:
            begun = time.monotonic()
            answer = _uploaded(visitor, recording)
            seconds = time.monotonic() - begun
    _report(byte_count, seconds, answer, before, peaks)


def _uploaded(visitor: Visitor, recording: Path) -> Answer:
    with recording.open("rb") as file:
        blocks = iter(lambda: file.read(BLOCK_BYTES), b"")
        return visitor.upload(blocks, recording.stat().st_size, title="A long day")


def _report(
    byte_count: int,
    seconds: float,
    answer: Answer,
    before: dict[int, int],
    peaks: dict[int, int],
) -> None:
    print(
        f"{HOURS:g} h, {byte_count / 1e9:.2f} GB in {seconds:.0f} s "
        f"({byte_count / seconds / 1e6:.0f} MB/s), answer {answer.status} {answer.location}"
    )
    for pid, peak in sorted(peaks.items()):
        print(
            f"web process {pid}: {before.get(pid, 0) / 1e6:.0f} MB idle, {peak / 1e6:.0f} MB peak"
        )
    worst = max(peaks.values())
    print(
        f"peak of one web process: {worst / 1e6:.0f} MB PSS, goal below {GOAL_BYTES / 1e6:.0f} MB"
    )
    if worst >= GOAL_BYTES or "/change/" not in answer.location:
        sys.exit("NOT MET")


def _recording(path: Path, byte_count: int) -> Path:
    """Write a WAV of silence that takes no room on the disk."""
    header = subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"anullsrc=r={RATE}:cl=mono"),
            *("-t", "0.1", "-bitexact", "-f", "wav", "-"),
        ],
        check=True,
        capture_output=True,
    ).stdout[: HEADER_BYTES - 4]
    with path.open("wb") as file:
        file.write(header[:4] + (byte_count + HEADER_BYTES - 8).to_bytes(4, "little") + header[8:])
        file.write(byte_count.to_bytes(4, "little"))
        file.truncate(HEADER_BYTES + byte_count)
    return path


@contextmanager
def _served(data: Path) -> Iterator[tuple[int, psutil.Process]]:
    """Run `manage.py serve`, as people do, with everything below *data*."""
    incoming = data / "incoming"
    incoming.mkdir()
    given = {"DJANGO_SUPERUSER_USERNAME": NAME, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    manage("createsuperuser", "--no-input", "--email=", DATA_DIR=str(data), **given)
    manage("collectstatic", "--no-input", "-v0", DATA_DIR=str(data))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    places = {"DATA_DIR": str(data), "TMPDIR": str(incoming), "SCRATCH_DIR": str(data / "scratch")}
    server = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "serve", f"--port={port}"],
        env={**os.environ, **places},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield port, psutil.Process(server.pid)
    finally:
        _end(psutil.Process(server.pid))
        server.wait()


def _end(server: psutil.Process) -> None:
    """Kill it: the check of the recording is under way, and nobody waits for it."""
    for process in [*server.children(recursive=True), server]:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _wait_for(port: int) -> None:
    for _ in range(600):
        with suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.2)
    sys.exit("the server did not start")


def _web_processes(server: psutil.Process) -> list[int]:
    """Return gunicorn's processes, its master too."""
    found = []
    for process in server.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if any("gunicorn" in word for word in process.cmdline()):
                found.append(process.pid)
    return found


def _pss(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


@contextmanager
def _watched(server: psutil.Process) -> Iterator[dict[int, int]]:
    """Give the most that each web process had during the block, in bytes."""
    peaks: dict[int, int] = {}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(SAMPLE_SECONDS):
            for pid in _web_processes(server):
                peaks[pid] = max(peaks.get(pid, 0), _pss(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peaks
    finally:
        over.set()
        watcher.join()
