"""Makes the files that nobody should have to expect, each in a second or two."""

import io
import random
import struct
import subprocess
import wave
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

RATE = 16_000


def a_wav_header(
    data_bytes: int, *, rate: int = RATE, channels: int = 1, riff_bytes: int = 0x7FFFFFFF
) -> bytes:
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * channels * 2, channels * 2, 16)
    head = struct.pack("<4sI4s4sI", b"RIFF", riff_bytes, b"WAVE", b"fmt ", 16)
    return head + form + struct.pack("<4sI", b"data", data_bytes)


def tone_wav(seconds: float = 6, *, hertz: int = 440) -> bytes:
    return made("wav", "-f", "lavfi", "-i", f"sine={hertz}:r={RATE}:d={seconds}")


@cache
def made(form: str, *arguments: str) -> bytes:
    """Return what ffmpeg, with none of our guards, makes of its arguments in a format."""
    command = ["ffmpeg", "-loglevel", "error", "-nostdin", "-y", *arguments]
    if form in ("wav", "flac", "mp3", "matroska", "ogg"):
        return subprocess.run(
            [*command, "-f", form, "-"], check=True, capture_output=True, timeout=60
        ).stdout
    raise ValueError(form)


def made_file(folder: Path, name: str, *arguments: str) -> bytes:
    """Return the same for formats that need a file to jump about in."""
    path = folder / name
    command = ["ffmpeg", "-loglevel", "error", "-nostdin", "-y", *arguments, str(path)]
    subprocess.run(command, check=True, timeout=60)
    content = path.read_bytes()
    path.unlink()
    return content


SINE = ("-f", "lavfi", "-i", f"sine=440:r={RATE}:d=8")
PICTURE = ("-f", "lavfi", "-i", "color=black:s=64x64:r=5:d=8")


def mp4_with_index_last(folder: Path) -> bytes:
    content = made_file(folder, "last.m4a", *SINE, "-c:a", "aac")
    assert content.index(b"mdat") < content.index(b"moov")
    return content


def mp4_without_index(folder: Path) -> bytes:
    content = mp4_with_index_last(folder)
    return content[: content.index(b"moov") - 4]


def video_without_sound(folder: Path) -> bytes:
    return made_file(folder, "mute.mp4", *PICTURE, "-c:v", "mpeg4")


def sound_in_the_third_stream(folder: Path) -> bytes:
    maps = ("-map", "0:v", "-map", "0:v", "-map", "1:a")
    return made_file(folder, "third.mkv", *PICTURE, *SINE, *maps, "-c:v", "mpeg4", "-c:a", "flac")


def forty_streams(folder: Path) -> bytes:
    maps = ("-map", "0:a") * 40
    return made_file(folder, "forty.mka", *SINE, *maps, "-c:a", "flac")


def many_channels(folder: Path) -> bytes:
    frames = bytes(255 * 2 * 8_000 * 6)
    return a_wav_header(len(frames), rate=8_000, channels=255) + frames


def very_high_rate(folder: Path) -> bytes:
    frames = bytes(768_000 * 2 * 6)
    return a_wav_header(len(frames), rate=768_000) + frames


def flac_bomb(folder: Path) -> bytes:
    """Return thirteen hours of silence, in frames that each say no more than “as before”."""
    samples, size = 13 * 3600 * 8_000, 65_535
    info = struct.pack(">HH", size, size) + bytes(6)
    info += struct.pack(">Q", 8_000 << 44 | 15 << 36 | samples) + bytes(16)
    frames = b"".join(_silent_frame(number, size) for number in range(samples // size))
    return b"fLaC" + struct.pack(">I", 0x80 << 24 | len(info)) + info + frames


def _silent_frame(number: int, size: int) -> bytes:
    """Return a frame of mono 16-bit silence at 8 kHz: header, a constant, two checksums."""
    head = b"\xff\xf8\x74\x08" + _utf8(number) + struct.pack(">H", size - 1)
    frame = head + bytes([_crc(head, 8, 0x07)]) + b"\0\0\0"
    return frame + struct.pack(">H", _crc(frame, 16, 0x8005))


def _utf8(number: int) -> bytes:
    return chr(number).encode("utf-8", "surrogatepass")


def _crc(data: bytes, bits: int, polynomial: int) -> int:
    value, top, mask = 0, 1 << (bits - 1), (1 << bits) - 1
    for byte in data:
        value ^= byte << (bits - 8)
        for _ in range(8):
            value = ((value << 1) ^ polynomial if value & top else value << 1) & mask
    return value


def huge_picture(folder: Path) -> bytes:
    """Return an MP3 behind 50 MB of a picture that is none."""
    picture = b"\0image/jpeg\0\x03\0" + random.Random(5).randbytes(1024 * 1024) * 50
    frame = b"APIC" + struct.pack(">I", len(picture)) + b"\0\0" + picture
    return b"ID3\x03\0\0" + _synchsafe(len(frame)) + frame + made("mp3", *SINE)


def _synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def corrupt_middle(folder: Path) -> bytes:
    content = bytearray(made("flac", "-f", "lavfi", "-i", f"anoisesrc=r={RATE}:d=12:seed=3"))
    middle, length = len(content) // 2, len(content) // 10
    content[middle : middle + length] = random.Random(7).randbytes(length)
    return bytes(content)


def times_that_run_backwards(folder: Path) -> bytes:
    opus = folder / "opus.webm"
    opus.write_bytes(made_file(folder, "source.webm", *SINE, "-c:a", "libopus"))
    jump = "setts=ts=if(gt(N\\,250)\\,TS-3000\\,TS)"
    return made_file(folder, "back.mkv", "-i", str(opus), "-c", "copy", "-bsf:a", jump)


def html(folder: Path) -> bytes:
    return b"<!doctype html><html><body><script>alert(1)</script></body></html>"


def svg(folder: Path) -> bytes:
    return b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def archive(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("minutes.txt", "The committee met. " * 500)
        file.writestr("sound.wav", tone_wav())  # stored as it is
    return buffer.getvalue()


def program(folder: Path) -> bytes:
    frame = b"\xff\xfb\x50\xc0" + bytes(204)
    noise = random.Random(7).randbytes(200_000)
    return b"MZ\x90\0" + noise + frame * 2 + bytes(9_000)


def html_and_mp3(folder: Path) -> bytes:
    return html(folder) + made("mp3", *SINE)


def no_samples(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
    return buffer.getvalue()


def absurd_size(folder: Path) -> bytes:
    """Return a WAV that says it has 4 GB of samples and has none."""
    return a_wav_header(0xFFFFFFF0)


def absurd_size_with_sound(folder: Path) -> bytes:
    """Return one that says the same, as of a recorder that was switched off, and has six seconds.

    The header cannot know, so the file is what was decoded.
    """
    return a_wav_header(0xFFFFFFFF, riff_bytes=0xFFFFFFFF) + tone_wav()[-6 * RATE * 2 :]


Make = Callable[[Path], bytes]
