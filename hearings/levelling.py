"""Soft sound made louder for the speech detector, as a stream in constant memory.

Who speaks softly, or far from the microphone, is missed by the detector, the more so after somebody
loud. So each window is raised by what the loudest one within a second lacks, if that stands out
from the room: a room in which nobody speaks is left as it is, since the detector would get used to
it. Left as it is as well is sound of a usual level, and what engines get.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

AROUND_WINDOWS = 31
# On both sides: one second of windows of 512 samples at 16 kHz.
ROOM_WINDOWS = 938
# The room is the softest half second of the last thirty.
MEAN_WINDOWS = 16
# Half a second.
USUAL_DBFS = -30.0
# Root mean square. Nothing that has as much nearby is changed.
WANTED_DBFS = -20.0
# What soft sound is raised to: as loud as speech close to a microphone.
STEEPNESS = 2.0
# Just below the usual level, this many decibels are added for each that is lacking.
MOST_DB = 45.0
# No window is raised by more: sound below −65 dBFS stays below the wanted level.
ROOM_DB, VOICE_DB = 6.0, 12.0
# What stands out from the room by less than the first is not raised, by the second in full.
_NOTHING = np.float32(1e-12)
# The power that silence is taken to have.

Windows = NDArray[np.float32]


class Leveller:
    """Takes windows and gives them back levelled, a second later."""

    def __init__(self) -> None:
        self._waiting: Windows | None = None
        # For the second after them.
        self._powers: NDArray[np.float32] | None = None
        # Of the windows that are known, as far back as they count.

    def feed(self, windows: Windows) -> Windows:
        """Return the windows of which the second after them is known. One row a window."""
        if not len(windows):
            return windows
        powers = np.einsum("ij,ij->i", windows, windows) / np.float32(windows.shape[1])
        if self._powers is None or self._waiting is None:
            # Before the beginning it is as in its first half second.
            room = powers[:MEAN_WINDOWS].mean(dtype=np.float32)
            self._powers = np.full(ROOM_WINDOWS + MEAN_WINDOWS, room, np.float32)
            self._waiting = windows[:0]
        self._powers = np.concatenate([self._powers, powers])
        return self._released(np.concatenate([self._waiting, windows]), AROUND_WINDOWS)

    def close(self) -> Windows | None:
        """Return the last windows, which nothing follows; None where there never was one."""
        if self._waiting is None or self._powers is None:
            return None
        after = np.repeat(self._powers[-1:], AROUND_WINDOWS)
        self._powers = np.concatenate([self._powers, after])
        return self._released(self._waiting, 0)

    def _released(self, windows: Windows, kept: int) -> Windows:
        """Return all *windows* but the last *kept*, levelled; those wait."""
        ready = max(0, len(windows) - kept)
        self._waiting = windows[ready:]
        if not ready or self._powers is None:
            return windows[:ready]
        powers = self._powers[: ROOM_WINDOWS + MEAN_WINDOWS + ready + AROUND_WINDOWS]
        self._powers = self._powers[ready:]
        return windows[:ready] * _gains(powers)[:, np.newaxis]


def _gains(powers: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what to multiply the samples of each window by.

    *powers* are theirs, with those of as many windows before and after as count.
    """
    near = powers[ROOM_WINDOWS + MEAN_WINDOWS - AROUND_WINDOWS :]
    loudest = _decibels(sliding_window_view(near, 2 * AROUND_WINDOWS + 1).max(axis=1))
    means = sliding_window_view(powers, MEAN_WINDOWS).mean(axis=1)[1:]
    room = sliding_window_view(means, ROOM_WINDOWS + AROUND_WINDOWS + 1).min(axis=1)
    lacking = np.minimum(STEEPNESS * (USUAL_DBFS - loudest), WANTED_DBFS - loudest)
    outstanding = np.clip((loudest - _decibels(room) - ROOM_DB) / (VOICE_DB - ROOM_DB), 0, 1)
    gains: NDArray[np.float32] = 10 ** (np.clip(lacking, 0, MOST_DB) * outstanding / 20)
    return gains.astype(np.float32)


def _decibels(powers: NDArray[np.float32]) -> NDArray[np.float32]:
    levels: NDArray[np.float32] = 10 * np.log10(np.maximum(powers, _NOTHING))
    return levels
