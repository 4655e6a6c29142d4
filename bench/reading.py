"""Analysis and slicing of two hours against one plain ffmpeg pass over them: CPU time.

Goal: at most 3.5 times. The pass writes 16 kHz mono FLAC, what one would do to cut the file. What
we add to decoding costs the same for every recording, so the ratio is worst for those that are
cheap to decode; hence two kinds.
"""

import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from bench.machine import SAMPLE, Spent, looped, repeated, timed

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
TWO_HOURS = 35
# Times the sample.


def main(folder: Path) -> None:
    small = repeated(SAMPLE, folder / "small.mp3", TWO_HOURS)
    once = _as_webcast(SAMPLE, folder / "once.m4a")
    webcast = looped(once, folder / "webcast.m4a", TWO_HOURS)
    print(f"the sample {TWO_HOURS} times, two hours; {ROUNDS} rounds, in turn")
    _compare("small MP3 (24 kHz, mono, 64 kbit/s)", small, folder)
    _compare("as webcasts are (AAC, 48 kHz, stereo, 128 kbit/s)", webcast, folder)


def _as_webcast(recording: Path, target: Path) -> Path:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(recording)]
    sound = ["-ac", "2", "-ar", "48000", "-c:a", "aac", "-b:a", "128k"]
    subprocess.run([*command, *sound, str(target)], check=True)
    return target


def _compare(name: str, recording: Path, folder: Path) -> None:
    ours: list[Spent] = []
    plain: list[Spent] = []
    read_all = [sys.executable, "-m", "bench.read_all", str(recording)]
    for _ in range(ROUNDS):
        ours.append(timed(read_all, SCRATCH_DIR=str(folder / "scratch")))
        plain.append(timed(_plain_pass(recording, folder / "plain.flac")))
    pairs = [a.cpu_seconds / b.cpu_seconds for a, b in zip(ours, plain, strict=True)]
    print(
        f"{name}: {median(pairs):.2f} × the CPU time of a plain ffmpeg pass "
        f"({min(pairs):.2f} to {max(pairs):.2f}); medians "
        f"{median(s.cpu_seconds for s in ours):.1f} s and "
        f"{median(s.cpu_seconds for s in plain):.1f} s",
        flush=True,
    )


def _plain_pass(recording: Path, flac: Path) -> list[str]:
    mono = ["-ac", "1", "-ar", "16000"]
    return ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(recording), *mono, str(flac)]
