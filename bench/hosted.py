"""transcribe_hearing against a server of the hosted API's kind that takes 2 seconds a call.

Over real HTTP, with the server in a process of its own, whose log is the measure. Goals: a
two-hour recording in 36 chunks, 3 at once, takes at most 1.05 times the ideal 24 s from the first
call to the last answer, and is at least 2.9 times faster than one after another; 160 chunks of
20 s, 16 at once, are at least 13 times faster; under the limits that the settings start with, at
most 1.05 times what the bucket allows. The server's words are not those of the recording, so they
are not looked for in it (ALIGN_WORDS).
"""

import subprocess
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from bench.machine import SAMPLE, Spent, data_dir, fake_server, manage
from tests.fake_api.arrivals import LoggedCall, read_log

CALL_SECONDS = 2.0
NEVER_BINDS = {"RATE_LIMIT_CAPACITY": "100000", "RATE_LIMIT_PER_MINUTE": "100000"}
BURST, PER_MINUTE = 20, 20
# What the settings start with.


@dataclass(frozen=True, slots=True)
class Calls:
    """What the server's log says of one run."""

    count: int
    seconds: float
    # From the first call to the last answer.
    starts_seconds: float
    # From the first call to the last call.
    spent: Spent
    # By the command and its workers.

    @property
    def sequential_seconds(self) -> float:
        return self.count * CALL_SECONDS

    def ideal_seconds(self, at_once: int) -> float:
        return ceil(self.count / at_once) * CALL_SECONDS


def main(folder: Path) -> None:
    two_hours = _never_the_same(folder / "two-hours.mp3", 35)
    print(f"the sample 35 times, two hours; {CALL_SECONDS:.0f} s a call")
    home = data_dir(folder / "long")
    one_by_one = _transcribed(folder, home, two_hours, 200, "--sequential", **NEVER_BINDS)
    three = _transcribed(folder, home, two_hours, 200, "--again", **NEVER_BINDS)
    _report("3 at once", three, 3, one_by_one)
    _report_cpu(folder, home, two_hours, three)
    seeded = _transcribed(folder, data_dir(folder / "seeded"), two_hours, 200)
    allowed = max(0, seeded.count - BURST) * 60 / PER_MINUTE
    print(
        f"20 at once and 20 a minute: {seeded.count} calls begun within "
        f"{seeded.starts_seconds:.1f} s, {seeded.starts_seconds / allowed:.3f} × what the bucket "
        f"allows ({allowed:.0f} s)",
        flush=True,
    )
    short = _never_the_same(folder / "short.mp3", 15)
    many = {"MAX_CONCURRENT_CHUNKS": "16"}
    home = data_dir(folder / "short")
    sixteen = _transcribed(folder, home, short, 20, **NEVER_BINDS, **many)
    _report("chunks of 20 s, 16 at once", sixteen, 16, None)


def _never_the_same(target: Path, times: int) -> Path:
    """Write the sample so often, with a whisper of noise: the same sound is not sent twice."""
    played = ["-stream_loop", str(times - 1), "-i", str(SAMPLE)]
    noise = ["-f", "lavfi", "-i", "anoisesrc=amplitude=0.001:seed=1:sample_rate=24000"]
    mixed = ["-filter_complex", "[0:a][1:a]amix=inputs=2:duration=first:normalize=0"]
    command = ["ffmpeg", "-nostdin", "-v", "error", *played, *noise, *mixed, "-b:a", "64k"]
    subprocess.run([*command, str(target)], check=True)
    return target


def _report(name: str, calls: Calls, at_once: int, sequential: Calls | None) -> None:
    alone = sequential.seconds if sequential else calls.sequential_seconds
    how = "measured" if sequential else "if each call followed the last at once"
    ideal = calls.ideal_seconds(at_once)
    print(
        f"{name}: {calls.count} calls in {calls.seconds:.1f} s, {calls.seconds / ideal:.3f} × the "
        f"ideal {ideal:.0f} s, {alone / calls.seconds:.2f} × faster than one after another "
        f"({alone:.1f} s, {how})",
        flush=True,
    )


def _report_cpu(folder: Path, home: Path, recording: Path, calls: Calls) -> None:
    """Print what a chunk costs us: what the command and its workers spend, less a run of none."""
    idle = _transcribed(folder, home, recording, 200, **NEVER_BINDS)
    each = (calls.spent.cpu_seconds - idle.spent.cpu_seconds) / calls.count
    print(f"our own CPU time: {each * 1000:.0f} ms a chunk of 200 s", flush=True)


def _transcribed(
    folder: Path, home: Path, recording: Path, chunk_seconds: int, *more: str, **environment: str
) -> Calls:
    log = folder / "calls.jsonl"
    log.unlink(missing_ok=True)
    delay = str(CALL_SECONDS)
    with fake_server("--delay", delay, "--log", str(log)) as url:
        spent = manage(
            "transcribe_hearing",
            str(recording),
            "--engine=openai",
            f"--chunk-seconds={chunk_seconds}",
            "--quiet",
            *more,
            DATA_DIR=str(home),
            OPENAI_BASE_URL=url,
            OPENAI_API_KEY="sk-of-nobody",
            ALIGN_WORDS="off",
            **environment,
        )
    return _read(read_log(log) if log.exists() else [], spent)


def _read(calls: list[LoggedCall], spent: Spent) -> Calls:
    if not calls:
        return Calls(0, 0.0, 0.0, spent)
    starts = [call.at for call in calls]
    return Calls(
        count=len(calls),
        seconds=max(call.ended or 0 for call in calls) - min(starts),
        starts_seconds=max(starts) - min(starts),
        spent=spent,
    )
