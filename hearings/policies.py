"""What a recording may be; settings.py builds the policy once and passes it in."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class RecordingLimits:
    """The hard limits that a recording must keep to be accepted."""

    max_bytes: int = 5120 * 1024 * 1024
    # The file as uploaded.
    min_duration_ms: int = 5_000
    # Decoded, not what the file claims.
    max_duration_ms: int = 12 * 3_600_000
    # Decoded, not what the file claims.
    max_streams: int = 32
    # Streams of any kind in the file.
    max_channels: int = 8
    # Channels of the audio stream that is used. Of more, ffmpeg does not know how to mix them.
    max_sample_rate: int = 192_000
    # Hertz.


class CleanUp(StrEnum):
    """When decoded sound that is kept goes, at the latest. It goes earlier where room is needed."""

    IMMEDIATE = "immediate"
    # None is kept: each slice is decoded again.
    AFTER_USE = "after_use"
    # When a run of its hearing has ended, however, and none is under way.
    ON_COMPLETION = "on_completion"
    # When one has ended complete, and none is under way: a retry finds it still.
    ON_PRESSURE = "on_pressure"
    # When room is needed, the longest unused first.


@dataclass(frozen=True, slots=True)
class ScratchPolicy:
    """The scratch space of a host: where temporary files lie, how much of them, for how long."""

    folder: str
    # Made where it is missing; not used unless it is this user's alone.
    max_bytes: int = 2048 * 1024 * 1024
    # Of all files in it. Two hours of sound are 230 MB.
    left_free_bytes: int = 512 * 1024 * 1024
    # On the disk, for others.
    kept_seconds: float = 2 * 24 * 3600.0
    # Since it was last used, whatever the clean-up.
    folders: int = 6
    # In the pool: so many may write at once.
    clean_up: CleanUp = CleanUp.ON_PRESSURE


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """How long recordings are kept; their transcripts stay."""

    days: int | None = None
    # Since the transcript was complete and the recording came in; None: for good.

    @property
    def period(self) -> timedelta | None:
        return timedelta(days=self.days) if self.days else None

    @property
    def in_words(self) -> str:
        return f"{self.days} day" if self.days == 1 else f"{self.days} days"
