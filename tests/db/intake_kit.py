"""A hearing's description and its sound, stored and checked."""

import io
import wave
from datetime import date
from typing import Any

import numpy as np

from hearings import intake
from hearings.models import Hearing
from hearings.policies import RecordingLimits

TODAY = date(2026, 3, 12)
LIMITS = RecordingLimits()


def described(**values: Any) -> Hearing:
    return Hearing(**{"title": "Oversight of the Mint", "date": TODAY, **values})


def tone(seconds: float = 6, *, hertz: float = 440) -> bytes:
    """Return a WAV file."""
    moments = np.arange(int(seconds * 16_000)) / 16_000
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes((np.sin(moments * hertz * 6.2832) * 9_000).astype("<i2").tobytes())
    return buffer.getvalue()


def store(content: bytes, name: str = "hearing.wav", **values: Any) -> Hearing:
    return intake.store(described(**values), io.BytesIO(content), name=name, limits=LIMITS)


def check(hearing: Hearing, **values: Any) -> dict[str, str]:
    findings = intake.check(hearing, **{"limits": LIMITS, "today": TODAY, **values})
    return {finding.code: finding.severity.value for finding in findings}
