"""Takes files off the wire, and refuses what cannot be taken before it fills the disk."""

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from hearings import intake, room, validation
from hearings.upload_answers import Refusal, refuse

_FORM_BYTES = 1024 * 1024
# More than the other fields of a form take.


class NamelessFileUploadHandler(FileUploadHandler):
    """Streams a file to one without a name, which the kernel frees with whoever has it open.

    So an upload that breaks off leaves nothing, nor does a web process that is killed.
    """

    file: "UploadedFile[bytes]"

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        nameless = tempfile.TemporaryFile(dir=incoming_folder())  # noqa: SIM115 (closed by Django)
        self.file = UploadedFile(nameless, self.file_name, self.content_type, 0, self.charset)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        del start
        self.file.write(raw_data)
        return None

    def file_complete(self, file_size: int) -> "UploadedFile[bytes]":
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self) -> None:
        if hasattr(self, "file"):
            self.file.close()


class RecordingUploadHandler(NamelessFileUploadHandler):
    """Of a file that is not taken, no byte is written.

    Only staff may send files; this runs before any view has looked who asks.
    """

    request: HttpRequest

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        if not self.request.user.is_staff:
            raise SkipFile
        if refusal := refusal_by_length(int(self.request.META["CONTENT_LENGTH"])):
            refuse(self.request, refusal)
            raise SkipFile
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        try:
            return super().receive_data_chunk(raw_data, start)
        except OSError as error:
            if not room.is_full(error):
                raise
            self.file.close()
            refuse(self.request, intake.DiskFull(folder=incoming_folder()))
            raise SkipFile from error


def incoming_folder() -> Path:
    """Return where uploads lie on their way in."""
    return Path(settings.FILE_UPLOAD_TEMP_DIR or tempfile.gettempdir())


def refusal_by_length(content_length: int) -> Refusal | None:
    """Judge a request by the length that it announces, before anything of it is read."""
    limits = settings.RECORDING_LIMITS
    if content_length > limits.max_bytes + _FORM_BYTES:
        return intake.Refused((validation.too_large(limits),))
    if full := intake.lack_of_room(content_length):
        return full
    incoming = incoming_folder()
    if room.is_one_disk(incoming, Path(settings.MEDIA_ROOT)):
        return None
    if room.free_bytes(incoming) < content_length:
        return intake.DiskFull(folder=incoming, needed_bytes=content_length)
    return None


def most_bytes() -> int:
    """Return the length of the largest file that would be taken now, for the page to say."""
    media, incoming = Path(settings.MEDIA_ROOT), incoming_folder()
    most = min(settings.RECORDING_LIMITS.max_bytes, room.most_upload_bytes(room.free_bytes(media)))
    if room.is_one_disk(incoming, media):
        return most
    return min(most, room.free_bytes(incoming))
