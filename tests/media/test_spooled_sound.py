"""A slice from the sound that was kept is the sound that was analysed, as a cut one nearly is."""

from pathlib import Path

import numpy as np
import pytest

from hearings import ffmpeg, spool
from hearings.analysis import TooLong, Unseekable, analyse
from hearings.policies import RecordingLimits, ScratchPolicy
from hearings.spans import Span
from tests.media.conftest import MakeMedia

NAME = "f" * 64
SPANS = (Span(0, 3_000), Span(3_000, 10_123), Span(10_123, 19_001), Span(18_500, 21_000))
# The last one reaches past the end.


@pytest.fixture
def policy(tmp_path: Path) -> ScratchPolicy:
    return ScratchPolicy(folder=str(tmp_path / "scratch"), left_free_bytes=0)


def spooled(path: Path, policy: ScratchPolicy, limits: RecordingLimits | None = None) -> int:
    """Analyse *path* and keep its sound; return its length in milliseconds."""
    with spool.kept(policy, NAME) as keep:
        return analyse(path, limits=limits or RecordingLimits(), on_sound=keep).duration_ms


def samples(pcm: bytes | None) -> np.ndarray:
    assert pcm is not None
    return np.frombuffer(pcm, "<i2").astype(np.float64)


@pytest.mark.parametrize(("form", "options"), [("mp3", ("-b:a", "96k")), ("m4a", ()), ("flac", ())])
def test_a_kept_slice_is_the_analysed_sound_and_agrees_with_a_cut_one(
    form: str, options: tuple[str, ...], make_media: MakeMedia, speech: Path, policy: ScratchPolicy
) -> None:
    recording = make_media(f"spooled.{form}", "-i", speech, *options)
    duration_ms = spooled(recording, policy)
    with ffmpeg.decode(recording) as stream:
        whole = b"".join(stream)

    for span in SPANS:
        kept = spool.read(policy, NAME, span, duration_ms=duration_ms)
        cut = ffmpeg.read_pcm(recording, span)

        assert kept == whole[span.start_ms * 32 : span.end_ms * 32].ljust(len(cut), b"\0")
        loudness = np.sqrt(np.mean(samples(whole) ** 2))
        assert np.sqrt(np.mean((samples(kept) - samples(cut)) ** 2)) < 0.01 * loudness


def test_the_sound_of_a_refused_analysis_is_not_kept(
    make_media: MakeMedia, speech: Path, tmp_path: Path, policy: ScratchPolicy
) -> None:
    opus = make_media("once.ogg", "-i", speech, "-c:a", "libopus").read_bytes()
    chain = tmp_path / "chain.ogg"
    chain.write_bytes(opus + opus)

    with pytest.raises(Unseekable):
        spooled(chain, policy)
    with pytest.raises(TooLong):
        spooled(speech, policy, RecordingLimits(max_duration_ms=5_000))

    assert [path for path in Path(policy.folder).rglob("*") if path.is_file()] == []


def test_a_recording_of_parts_of_a_millisecond_is_still_read(
    make_media: MakeMedia, policy: ScratchPolicy
) -> None:
    odd = make_media("odd.wav", "-f", "lavfi", "-i", "sine=440:r=16000,atrim=end_sample=100007")

    duration_ms = spooled(odd, policy)

    assert duration_ms == 6_250
    assert spool.read(policy, NAME, Span(6_000, 6_250), duration_ms=duration_ms)
