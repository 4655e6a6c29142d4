"""Analysis and slicing of two hours against one plain ffmpeg pass over them: CPU time.

Goal: at most 3.5 times. The pass writes 16 kHz mono FLAC, what one would do to cut the file.
"""

import os
import sys
from pathlib import Path
from statistics import median

from bench.machine import SAMPLE, Spent, repeated, timed

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
TWO_HOURS = 35
# Times the sample.


def main(folder: Path) -> None:
    recording = repeated(SAMPLE, folder / "two-hours.mp3", TWO_HOURS)
    print(f"the sample {TWO_HOURS} times, two hours of MP3; {ROUNDS} rounds, in turn")
    ours: list[Spent] = []
    plain: list[Spent] = []
    for number in range(ROUNDS):
        ours.append(timed([sys.executable, "-m", "bench.read_all", str(recording)]))
        flac = folder / f"plain-{number}.flac"
        plain.append(timed(_plain_pass(recording, flac)))
        flac.unlink()
    pairs = [a.cpu_seconds / b.cpu_seconds for a, b in zip(ours, plain, strict=True)]
    print(
        f"analysis and all slices: {median(pairs):.2f} × the CPU time of a plain ffmpeg pass "
        f"({min(pairs):.2f} to {max(pairs):.2f}); medians "
        f"{median(s.cpu_seconds for s in ours):.1f} s and "
        f"{median(s.cpu_seconds for s in plain):.1f} s"
    )


def _plain_pass(recording: Path, flac: Path) -> list[str]:
    mono = ["-ac", "1", "-ar", "16000"]
    return ["ffmpeg", "-nostdin", "-v", "error", "-i", str(recording), *mono, str(flac)]
