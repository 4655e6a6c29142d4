"""One process that analyses a recording, plans it and cuts every slice: what `reading` times."""

import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "senate_audio.settings")
django.setup()

from django.conf import settings  # noqa: E402 (after Django's set-up)

from hearings import ffmpeg  # noqa: E402
from hearings.analysis import analyse  # noqa: E402
from transcription.engines.openai_api import OpenAIEngine  # noqa: E402
from transcription.planning import plan  # noqa: E402


def main(recording: Path) -> None:
    analysis = analyse(recording, limits=settings.RECORDING_LIMITS)
    planned = plan(
        analysis.speech,
        analysis.duration_ms,
        OpenAIEngine.capabilities,
        settings.CHUNKING,
        slots=settings.RATE.max_concurrent_chunks,
    )
    cut = sum(len(ffmpeg.read_pcm(recording, chunk.span)) for chunk in planned.chunks)
    print(f"{len(planned.chunks)} slices, {cut} bytes")


main(Path(sys.argv[1]))
