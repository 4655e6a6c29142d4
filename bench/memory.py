"""The memory of transcribe_hearing with all its processes: ten minutes, two hours and ten hours.

Through a server of the hosted API's kind that answers at once, two words for each second. PSS of
the command, its workers and all else below it, sampled ten times a second; the server does not
count. Goals: the three lengths within 15 % of each other, no worker above 200 MB; with a local
model, for the times of a text without any or as the engine, one process of at most 450 MB. Beside
it stands a process that reads the recording whole. The analysis takes at most 1/150 of a
recording's length on two cores.
"""

import os
import sys
from pathlib import Path

from bench.family import MB, Family, Watched
from bench.machine import ROOT, SAMPLE, data_dir, fake_server, looped

LENGTHS = {"10 minutes": 3, "2 hours": 35, "10 hours": 172}
# How often the sample is played.
SAMPLE_SECONDS = 210.8
CHUNK_SECONDS = 100
# So that ten minutes have a chunk for each worker that may hold one.
NO_LIMIT = {"RATE_LIMIT_CAPACITY": "100000", "RATE_LIMIT_PER_MINUTE": "100000"}
WITHIN = 1.15


def main(folder: Path) -> None:
    peaks = []
    for name, times in LENGTHS.items():
        recording = looped(SAMPLE, folder / "long.mp3", times)
        found = _transcribed(folder, recording, "openai", ALIGN_WORDS="off", **NO_LIMIT)
        _report(f"{name}, hosted engine", found)
        _report_analysis(found, times * SAMPLE_SECONDS)
        whole = _read_whole(folder, recording)
        ours = found.peaks.together
        print(
            f"  read whole, without any of the rest: {_mb(whole)}; ours is "
            f"{ours / whole:.2f} × that",
            flush=True,
        )
        peaks.append(found.peaks.together)
    print(f"the most is {max(peaks) / min(peaks):.2f} × the least (goal: {WITHIN} ×)")
    recording = looped(SAMPLE, folder / "long.mp3", LENGTHS["10 minutes"])
    found = _transcribed(folder, recording, "openai", ALIGN_WORDS="on", **NO_LIMIT)
    _report("10 minutes, hosted engine without times, which a model here finds", found)
    _report("10 minutes, embedded engine", _transcribed(folder, recording, "whisper"))


def _report(name: str, found: Watched) -> None:
    print(f"{name}: at most {_mb(found.peaks.together)} together, {found.seconds:.0f} s")
    print(f"  the largest of each: {_listed(found.peaks.roles)}")
    print(f"  together, by stage: {_listed(found.peaks.stages)}", flush=True)


def _report_analysis(found: Watched, length_seconds: float) -> None:
    spent = found.stage_seconds("Checking")
    lines = sum(line.startswith("Checking:") for _, line in found.said)
    print(
        f"  analysis in {spent:.1f} s, 1/{length_seconds / spent:.0f} of the length, with "
        f"{lines} lines of progress"
    )


def _listed(found: dict[str, int]) -> str:
    return ", ".join(f"{name} {_mb(used)}" for name, used in found.items())


def _mb(used: int) -> str:
    return f"{used / MB:,.0f} MB"


def _transcribed(folder: Path, recording: Path, engine: str, **environment: str) -> Watched:
    home = data_dir(folder / "data")
    arguments = [str(recording), f"--engine={engine}", f"--output={folder / 'transcript.txt'}"]
    if engine == "openai":
        arguments.append(f"--chunk-seconds={CHUNK_SECONDS}")
    with fake_server() as url:
        command = [sys.executable, str(ROOT / "manage.py"), "transcribe_hearing", "--again"]
        env = {
            **os.environ,
            "DATA_DIR": str(home),
            "SCRATCH_DIR": str(home / "scratch"),
            "OPENAI_BASE_URL": url,
            "OPENAI_API_KEY": "sk-of-nobody",
            **environment,
        }
        with Family([*command, *arguments], cwd=ROOT, env=env) as family:
            return family.ended()


def _read_whole(folder: Path, recording: Path) -> int:
    command = [sys.executable, str(ROOT / "bench" / "whole.py"), str(recording)]
    with Family(command, cwd=folder, env=dict(os.environ)) as family:
        return family.ended().peaks.together
