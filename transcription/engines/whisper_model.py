"""A Whisper model in memory, which takes one window at a time where memory counts.

faster-whisper has all windows of a batch encoded together and their words found together. On a
processor that gains nothing, and each window more takes some 80 MB. Only the words themselves are
found for several windows at once, which does gain.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2 import StorageView
from faster_whisper import WhisperModel

from transcription.engines import allocator
from transcription.engines.base import AccessRefused

logger = logging.getLogger(__name__)


class FrugalModel(WhisperModel):  # type: ignore[misc] # faster-whisper has no types
    """Does for each window by itself what faster-whisper does for a batch."""

    def encode(self, features: Any) -> Any:
        """Return the encoder's output for *features*, windows × mels × frames or one of them."""
        if features.ndim == 2 or len(features) == 1:  # noqa: PLR2004 (without windows)
            return super().encode(features)
        each = [np.array(super(FrugalModel, self).encode(window)) for window in features]
        return StorageView.from_array(np.concatenate(each))

    def find_alignment(
        self,
        tokenizer: Any,
        text_tokens: Sequence[Any],
        encoder_output: Any,
        num_frames: Any,
        *arguments: Any,
        **named: Any,
    ) -> list[Any]:
        """Return the words of each window with their times; *num_frames* is a list for a batch."""
        find = super().find_alignment
        if not isinstance(num_frames, list):
            found: list[Any] = find(
                tokenizer, text_tokens, encoder_output, num_frames, *arguments, **named
            )
            return found
        encoded = np.array(encoder_output)
        return [
            words
            for index, (tokens, frames) in enumerate(zip(text_tokens, num_frames, strict=True))
            for words in find(
                tokenizer,
                [tokens],
                StorageView.from_array(np.ascontiguousarray(encoded[index : index + 1])),
                [frames],
                *arguments,
                **named,
            )
        ]


@contextmanager
def loaded(folder: Path, *, threads: int) -> Iterator[FrugalModel]:
    """Have the model in *folder* in memory for the block. Raises AccessRefused."""
    allocator.give_back_at_once()
    try:
        model = FrugalModel(
            str(folder),
            device="cpu",
            compute_type="int8",
            cpu_threads=threads,
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
