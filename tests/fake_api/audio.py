"""What a request holds: its form fields, and the WAV file it claims to send."""

import hashlib
import io
import wave
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import HTTP


@dataclass(frozen=True)
class Upload:
    """A multipart body, read."""

    fields: dict[str, list[str]]
    file_name: str
    content_type: str
    file: bytes
    pcm: bytes
    # The samples that the header counts.
    duration_ms: int
    # By the header's count of samples.
    format: tuple[int, int, int]
    # Channels, bytes a sample, samples a second.

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.pcm).hexdigest()


def upload_from(content_type: str, body: bytes) -> Upload:
    """Return what *body* holds. Raises what a file that is no WAV raises."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = message_from_bytes(head + body, policy=HTTP)
    fields: dict[str, list[str]] = {}
    for part in message.iter_parts():
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        if part.get_filename():
            name, kind, file = part.get_filename() or "", part.get_content_type(), payload
        else:
            key = str(part.get_param("name", header="Content-Disposition"))
            fields.setdefault(key, []).append(payload.decode())
    with wave.open(io.BytesIO(file)) as sound:
        shape = (sound.getnchannels(), sound.getsampwidth(), sound.getframerate())
        count = sound.getnframes()
        pcm = sound.readframes(count)
    return Upload(fields, name, kind, file, pcm, count * 1000 // shape[2], shape)
