"""Soft sound made louder for the speech detector, as a stream in constant memory.

Who speaks softly, or far from the microphone, is missed by the detector, the more so after somebody
loud: it gets used to a level. So each window is raised by what the loudest one within a second
lacks; sound of a usual level is left as it is, and so are the samples that engines get.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

AROUND_WINDOWS = 31
# On both sides: one second of windows of 512 samples at 16 kHz.
USUAL_DBFS = -30.0
# Root mean square. Nothing that has as much nearby is changed.
WANTED_DBFS = -20.0
# What soft sound is raised to: as loud as speech close to a microphone.
STEEPNESS = 2.0
# Just below the usual level, this many decibels are added for each that is lacking.
MOST_DB = 45.0
# No window is raised by more: sound below −65 dBFS stays below the wanted level.
_NOTHING = np.float32(1e-12)
# The power that silence is taken to have.

Windows = NDArray[np.float32]


class Leveller:
    """Takes windows and gives them back levelled, a second later."""

    def __init__(self) -> None:
        self._windows: Windows | None = None
        # Waiting for the second after them.
        self._powers = np.zeros(AROUND_WINDOWS, np.float32)
        # Of the windows before those and of those.

    def feed(self, windows: Windows) -> Windows:
        """Return the windows of which the second after them is known. One row a window."""
        powers = np.einsum("ij,ij->i", windows, windows) / np.float32(windows.shape[1])
        self._powers = np.concatenate([self._powers, powers])
        if self._windows is not None:
            windows = np.concatenate([self._windows, windows])
        ready = max(0, len(windows) - AROUND_WINDOWS)
        self._windows = windows[ready:]
        return self._levelled(windows[:ready])

    def close(self) -> Windows | None:
        """Return the last windows, which nothing follows; None where there never was one."""
        if self._windows is None:
            return None
        self._powers = np.concatenate([self._powers, np.zeros(AROUND_WINDOWS, np.float32)])
        return self._levelled(self._windows)

    def _levelled(self, windows: Windows) -> Windows:
        if not len(windows):
            return windows
        around = self._powers[: len(windows) + 2 * AROUND_WINDOWS]
        self._powers = self._powers[len(windows) :]
        loudest = sliding_window_view(around, 2 * AROUND_WINDOWS + 1).max(axis=1)
        if loudest.min() >= _power(USUAL_DBFS):
            return windows
        return windows * _gains(loudest)[:, np.newaxis]


def _gains(powers: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what to multiply samples by where the loudest window nearby has that power."""
    levels = 10 * np.log10(np.maximum(powers, _NOTHING))
    wanted = np.minimum(STEEPNESS * (USUAL_DBFS - levels), WANTED_DBFS - levels)
    gains = 10 ** (np.clip(wanted, 0, MOST_DB) / 20)
    return gains.astype(np.float32)


def _power(dbfs: float) -> float:
    return 10 ** (dbfs / 10)
