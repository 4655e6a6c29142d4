"""What we were given: committees, people, recordings, and what was found about them."""

from hearings.models.committees import Committee, Member, ShippedRecord
from hearings.models.found import RecordingAnalysis, ValidationFinding
from hearings.models.hearings import (
    CheckStatus,
    Hearing,
    HearingQuerySet,
    Witness,
    recording_path,
)
from hearings.models.storage import Removal, StorageCheck

__all__ = [
    "CheckStatus",
    "Committee",
    "Hearing",
    "HearingQuerySet",
    "Member",
    "RecordingAnalysis",
    "Removal",
    "ShippedRecord",
    "StorageCheck",
    "ValidationFinding",
    "Witness",
    "recording_path",
]
