"""Takes files off the wire, and refuses what cannot be taken before it fills the disk."""

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest

from hearings import intake, room, validation

_FORM_BYTES = 1024 * 1024
# More than the other fields of a form take.
_REFUSAL = "hearings.upload_refusal"

Refusal = intake.Refused | intake.RecordingKnown | intake.DiskFull


def refusal_of(request: HttpRequest) -> Refusal | None:
    """Return why the file of this request was not taken."""
    refusal: Refusal | None = request.META.get(_REFUSAL)
    return refusal


def refuse(request: HttpRequest, refusal: Refusal) -> None:
    """Remember it for the form, which keeps what else was filled in."""
    request.META[_REFUSAL] = refusal


class RecordingUploadHandler(TemporaryFileUploadHandler):
    """Keeps a file in a temporary one. Of one that is not taken, no byte is written.

    Only staff may send files; this runs before any view has looked who asks.
    """

    request: HttpRequest

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        if not self.request.user.is_staff:
            raise SkipFile
        limits = settings.RECORDING_LIMITS
        if int(self.request.META["CONTENT_LENGTH"]) > limits.max_bytes + _FORM_BYTES:
            refuse(self.request, intake.Refused((validation.too_large(limits),)))
            raise SkipFile
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        try:
            super().receive_data_chunk(raw_data, start)
        except OSError as error:
            if not room.is_full(error):
                raise
            refuse(self.request, intake.DiskFull(folder=Path(tempfile.gettempdir())))
            raise SkipFile from error
