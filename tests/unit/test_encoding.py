import io
import subprocess
import wave

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearings.spans import Span
from tests.fake_api import FakeApi
from tests.unit.hosted_kit import AUDIO, transcribe
from transcription.engines.base import AudioSlice, Encoding
from transcription.engines.encoding import BLOCK_SAMPLES, flac, upload_of


def counted(file: bytes) -> tuple[int, int, int, int]:
    """Return rate, channels, bits and samples as a FLAC header tells them (RFC 9639, 8.2)."""
    packed = int.from_bytes(file[18:26], "big")
    return packed >> 44, (packed >> 41 & 7) + 1, (packed >> 36 & 31) + 1, packed & (1 << 36) - 1


def decoded(file: bytes) -> bytes:
    command = ["ffmpeg", "-v", "error", "-i", "-", "-f", "s16le", "-"]
    return subprocess.run(command, input=file, capture_output=True, check=True).stdout


@pytest.mark.parametrize("samples", [1, 4_095, 4_096, 4_097, BLOCK_SAMPLES, 2 * BLOCK_SAMPLES + 17])
def test_flac_keeps_every_sample_and_tells_their_number(samples: int) -> None:
    pcm = (bytes(range(251)) * (samples * 2 // 251 + 1))[: samples * 2]

    file = flac(pcm)

    assert counted(file) == (16_000, 1, 16, samples)
    assert decoded(file) == pcm


def test_flac_of_nothing_is_a_file_of_nothing() -> None:
    assert flac(b"")[:4] == b"fLaC"


@settings(max_examples=15)
@given(st.binary(min_size=2, max_size=20_000).map(lambda pcm: pcm[: len(pcm) // 2 * 2]))
def test_any_samples_come_back(pcm: bytes) -> None:
    from tests.fake_api.audio import decoded as read

    assert read(flac(pcm)).pcm == pcm


@pytest.mark.parametrize(
    ("encoding", "name", "kind"),
    [(Encoding.WAV, "chunk.wav", "audio/wav"), (Encoding.FLAC, "chunk.flac", "audio/flac")],
)
def test_a_slice_is_sent_as_the_file_that_it_is_told_to_be(
    api: FakeApi, encoding: Encoding, name: str, kind: str
) -> None:
    transcribe(api, audio=AudioSlice(AUDIO.pcm, AUDIO.span, encoding=encoding))

    upload = api.arrivals[0].upload
    assert (upload.file_name, upload.content_type, upload.problem) == (name, kind, "")
    assert upload.pcm == AUDIO.pcm


def test_a_wav_tells_its_length() -> None:
    _, content, _ = upload_of(AudioSlice(bytes(640), Span(0, 20)))

    with wave.open(io.BytesIO(content)) as file:
        assert file.getnframes() == 320


def test_flac_of_a_smooth_sound_is_smaller() -> None:
    pcm = b"".join((n % 1_000 * 20).to_bytes(2, "little", signed=True) for n in range(32_000))

    assert len(flac(pcm)) < len(pcm) // 2
