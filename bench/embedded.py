"""transcribe_hearing with the embedded engine against a plain script: whole processes, wall time.

Goal: at most 1.15 times the script's. Same recording, model and threads; each run starts from an
empty database, and starts and ends its own workers.
"""

import os
import sys
from pathlib import Path
from statistics import median

from bench.machine import MODELS, ROOT, SAMPLE, Spent, data_dir, manage, repeated, timed

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
MODEL = "base"


def main(folder: Path) -> None:
    recording = repeated(SAMPLE, folder / "long.mp3", 6)
    print(f"the sample six times, 21 minutes; Whisper {MODEL}; {ROUNDS} rounds, in turn")
    ours: list[Spent] = []
    plain: list[Spent] = []
    worded: list[Spent] = []
    for number in range(ROUNDS):
        home = data_dir(folder / f"data-{number}")
        ours.append(
            manage("transcribe_hearing", str(recording), "--engine=whisper", DATA_DIR=str(home))
        )
        worded.append(_plain(recording, "words"))
        plain.append(_plain(recording, "text"))
    _report("plain script that asks for word times, as we do", ours, worded)
    _report("plain script that does not", ours, plain)


def _plain(recording: Path, words: str) -> Spent:
    script = ROOT / "bench" / "plain_whisper.py"
    threads = str(os.cpu_count())
    return timed([sys.executable, str(script), str(recording), str(MODELS / MODEL), threads, words])


def _report(name: str, ours: list[Spent], theirs: list[Spent]) -> None:
    pairs = [a.wall_seconds / b.wall_seconds for a, b in zip(ours, theirs, strict=True)]
    print(
        f"against a {name}: {median(pairs):.2f} × its wall time "
        f"({min(pairs):.2f} to {max(pairs):.2f}); "
        f"medians {median(s.wall_seconds for s in ours):.1f} s and "
        f"{median(s.wall_seconds for s in theirs):.1f} s"
    )
