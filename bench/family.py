"""What a command and all that it starts have in memory, sampled from outside, by role."""

import contextlib
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil

SAMPLE_SECONDS = 0.1
MB = 1024 * 1024
ROLES = {
    "audio-worker": "a worker",
    "audio-leader": "leader",
    "audio-pusher": "pusher",
    "audio-monitor": "monitor",
    "ffmpeg": "ffmpeg",
    "ffprobe": "ffmpeg",
}
# By the names that processes have for `ps`; the leader is the queue's sentinel.
STAGES = ("Checking", "Transcribing")
# As the command names them.


@dataclass(slots=True)
class Peaks:
    """The most that was seen, in bytes (PSS: what processes share is shared out among them)."""

    together: int = 0
    # All processes at one moment.
    roles: dict[str, int] = field(default_factory=dict)
    # The largest process of each role.
    stages: dict[str, int] = field(default_factory=dict)
    # All processes at one moment of each stage, by what the command said last.
    samples: int = 0

    def note(self, stage: str, seen: Sequence[tuple[str, int]]) -> None:
        total = sum(used for _, used in seen)
        self.samples += 1
        self.together = max(self.together, total)
        self.stages[stage] = max(self.stages.get(stage, 0), total)
        for role, used in seen:
            self.roles[role] = max(self.roles.get(role, 0), used)


@dataclass(frozen=True, slots=True)
class Watched:
    """A command that ended well."""

    peaks: Peaks
    said: tuple[tuple[float, str], ...]
    # Each line of its standard error with when it came, in seconds from the start.
    seconds: float

    def stage_seconds(self, stage: str) -> float:
        """Return the time from the first to the last line of a stage."""
        times = [at for at, line in self.said if line.startswith(f"{stage}:")]
        return max(times) - min(times)


class Family:
    """A command that runs, looked at by a thread until the block ends."""

    def __init__(self, command: Sequence[str], *, cwd: Path, env: dict[str, str]) -> None:
        self._begun = time.monotonic()
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._root = psutil.Process(self._process.pid)
        self._stage = "Start"
        self._peaks = Peaks()
        self._is_over = threading.Event()
        self._looking = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._looking.join()
        self._process.kill()
        self._process.wait()

    def ended(self) -> Watched:
        """Wait for its end. Raises CalledProcessError."""
        said = []
        assert self._process.stderr is not None  # noqa: S101 (a pipe by construction)
        for line in self._process.stderr:
            said.append((time.monotonic() - self._begun, line.rstrip()))
            stage, colon, _ = line.partition(": ")
            if colon and stage in STAGES:
                self._stage = stage
        if code := self._process.wait():
            told = "\n".join(line for _, line in said)
            raise subprocess.CalledProcessError(code, self._process.args, stderr=told)
        return Watched(self._peaks, tuple(said), time.monotonic() - self._begun)

    def _look(self) -> None:
        while not self._is_over.wait(SAMPLE_SECONDS):
            with contextlib.suppress(psutil.NoSuchProcess):
                seen = [self._seen(p) for p in (self._root, *self._root.children(recursive=True))]
                self._peaks.note(self._stage, [each for each in seen if each])

    def _seen(self, process: psutil.Process) -> tuple[str, int] | None:
        try:
            name, used = process.name(), process.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied):
            return None
        other = "command" if process.pid == self._root.pid else "supervisor"
        return ROLES.get(name, other), used
