"""What one would write without this project: faster-whisper over one whole file.

Batched, for "words" with word times and for "text" without; in sequence for "sequential".
"""

import sys

from faster_whisper import BatchedInferencePipeline, WhisperModel


def main(recording: str, folder: str, threads: str, how: str) -> None:
    model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=int(threads))
    if how == "sequential":
        segments, _ = model.transcribe(recording, language="en", temperature=0.0)
    else:
        segments, _ = BatchedInferencePipeline(model).transcribe(
            recording, language="en", temperature=0.0, batch_size=8, word_timestamps=how == "words"
        )
    for segment in segments:
        print(segment.text)


main(*sys.argv[1:])
