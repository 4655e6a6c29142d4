"""A slice as a file to send, its length in its header, every sample kept."""

import io
from fractions import Fraction

from transcription.engines.base import SAMPLE_RATE, AudioSlice, Encoding

BLOCK_SAMPLES = 1 << 20
# Handed to the encoder at a time.


def upload_of(audio: AudioSlice) -> tuple[str, bytes, str]:
    """Return name, content and type of the file to send; servers go by the name's ending."""
    if audio.encoding is Encoding.FLAC:
        return "chunk.flac", flac(audio.pcm), "audio/flac"
    return "chunk.wav", audio.wav, "audio/wav"


def flac(pcm: bytes) -> bytes:
    """Return mono 16-bit samples as a FLAC file.

    It is written to memory that can be sought in, so the encoder goes back and puts the number of
    samples into the header; one that writes to a pipe leaves it at zero.
    """
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="flac") as file:
        stream = file.add_stream("flac", rate=SAMPLE_RATE)
        stream.layout, stream.format = "mono", "s16"
        for start in range(0, len(pcm) // 2, BLOCK_SAMPLES):
            piece = pcm[start * 2 : (start + BLOCK_SAMPLES) * 2]
            frame = av.AudioFrame(format="s16", layout="mono", samples=len(piece) // 2)
            plane = frame.planes[0]
            plane.update(piece + bytes(plane.buffer_size - len(piece)))
            frame.sample_rate, frame.pts = SAMPLE_RATE, start
            frame.time_base = Fraction(1, SAMPLE_RATE)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return buffer.getvalue()
