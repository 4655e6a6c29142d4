"""The wish to end, as a process gets it: SIGTERM or Ctrl-C."""

import signal
from types import FrameType


class LeavingOnSignals:
    """True from the first SIGTERM or Ctrl-C on. No lock that a signal could find taken."""

    def __init__(self, *, hurries: bool = False) -> None:
        self._is_leaving = False
        self._hurries = hurries
        # A second signal is a KeyboardInterrupt, wherever the process is.
        signal.signal(signal.SIGTERM, self._leave)
        signal.signal(signal.SIGINT, self._leave)

    def __call__(self) -> bool:
        return self._is_leaving

    def _leave(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002 (their shape)
        if self._is_leaving and self._hurries:
            raise KeyboardInterrupt
        self._is_leaving = True
