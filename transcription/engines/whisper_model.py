"""A Whisper model in memory, which takes one window at a time where memory counts."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from faster_whisper import WhisperModel

from transcription.engines import allocator
from transcription.engines.base import AccessRefused

logger = logging.getLogger(__name__)


class FrugalModel(WhisperModel):  # type: ignore[misc] # faster-whisper has no types
    """Encodes one window at a time, whoever else asks: each takes 200 MB while it lasts."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._encoding = Lock()

    def encode(self, features: Any) -> Any:
        """Return the encoder's output for *features*, mels × frames or windows × mels × frames."""
        with self._encoding:
            return super().encode(features)


@contextmanager
def loaded(folder: Path, *, threads: int, at_once: int = 1) -> Iterator[FrugalModel]:
    """Have the model in *folder* in memory for the block. Raises AccessRefused.

    *threads* are shared by the callers that may be *at_once*.
    """
    allocator.give_back_at_once()
    try:
        model = FrugalModel(
            str(folder),
            device="cpu",
            compute_type="int8",
            cpu_threads=max(1, threads // at_once),
            num_workers=at_once,
            local_files_only=True,
        )
    except (RuntimeError, ValueError) as error:
        raise AccessRefused(f"The model in {folder} could not be loaded: {error}") from error
    logger.info("loaded the Whisper model in %s", folder.name)
    with allocator.buffers_kept():
        try:
            yield model
        finally:
            del model
