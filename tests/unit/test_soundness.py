"""What is doubtful in sound that can be read: each rule at both of its edges."""

import pytest

from hearings.soundness import Sound, findings
from hearings.spans import Span

HOUR = 3_600_000


def codes(sound: Sound) -> list[str]:
    return [finding.code for finding in findings(sound)]


def sound(**values: object) -> Sound:
    return Sound(**{"duration_ms": HOUR, "speech": (Span(0, HOUR),), "unreadable": ()} | values)  # type: ignore[arg-type]


def test_ordinary_sound_has_no_findings() -> None:
    assert codes(sound(clipped_share=0.001, channel_peaks_dbfs=(-3.0, -30.0))) == []


@pytest.mark.parametrize(
    ("speech_ms", "found"),
    [(0, ["no_speech"]), (HOUR // 10 - 1, ["little_speech"]), (HOUR // 10, [])],
)
def test_a_recording_in_which_hardly_anybody_speaks_is_doubted(
    speech_ms: int, found: list[str]
) -> None:
    assert codes(sound(speech=(Span(0, speech_ms),) if speech_ms else ())) == found


def test_overdriven_sound_is_told_with_its_share() -> None:
    (finding,) = findings(sound(clipped_share=0.0234))

    assert finding.code == "clipped"
    assert finding.measured == "2.34% of the samples at full scale"


@pytest.mark.parametrize(
    ("peaks", "message"),
    [
        ((-3.0, None), "The right channel holds no sound."),
        ((-61.0, -3.0), "The left channel holds no sound."),
        ((None, -3.0, None, -9.0), "Channel 1 of 4 and channel 3 of 4 hold no sound."),
    ],
)
def test_a_dead_channel_is_named(peaks: tuple[float | None, ...], message: str) -> None:
    (finding,) = findings(sound(channel_peaks_dbfs=peaks))

    assert (finding.code, finding.message) == ("empty_channel", message)


@pytest.mark.parametrize("peaks", [(), (-3.0,), (None,), (None, None), (-70.0, -45.0)])
def test_where_no_channel_is_loud_none_is_called_dead(peaks: tuple[float | None, ...]) -> None:
    assert codes(sound(channel_peaks_dbfs=peaks)) == []
