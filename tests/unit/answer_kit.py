"""Answers as servers write them, and what is heard in them."""

import json
from itertools import pairwise
from typing import Any

from hearings.spans import Span
from transcription.engines import answers
from transcription.engines.answers import Heard

LENGTH_MS = 10_000


def heard(value: Any, *, speech: tuple[Span, ...] = (), length_ms: int = LENGTH_MS) -> Heard:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return answers.parse(body, speech=speech, duration_ms=length_ms)


def segment(start: Any, end: Any, text: Any, **more: Any) -> dict[str, Any]:
    return {"start": start, "end": end, "text": text, **more}


def word(start: Any, end: Any, text: Any) -> dict[str, Any]:
    return {"start": start, "end": end, "word": text}


def text_of(found: Heard) -> str:
    return " ".join(word.text for word in found.words)


def times_of(found: Heard) -> list[tuple[int, int]]:
    return [(word.start_ms, word.end_ms) for word in found.words]


def assert_sound(found: Heard, length_ms: int) -> None:
    limit = max(length_ms, 1)
    for one in found.words:
        assert 0 <= one.start_ms < one.end_ms <= limit
        assert one.text and not one.text.isspace() and len(one.text.split()) == 1
    for left, right in pairwise(found.words):
        assert left.start_ms <= right.start_ms
        assert left.end_ms <= right.start_ms or right.end_ms == limit
