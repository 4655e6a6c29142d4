"""System checks for what *hearings* needs from its host. Cheap, and no database."""

import os
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 (Django's name)


@register()
def ffmpeg_is_installed(**_: Any) -> list[CheckMessage]:
    """A warning only: commands that read no recording work without it."""
    return [
        Warning(
            f"{program} was not found; no recording can be read.",
            hint="Install ffmpeg, on Debian or Ubuntu by “apt-get install ffmpeg”.",
            id=f"hearings.W{number:03}",
        )
        for number, program in enumerate(("ffmpeg", "ffprobe"), start=1)
        if shutil.which(program) is None
    ]


@register()
def recordings_can_be_stored(**_: Any) -> list[CheckMessage]:
    """Look at MEDIA_ROOT, or, before it was made, at the folder that it will be made in."""
    place = Path(settings.MEDIA_ROOT)
    existing = next(folder for folder in (place, *place.parents) if folder.exists())
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return []
    return [
        Error(
            f"No recording can be stored: {existing} cannot be written to.",
            hint="Let this user write there, or name another folder in MEDIA_ROOT or DATA_DIR.",
            id="hearings.E001",
        )
    ]
