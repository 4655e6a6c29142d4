"""The words of a run in chunks against the same engine's words for the whole file.

Goal: at most 1 % of the words differ, over all recordings joined, at 30 and at 60 seconds.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from bench.machine import ROOT, data_dir, recordings, reference

WHOLE_SECONDS = 12 * 3600
CHUNKS = (WHOLE_SECONDS, 60, 30)


def main(folder: Path) -> None:
    home = data_dir(folder / "data")
    texts: dict[int, list[str]] = {seconds: [] for seconds in CHUNKS}
    references: list[str] = []
    for recording in recordings():
        references.append(reference(recording).read_text())
        for seconds in CHUNKS:
            texts[seconds].append(_heard(recording, seconds, home))
        print(f"{recording.name} heard", flush=True)
    whole = " ".join(texts[WHOLE_SECONDS])
    for seconds in CHUNKS:
        heard = " ".join(texts[seconds])
        name = "whole file" if seconds == WHOLE_SECONDS else f"chunks of {seconds} s"
        print(
            f"{name}: differs from the whole file by {_rate(whole, heard):.2%}, "
            f"word error rate {_rate(' '.join(references), heard):.2%}"
        )


def _heard(recording: Path, seconds: int, home: Path) -> str:
    command = [sys.executable, str(ROOT / "manage.py"), "transcribe_hearing", str(recording)]
    command += ["--engine=whisper", "--format=json", "--quiet", f"--chunk-seconds={seconds}"]
    done = subprocess.run(
        command, check=True, capture_output=True, env={**os.environ, "DATA_DIR": str(home)}
    )
    return " ".join(segment["text"] for segment in json.loads(done.stdout)["segments"])


def _rate(expected: str, heard: str) -> float:
    from transcription.evaluation import word_errors

    return word_errors(expected, heard).rate
