"""One process that reads a recording whole, as simple programs do: what `memory` compares with.

The decoded sound, 16 kHz mono s16le, is one value, from which chunks of five minutes are cut.
"""

import subprocess
import sys

CHUNK_BYTES = 300 * 32_000


def main(recording: str) -> None:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", recording, "-ac", "1", "-ar", "16000"]
    pcm = subprocess.run([*command, "-f", "s16le", "-"], check=True, capture_output=True).stdout
    chunks = [pcm[at : at + CHUNK_BYTES] for at in range(0, len(pcm), CHUNK_BYTES)]
    print(f"{len(chunks)} slices, {len(pcm)} bytes")


main(sys.argv[1])
