"""How well a transcript has the words that were said."""

import json
from dataclasses import dataclass
from functools import cache

import jiwer
from whisper_normalizer.english import EnglishTextNormalizer

from transcription.exports.json import FORMAT


class NotComparable(ValueError):
    """A text that cannot be evaluated; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class WordErrors:
    """How a transcript differs from its reference, counted in normalised words."""

    reference_words: int
    hits: int
    substitutions: int
    deletions: int
    # Said, and not in the transcript.
    insertions: int
    # In the transcript, and not said.

    @property
    def errors(self) -> int:
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float:
        """The word error rate; above 1 where much was invented."""
        return self.errors / self.reference_words


def word_errors(reference: str, hypothesis: str) -> WordErrors:
    """Compare two texts after Whisper's English normalisation.

    It lowers case, spells numbers and contractions one way, and leaves out punctuation, fillers
    and what stands in brackets. Raises NotComparable where the reference has no words then.
    """
    said, heard = _normalised(reference), _normalised(hypothesis)
    if not said:
        raise NotComparable("The reference has no words to compare with.")
    found = jiwer.process_words(said, heard)
    return WordErrors(
        reference_words=found.hits + found.substitutions + found.deletions,
        hits=found.hits,
        substitutions=found.substitutions,
        deletions=found.deletions,
        insertions=found.insertions,
    )


def text_of_export(content: str) -> str:
    """Return the text of a transcript in JSON. Raises NotComparable where it is not one."""
    try:
        exported = json.loads(content)
    except ValueError as error:
        raise NotComparable(f"It is not JSON: {error}.") from error
    if not isinstance(exported, dict) or exported.get("format") != FORMAT:
        raise NotComparable(f"It is not a transcript of the format “{FORMAT}”.")
    try:
        return " ".join(segment["text"] for segment in exported["segments"])
    except (KeyError, TypeError) as error:
        raise NotComparable("Its segments are damaged.") from error


def _normalised(text: str) -> str:
    """Return the words; the normaliser leaves the dots of “…” behind as words of their own."""
    words = str(_normaliser()(text)).split()
    return " ".join(word for word in words if any(map(str.isalnum, word)))


@cache
def _normaliser() -> EnglishTextNormalizer:
    return EnglishTextNormalizer()
