"""One process that analyses a recording, plans it and cuts every slice: what `reading` times.

As the product does it: the analysis keeps the decoded sound where there is room, and slices are
taken from that. Where it is not kept, the log says so.
"""

import hashlib
import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "senate_audio.settings")
django.setup()

from django.conf import settings  # noqa: E402 (after Django's set-up)

from hearings import spool  # noqa: E402
from hearings.analysis import Analysis, analyse  # noqa: E402
from transcription.engines.registry import engine_for  # noqa: E402
from transcription.planning import Plan, plan  # noqa: E402
from transcription.slicing import sound_of  # noqa: E402


def main(recording: Path) -> None:
    name = hashlib.sha256(bytes(recording)).hexdigest()
    # Of the path: the product knows the content's from storing it.
    with spool.kept(settings.SCRATCH, name) as keep:
        analysis = analyse(recording, limits=settings.RECORDING_LIMITS, on_sound=keep)
    if analysis.unreadable:
        sys.exit("The recording is damaged, so its figures mean nothing.")
    chunks = _planned(analysis).chunks
    cut = 0
    for chunk in chunks:
        pcm = sound_of(
            recording, chunk.span, sha256=name, track="", duration_ms=analysis.duration_ms
        )
        cut += len(pcm)
    print(f"{len(chunks)} slices, {cut} bytes")


def _planned(analysis: Analysis) -> Plan:
    return plan(
        analysis.speech,
        analysis.duration_ms,
        engine_for("openai", "gpt-transcribe").capabilities,
        settings.CHUNKING,
        slots=settings.RATE.max_concurrent_chunks,
    )


main(Path(sys.argv[1]))
