"""``python -m bench [NAME …]``: the figures of docs/benchmarks.md, measured again."""

import sys
import tempfile
from pathlib import Path

from bench import embedded, hosted, memory, reading, speech, times, upload
from bench.machine import described

BENCHES = {
    "embedded": embedded.main,
    "hosted": hosted.main,
    "memory": memory.main,
    "reading": reading.main,
    "speech": speech.main,
    "times": times.main,
    "upload": upload.main,
}


def main(names: list[str]) -> None:
    print(described())
    for name in names or BENCHES:
        with tempfile.TemporaryDirectory(prefix="senate-audio-bench-") as folder:
            print(f"\n== {name}", flush=True)
            BENCHES[name](Path(folder))


main(sys.argv[1:])
