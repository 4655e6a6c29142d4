"""Overdriven sound and dead channels, made by ffmpeg and found in one pass."""

from pathlib import Path

import pytest

from hearings.analysis import Analysis, analyse
from hearings.ffmpeg import decode
from hearings.policies import RecordingLimits
from tests.media.conftest import MakeMedia


def analysis_of(path: Path) -> Analysis:
    return analyse(path, limits=RecordingLimits())


@pytest.mark.parametrize("name", ["driven.wav", "driven.mp3", "driven.m4a"])
def test_overdriven_speech_is_told_from_the_same_at_its_level(
    make_media: MakeMedia, speech: Path, name: str
) -> None:
    driven = make_media(name, "-i", speech, "-af", "volume=30dB")

    assert analysis_of(speech).clipped_share == 0
    assert 0.01 < analysis_of(driven).clipped_share < 0.5


@pytest.mark.parametrize("name", ["half.wav", "half.mp3", "half.m4a", "half.flac"])
def test_a_channel_without_sound_is_seen_although_the_mix_has_some(
    make_media: MakeMedia, speech: Path, name: str
) -> None:
    half = make_media(name, "-i", speech, "-af", "pan=stereo|c0=c0|c1=0*c1")

    left, right = analysis_of(half).channel_peaks_dbfs

    assert left is not None and left > -20
    assert right is None or right < -60


def test_looking_at_the_channels_changes_no_sample(make_media: MakeMedia, speech: Path) -> None:
    eight_bits = make_media("eight.wav", "-i", speech, "-c:a", "pcm_u8")

    for path in (speech, eight_bits):
        with_look, without = bytearray(), bytearray()
        with decode(path, with_peaks=True) as stream:
            for block in stream:
                with_look += block
        with decode(path) as stream:
            for block in stream:
                without += block
        assert with_look == without
