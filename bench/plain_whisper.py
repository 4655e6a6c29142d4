"""What one would write without this project: faster-whisper's batched pipeline over one file."""

import sys

from faster_whisper import BatchedInferencePipeline, WhisperModel


def main(recording: str, folder: str, threads: str, words: str) -> None:
    model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=int(threads))
    segments, _ = BatchedInferencePipeline(model).transcribe(
        recording, language="en", temperature=0.0, batch_size=8, word_timestamps=words == "words"
    )
    for segment in segments:
        print(segment.text)


main(*sys.argv[1:])
