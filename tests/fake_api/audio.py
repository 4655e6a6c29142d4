"""What a request holds: its form fields, and the audio file it claims to send."""

import hashlib
import io
import wave
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import Message

MAGIC: dict[str, tuple[tuple[int, bytes], ...]] = {
    "flac": ((0, b"fLaC"),),
    "m4a": ((4, b"ftyp"),),
    "mp3": ((0, b"ID3"), (0, b"\xff\xfb"), (0, b"\xff\xf3"), (0, b"\xff\xf2")),
    "mp4": ((4, b"ftyp"),),
    "mpeg": ((0, b"ID3"), (0, b"\xff\xfb"), (0, b"\xff\xf3"), (0, b"\x00\x00\x01\xba")),
    "mpga": ((0, b"ID3"), (0, b"\xff\xfb"), (0, b"\xff\xf3")),
    "oga": ((0, b"OggS"),),
    "ogg": ((0, b"OggS"),),
    "wav": ((8, b"WAVE"),),
    "webm": ((0, b"\x1a\x45\xdf\xa3"),),
}
# By file name extension: the bytes, and their place, of which a file of that kind has some.


class NotThatSound(Exception):
    """The file is not what its name says."""


@dataclass(frozen=True)
class Sound:
    """Samples, really there."""

    pcm: bytes = b""
    # 16 bits, interleaved, unless a WAV file says otherwise.
    format: tuple[int, int, int] = (1, 2, 16_000)
    # Channels, bytes a sample, samples a second.

    @property
    def duration_ms(self) -> int:
        channels, width, rate = self.format
        return len(self.pcm) // (channels * width) * 1000 // rate


@dataclass(frozen=True)
class Upload:
    """A multipart body, read."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    file_name: str = ""
    content_type: str = ""
    file: bytes = b""
    pcm: bytes = b""
    # The samples; none where the file is not what its name says.
    duration_ms: int = 0
    # Of the samples that are there, whatever a header counts.
    format: tuple[int, int, int] = (1, 2, 16_000)
    # Channels, bytes a sample, samples a second.
    sha256: str = ""
    # Of the samples; of the file where there are none; "" where no body was read.
    size: int = 0
    # Bytes of the whole body.
    problem: str = ""
    # Why the file is no sound: "form", "missing", "extension", "container"; "" it is one.

    def without_sound(self) -> "Upload":
        """Return it without what takes memory."""
        return replace(self, file=b"", pcm=b"")


def upload_from(content_type: str, body: bytes) -> Upload:
    """Return what *body* holds; what is wrong with it is in the `problem`."""
    fields: dict[str, list[str]] = {}
    name, kind, file = "", "", None
    try:
        for head, content in parts_of(content_type, body):
            if head.get_filename() is None:
                key = str(head.get_param("name", header="Content-Disposition"))
                fields.setdefault(key, []).append(content.decode())
            else:
                name, kind, file = str(head.get_filename()), head.get_content_type(), content
    except ValueError:
        return Upload(fields, size=len(body), problem="form")
    if file is None:
        return Upload(fields, size=len(body), problem="missing")
    upload = Upload(fields, name, kind, file, size=len(body))
    return with_sound(upload)


def with_sound(upload: Upload) -> Upload:
    """Return *upload* with its file decoded, or with the problem."""
    extension = extension_of(upload.file_name)
    if extension not in MAGIC:
        return replace(upload, sha256=sha256_of(upload.file), problem="extension")
    try:
        sound = sound_in(extension, upload.file)
    except NotThatSound:
        return replace(upload, sha256=sha256_of(upload.file), problem="container")
    return replace(
        upload,
        pcm=sound.pcm,
        duration_ms=sound.duration_ms,
        format=sound.format,
        sha256=sha256_of(sound.pcm),
    )


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def extension_of(file_name: str) -> str:
    return file_name.rpartition(".")[2].lower()


def parts_of(content_type: str, body: bytes) -> Iterator[tuple[Message, bytes]]:
    """Yield head and content of each part of a form (RFC 7578). Raises ValueError."""
    outer = Message()
    outer["Content-Type"] = content_type
    boundary = outer.get_param("boundary")
    if outer.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise ValueError("no multipart form")
    mark = b"\r\n--" + boundary.encode()
    at = body.index(mark[2:]) + len(mark) - 2
    while body[at : at + 2] != b"--":
        start = body.index(b"\r\n\r\n", at) + 4
        end = body.index(mark, start)
        yield message_from_bytes(body[at + 2 : start]), body[start:end]
        at = end + len(mark)


def sound_in(extension: str, file: bytes) -> Sound:
    """Return the sound in a file of that kind. Raises NotThatSound."""
    if not any(file.startswith(magic, at) for at, magic in MAGIC[extension]):
        raise NotThatSound(extension)
    if extension == "wav":
        try:
            return wav_sound(file)
        except (wave.Error, EOFError):
            pass  # not plain PCM: the decoder knows more kinds
    return decoded(file)


def wav_sound(file: bytes) -> Sound:
    with wave.open(io.BytesIO(file)) as sound:
        shape = (sound.getnchannels(), sound.getsampwidth(), sound.getframerate())
        return Sound(sound.readframes(sound.getnframes()), shape)


def decoded(file: bytes) -> Sound:
    """Return the first audio stream's sound. Raises NotThatSound."""
    import av

    try:
        with av.open(io.BytesIO(file), mode="r") as container:
            stream = container.streams.audio[0]
            shape = (stream.channels, 2, stream.rate)
            resampler = av.AudioResampler(format="s16", layout=stream.layout, rate=stream.rate)
            pieces = [
                bytes(whole.planes[0])[: whole.samples * shape[0] * 2]
                for frame in container.decode(stream)
                for whole in ([frame] if frame.format.name == "s16" else resampler.resample(frame))
            ]
    except (av.FFmpegError, IndexError) as error:
        raise NotThatSound from error
    return Sound(b"".join(pieces), shape)
