"""Answers with status 200 that say what nobody said, or not all that was said.

Each bends the honest answer, and leaves alone what the asked format does not hold.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from math import inf, nan
from random import Random
from typing import Any

from tests.fake_api.answers import Answer
from tests.fake_api.arrivals import Arrival
from tests.fake_api.refusals import Fault, Honest

Change = Callable[[dict[str, Any]], None]
Timed = dict[str, Any]
# A segment or a word of an answer.


def bent(name: str, change: Change) -> Fault:
    """Return the fault of changing the honest answer's value."""

    def play(_arrival: Arrival, honest: Honest) -> Answer:
        answer = honest()
        if answer.status != 200:
            return answer
        value = answer.value
        is_text = answer.headers.get("Content-Type") == "text/plain"
        change(value)
        body = value["text"] if is_text else json.dumps(value, ensure_ascii=False)
        return replace(answer, body=body.encode())

    return Fault(name, play)


def _lists(value: dict[str, Any]) -> list[list[Timed]]:
    return [value[name] for name in ("segments", "words") if name in value]


def _each(name: str, change: Callable[[Timed, float], None]) -> Fault:
    """Change every segment and word, given the answer's length in seconds."""

    def all_of(value: dict[str, Any]) -> None:
        for items in _lists(value):
            for item in items:
                change(item, value["duration"])

    return bent(name, all_of)


def _last(name: str, change: Callable[[Timed, float], None]) -> Fault:
    """Change the last segment and the last word."""

    def both(value: dict[str, Any]) -> None:
        for items in _lists(value):
            if items:
                change(items[-1], value["duration"])

    return bent(name, both)


def ends_past_the_audio(by: float = 5.0) -> Fault:
    return _last("ends_past_the_audio", lambda item, length: item.update(end=length + by))


def negative_times(by: float = 3.0) -> Fault:
    """Move everything to before the beginning."""
    return _each(
        "negative_times",
        lambda item, length: item.update(
            start=item["start"] - length - by, end=item["end"] - length - by
        ),
    )


def overlapping(by: float = 1.0) -> Fault:
    """Have each begin before the one before it ends."""
    return _each("overlapping", lambda item, _: item.update(start=max(0, item["start"] - by)))


def ends_before_starts() -> Fault:
    return _each(
        "ends_before_starts", lambda item, _: item.update(start=item["end"], end=item["start"])
    )


def infinite_times() -> Fault:
    return _last("infinite_times", lambda item, _: item.update(end=inf))


def nan_times() -> Fault:
    return _last("nan_times", lambda item, _: item.update(start=nan, end=nan))


def doubled() -> Fault:
    """Say each segment and each word twice; the text too."""

    def change(value: dict[str, Any]) -> None:
        for items in _lists(value):
            items[:] = [dict(item) for item in items for _ in range(2)]
        value["text"] = f"{value['text']} {value['text']}"

    return bent("doubled", change)


def shuffled(seed: int = 1) -> Fault:
    def change(value: dict[str, Any]) -> None:
        for items in _lists(value):
            Random(seed).shuffle(items)

    return bent("shuffled", change)


def _kept(name: str, wanted: Callable[[float], bool]) -> Fault:
    """Leave out what does not lie at wanted places, told as shares of the whole."""

    def change(value: dict[str, Any]) -> None:
        words = value["text"].split()
        kept = [word for place, word in enumerate(words) if wanted((place + 0.5) / len(words))]
        for items in _lists(value):
            items[:] = [
                item
                for item in items
                if wanted((item["start"] + item["end"]) / 2 / value["duration"])
            ]
        value["text"] = " ".join(kept)
        if "segments" in value:
            value["text"] = " ".join(item["text"].strip() for item in value["segments"])

    return bent(name, change)


def empty_text() -> Fault:
    """Hear nothing, though there is speech."""
    return _kept("empty_text", lambda _: False)


def tail_missing(share: float = 0.5) -> Fault:
    """Leave out this share, at the end."""
    return _kept("tail_missing", lambda place: place < 1 - share)


def middle_missing(share: float = 0.5) -> Fault:
    return _kept("middle_missing", lambda place: abs(place - 0.5) > share / 2)


def _replaced(name: str, text: Callable[[Arrival], str]) -> Fault:
    """Say something else, over the whole length."""

    def play(arrival: Arrival, honest: Honest) -> Answer:
        def change(value: dict[str, Any]) -> None:
            value["text"] = text(arrival)
            for items, key in ((value.get("segments"), "text"), (value.get("words"), "word")):
                if items is not None:
                    _spread(items, key, value["text"].split(), value["duration"])

        return bent(name, change).play(arrival, honest)

    return Fault(name, play)


def _spread(items: list[Timed], key: str, words: list[str], length: float) -> None:
    """Replace *items* by one for each word, evenly."""
    pattern = items[0] if items else {}
    step = length / max(1, len(words))
    items[:] = [
        {**pattern, key: word, "start": place * step, "end": (place + 1) * step}
        for place, word in enumerate(words)
    ]


def loop(phrase: str = "Thank you.", times: int = 50) -> Fault:
    return _replaced("loop", lambda _: " ".join([phrase] * times))


def prompt_echo() -> Fault:
    """Say what the request's prompt says, or its keywords, and nothing else."""
    return _replaced(
        "prompt_echo",
        lambda arrival: arrival.first("prompt") or ", ".join(arrival.all("keywords")),
    )


def stock_phrase(phrase: str = "Thanks for watching!") -> Fault:
    return _replaced("stock_phrase", lambda _: phrase)


def other_language(text: str = "Diolch yn fawr iawn i chi gyd am ddod yma heddiw.") -> Fault:
    return _replaced("other_language", lambda _: text)


def wrong_usage(factor: float = 3.0) -> Fault:
    """Bill so many times what was heard."""

    def change(value: dict[str, Any]) -> None:
        usage = value.get("usage", {})
        usage.update({key: n * factor for key, n in usage.items() if isinstance(n, int | float)})

    return bent("wrong_usage", change)


def no_usage() -> Fault:
    return bent("no_usage", lambda value: value.pop("usage", None))


def wrong_duration(by: float = 60.0) -> Fault:
    """Tell another length than the audio has."""

    def change(value: dict[str, Any]) -> None:
        if "duration" in value:
            value["duration"] += by

    return bent("wrong_duration", change)
