"""A server's answer as words: what it said in full, times put right, each repair named. Pure.

The text rules. Segments and words lend it their times where they hold the same letters; where they
do not, it is spread over the speech that was heard.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any
from unicodedata import normalize

from hearings.spans import Span
from transcription.engines.base import AnswerUnusable, Usage
from transcription.engines.crooked_times import Piece, Placed, settled
from transcription.engines.word_odds import word_odds
from transcription.engines.word_times import SpokenTime, TimedWords, by_letters, letters
from transcription.words import Word
from transcription.writing import words_in

MOST_COUNT = 2_000_000_000
# Milliseconds or tokens; a database column holds no more, and no call costs so much.
MOST_NUMBER = 1e12
MOST_PER_SECOND, SPARE = 50, 1_000
# Words or segments in a second of audio, and besides; people say five, and models that repeat
# themselves write fifteen.
LETTERS_PER_SECOND, SPARE_LETTERS = 80, 4_000
# The same of a text's characters, since not every script has spaces; people say 18, or 26 in haste.
LONGEST_SPEAKER = 40
NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
# What databases and files do not take: control characters and halves of characters.

DIFFERS = "The answer's text and its segments differed; the longer of the two was kept."
WORDS_DIFFER = "The answer's words were not those of its text; some times are estimated."
UNCLEAN = "The answer held characters that are no text; each was replaced by �."


@dataclass(frozen=True, slots=True)
class Heard:
    """What an answer says."""

    words: tuple[Word, ...]
    flags: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)


def parse(body: bytes, *, speech: Sequence[Span], duration_ms: int) -> Heard:
    """Return what *body* says of a slice. Raises AnswerUnusable and nothing else.

    The words have the text in full, in order, their times inside the slice.
    """
    value, flags = _value(body)
    length = max(duration_ms, 1)
    _refuse_too_much(value, length)
    units, faults = _units(value, length)
    flags |= faults
    pieces = list(_pieces(value.get("words"), "word"))
    timed, faults = settled(pieces, length)
    flags |= faults
    words: list[Word] = []
    source, spoken = TimedWords(timed), SpokenTime(speech)
    for unit in units:
        if own := source.taken_for(unit):
            words += by_letters(unit.text, own, unit.speaker)
            continue
        if pieces and letters(unit.text):
            flags.add(WORDS_DIFFER)
        words += spoken.spread(unit)
    sure = _with_odds(words, value.get("logprobs"))
    return Heard(tuple(_in_sequence(sure, length)), tuple(sorted(flags)), _usage(value))


def _with_odds(words: Sequence[Word], logprobs: object) -> list[Word]:
    """Return *words*, each with how sure the model is of it where that can be told."""
    odds = word_odds([word.text for word in words], logprobs)
    return [replace(word, confidence=chance) for word, chance in zip(words, odds, strict=True)]


def _in_sequence(words: Sequence[Word], duration_ms: int) -> Iterator[Word]:
    """Yield *words* in the audio, one after the other where it has room for all."""
    position = 0
    for word in words:
        start = min(max(word.start_ms, position), duration_ms - 1)
        position = min(max(word.end_ms, start + 1), duration_ms)
        yield replace(word, start_ms=start, end_ms=position)


def _refuse_too_much(value: dict[str, Any], duration_ms: int) -> None:
    """Raise AnswerUnusable where no such audio holds so much. Before anything else is reckoned."""
    seconds = duration_ms / 1000
    most, most_letters = (
        MOST_PER_SECOND * seconds + SPARE,
        LETTERS_PER_SECOND * seconds + SPARE_LETTERS,
    )
    for texts in (
        [value.get("text")],
        _texts(value, "segments", "text"),
        _texts(value, "words", "word"),
    ):
        said = [text for text in texts if isinstance(text, str)]
        if (
            len(said) > most
            or sum(len(normalize("NFKC", text)) for text in said) > most_letters
            or sum(len(text.split()) for text in said) > most
        ):
            raise AnswerUnusable("The engine's answer holds far more than was said in this audio.")


def _texts(value: dict[str, Any], name: str, key: str) -> list[object]:
    items = value.get(name)
    return (
        [item.get(key) for item in items if isinstance(item, dict)]
        if isinstance(items, list)
        else []
    )


# The text and its parts ------------------------------------------------------------------------


def _units(value: dict[str, Any], duration_ms: int) -> tuple[list[Placed], set[str]]:
    """Return the text in parts with a place each, and what was wrong. Raises AnswerUnusable."""
    said, pieces = value.get("text"), list(_pieces(value.get("segments"), "text"))
    if not isinstance(said, str) and not pieces:
        raise AnswerUnusable("The engine's answer holds no text.")
    parts, flags = settled(pieces, duration_ms)
    text = " ".join(part.text for part in parts)
    lines = list(_lines(said, pieces)) if isinstance(said, str) else []
    bare = " ".join(line.text for line in lines)
    forms = {bare, str(said)} if any(line.speaker for line in lines) else {bare}
    if lines and not any(_agree(form, pieces, parts) for form in forms):
        if pieces:
            flags.add(DIFFERS)
        if len(letters(bare)) >= len(letters(text)):
            text, parts = bare, settled(lines, duration_ms)[0]
    if any(part.speaker or not part.is_guess for part in parts):
        return parts, flags
    return [Placed(text, Span(0, duration_ms))] if text.split() else [], flags


def _lines(text: str, pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Yield *text*, by lines where one begins with a speaker of the *pieces* and a colon.

    One model writes who speaks into the text so ("diarized_json" in the vendor's reference), and
    not into its segments.
    """
    names = {piece.speaker.casefold(): piece.speaker for piece in pieces if piece.speaker}
    lines = [_line(line, names) for line in text.splitlines() if line.split()]
    if any(line.speaker for line in lines):
        yield from (line for line in lines if line.text)
    else:
        yield Piece(text, None, None)


def _line(text: str, names: dict[str, str]) -> Piece:
    label, colon, said = text.partition(":")
    speaker = names.get((_speaker(label) or "").casefold()) if colon else None
    return Piece(said if speaker else text, None, None, speaker)


def _agree(text: str, pieces: Sequence[Piece], placed: Sequence[Placed]) -> bool:
    """Tell whether the parts say what *text* says, or said it before they were put right."""
    if placed and letters(text) == letters(" ".join(part.text for part in placed)):
        return True
    said = Counter(letters(token) for token in words_in(text))
    return said == Counter(letters(token) for piece in pieces for token in words_in(piece.text))


def _pieces(items: object, key: str) -> Iterator[Piece]:
    """Yield the segments or words that have a text; what is no such thing is passed over."""
    for item in items if isinstance(items, list) else ():
        text = item.get(key) if isinstance(item, dict) else None
        if isinstance(text, str) and text.split():
            yield Piece(
                " ".join(text.split()),
                _milliseconds(item.get("start")),
                _milliseconds(item.get("end")),
                _speaker(item.get("speaker")),
            )


def _speaker(value: object) -> str | None:
    name = " ".join(value.split())[:LONGEST_SPEAKER] if isinstance(value, str) else ""
    return name or None


def _milliseconds(value: object) -> float | None:
    seconds = _number(value)
    return None if seconds is None else seconds * 1000


def _number(value: object) -> float | None:
    """Return a number that can be reckoned with; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -MOST_NUMBER < value < MOST_NUMBER and isfinite(value) else None


# What it costs ---------------------------------------------------------------------------------


def _usage(value: dict[str, Any]) -> Usage:
    """Return what the answer says that it cost; nothing where it makes no sense."""
    usage = value.get("usage")
    if not isinstance(usage, dict):
        return Usage()
    seconds, tokens = _number(usage.get("seconds")), _number(usage.get("total_tokens"))
    if tokens is None:
        parts = [_number(usage.get(name)) for name in ("input_tokens", "output_tokens")]
        known = [part for part in parts if part is not None]
        tokens = sum(known) if known else None
    return Usage(_count(seconds and seconds * 1000), _count(tokens))


def _count(value: float | None) -> int | None:
    return round(value) if value is not None and 0 <= value <= MOST_COUNT else None


# The JSON --------------------------------------------------------------------------------------


class _NotFinite(ValueError):
    """NaN or Infinity, which Python's parser takes and JSON (RFC 8259) does not have."""


def _value(body: bytes) -> tuple[dict[str, Any], set[str]]:
    """Return the JSON object in *body*. Raises AnswerUnusable."""
    text = _text(body)
    unclean: set[str] = set()

    def clean(item: dict[str, Any]) -> dict[str, Any]:
        for key, content in item.items():
            if isinstance(content, str) and NO_TEXT.search(content):
                unclean.add(UNCLEAN)
                item[key] = NO_TEXT.sub("�", content)
        return item

    try:
        value = json.loads(text, object_hook=clean, parse_constant=_refuse_constant)
    except _NotFinite as error:
        raise AnswerUnusable("The engine's answer holds NaN or Infinity for a number.") from error
    except RecursionError as error:
        raise AnswerUnusable("The engine's answer is nested too deeply to be read.") from error
    except ValueError as error:
        raise AnswerUnusable(_why_no_json(text, error)) from error
    if not isinstance(value, dict):
        raise AnswerUnusable("The engine's answer has the wrong shape: it is no JSON object.")
    return value, unclean


def _text(body: bytes) -> str:
    try:
        text = body.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise AnswerUnusable("The engine's answer is not text in UTF-8.") from error
    if not text:
        raise AnswerUnusable("The engine's answer is empty.")
    if text.startswith("<"):
        raise AnswerUnusable("The engine's answer is a web page, not JSON.")
    return text


def _refuse_constant(name: str) -> float:
    raise _NotFinite(name)


def _why_no_json(text: str, error: ValueError) -> str:
    at_end = isinstance(error, json.JSONDecodeError) and (
        error.pos >= len(text) or error.msg.startswith("Unterminated")
    )
    if at_end and text[0] in "{[":
        return "The engine's answer is cut off in the middle of its JSON."
    return "The engine's answer is not JSON."
