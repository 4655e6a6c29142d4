"""What is doubtful in the sound of a recording: little speech, clipping, a dead channel. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hearings.spans import Span, total_ms
from hearings.validation import Finding, Severity, sound_findings

LEAST_SPEECH = 0.1
# Share of the recording in which people speak; in less something may be wrong with it.
MOST_CLIPPED = 0.001
# Share of samples at full scale; a second and a half of half an hour.
DEAD_DBFS = -60.0
# A channel that never gets louder holds no sound …
ALIVE_DBFS = -40.0
# … where another one does.
_LISTEN = "Listen to it: this may be the wrong track, or the wrong file."


@dataclass(frozen=True, slots=True)
class Sound:
    """What one pass over a recording measured."""

    duration_ms: int
    speech: tuple[Span, ...]
    unreadable: tuple[Span, ...]
    clipped_share: float = 0.0
    # Of its samples, at full scale.
    channel_peaks_dbfs: tuple[float | None, ...] = ()
    # Of each channel as recorded, relative to full scale; None for digital silence. Empty where
    # nobody measured it.


def findings(sound: Sound) -> tuple[Finding, ...]:
    """Judge what was heard in one pass."""
    found = [*sound_findings(sound.duration_ms, sound.speech, sound.unreadable)]
    if sound.speech:
        found += _little_speech(sound)
    return (*found, *_clipped(sound.clipped_share), *_dead_channels(sound.channel_peaks_dbfs))


def _little_speech(sound: Sound) -> list[Finding]:
    share = total_ms(sound.speech) / sound.duration_ms
    if share >= LEAST_SPEECH:
        return []
    return [
        Finding(
            "little_speech",
            Severity.WARNING,
            f"People speak in only {share:.1%} of the recording.",
            _LISTEN,
            measured=f"{share:.1%} speech",
            needed=f"at least {LEAST_SPEECH:.0%}",
        )
    ]


def _clipped(share: float) -> list[Finding]:
    if share <= MOST_CLIPPED:
        return []
    return [
        Finding(
            "clipped",
            Severity.WARNING,
            "The recording is overdriven: its loudest parts are cut off and sound distorted.",
            "Take a copy that was recorded at a lower level if there is one. "
            "Words in loud passages may come out wrong.",
            measured=f"{share:.2%} of the samples at full scale",
            needed=f"at most {MOST_CLIPPED:.1%}",
        )
    ]


def _dead_channels(peaks: Sequence[float | None]) -> list[Finding]:
    levels = [-math.inf if peak is None else peak for peak in peaks]
    if max(levels, default=-math.inf) < ALIVE_DBFS:
        return []
    dead = [number for number, level in enumerate(levels) if level < DEAD_DBFS]
    if not dead:
        return []
    names = " and ".join(_channel_name(number, len(levels)) for number in dead)
    verb = "holds" if len(dead) == 1 else "hold"
    measured = ", ".join("silence" if peak is None else f"{peak:.0f} dBFS" for peak in peaks)
    return [
        Finding(
            "empty_channel",
            Severity.WARNING,
            f"{names[0].upper()}{names[1:]} {verb} no sound.",
            "See whether a microphone was off, or whether what it should hold is in another file.",
            measured=f"loudest moment of each channel: {measured}",
            needed=f"{DEAD_DBFS:.0f} dBFS or louder",
        )
    ]


def _channel_name(number: int, count: int) -> str:
    if count == 2:  # noqa: PLR2004 (stereo)
        return f"the {('left', 'right')[number]} channel"
    return f"channel {number + 1} of {count}"
