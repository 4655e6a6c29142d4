"""Words, in the shape in which a model answers with them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import ceil, inf
from typing import Any

from tests.fake_api.answers import Answer, json_answer, text_answer
from tests.fake_api.arrivals import Arrival
from tests.fake_api.models import Model

TOKENS_PER_WORD = 1.3
AUDIO_TOKENS_PER_SECOND = 10
LONGEST_SEGMENT_MS = 12_000
LONGEST_TOKEN = 4
# Letters of a long word's first one.
PAUSE_MS = 700
# From which on a segment ends.


@dataclass(frozen=True)
class HeardWord:
    """A word at its place in the slice."""

    text: str
    start_ms: float
    end_ms: float
    speaker: str = ""
    logprob: float = -0.1
    # How sure the model is of its last token.


COMMON = ("the", "of", "and", "to", "in", "that", "is", "for")
# A text without any is in no language.
SPOKEN = str.maketrans("0123456789abcdef", "bdfgklmnprstvwaz")


def words_of_the_sound(arrival: Arrival) -> Answer:
    """Name each second by its place and the sound of the whole: the same sound, the same words.

    As JSON it is the text alone, without usage: for servers that tell no more.
    """
    words = [
        word
        for second in range(arrival.upload.duration_ms // 1000)
        for word in (
            HeardWord(COMMON[second % len(COMMON)], second * 1e3, second * 1e3 + 200),
            HeardWord(spoken(arrival.sha256, second), second * 1e3 + 200, second * 1e3 + 900),
        )
    ]
    if arrival.first("response_format") in {"", "json"}:
        return text_answer(text_of(words))
    return heard_answer(arrival, words)


def spoken(name: str, second: int) -> str:
    """Return a word that only this second of this sound has, and that could be one.

    Figures, few letters and words that all begin alike are what nobody says, and are doubted.
    """
    return sha256(f"{name} {second}".encode()).hexdigest()[:10].translate(SPOKEN)


def heard_answer(arrival: Arrival, words: Sequence[HeardWord]) -> Answer:
    """Answer with *words* in the format that the request asks for, cut where the model cuts."""
    model = arrival.served_by
    if model is None:
        return text_answer(text_of(words))
    if model.most_output_tokens < inf:
        words = words[: int(model.most_output_tokens / TOKENS_PER_WORD)]
    match arrival.first("response_format"):
        case "text":
            return Answer(200, f"{text_of(words)}\n".encode(), {"Content-Type": "text/plain"})
        case "srt" | "vtt" as kind:
            return Answer(200, captions(words, kind).encode(), {"Content-Type": "text/plain"})
        case "verbose_json":
            return json_answer(verbose(arrival, words, model))
        case "diarized_json":
            return json_answer(diarized(arrival, words, model))
    return json_answer(plain(arrival, words, model))


def text_of(words: Iterable[HeardWord]) -> str:
    return " ".join(word.text for word in words)


def usage_of(arrival: Arrival, words: Sequence[HeardWord], model: Model) -> dict[str, Any]:
    """Return what the call is billed by."""
    seconds = arrival.upload.duration_ms / 1000
    if model.usage == "duration":
        return {"type": "duration", "seconds": ceil(seconds)}
    heard, said = ceil(seconds * AUDIO_TOKENS_PER_SECOND), ceil(len(words) * TOKENS_PER_WORD)
    return {
        "type": "tokens",
        "input_tokens": heard,
        "input_token_details": {"text_tokens": 0, "audio_tokens": heard},
        "output_tokens": said,
        "total_tokens": heard + said,
    }


def plain(arrival: Arrival, words: Sequence[HeardWord], model: Model) -> dict[str, Any]:
    value: dict[str, Any] = {"text": text_of(words), "usage": usage_of(arrival, words, model)}
    if "languages" in model.reads:
        value["languages"] = [{"code": "en"}] if words else []
    if "include" in model.reads and "logprobs" in arrival.all("include"):
        value["logprobs"] = list(tokens_of(words))
    return value


def tokens_of(words: Sequence[HeardWord]) -> Iterator[dict[str, Any]]:
    """Yield what the text is made of, as the vendor's tokens are cut.

    A space belongs to the word after it, punctuation is a token, and a long word is several.
    """
    for number, word in enumerate(words):
        stem = word.text.rstrip(".,?!;:")
        half = LONGEST_TOKEN if len(stem) > LONGEST_TOKEN else 0
        start = f" {stem[:half]}" if number else stem[:half]
        pieces = [(start, -0.01)] * bool(half)
        rest = stem[half:] if half or not number else f" {stem}"
        pieces.append((rest, word.logprob))
        pieces += [(mark, -2.0) for mark in word.text[len(stem) :]]
        for text, logprob in pieces:
            yield {"token": text, "bytes": list(text.encode()), "logprob": logprob}


def segments_of(words: Sequence[HeardWord]) -> list[list[HeardWord]]:
    """Return the words in runs: a new one after a pause, another speaker or twelve seconds."""
    runs: list[list[HeardWord]] = []
    for word in words:
        run = runs[-1] if runs else []
        if (
            not run
            or word.start_ms - run[-1].end_ms >= PAUSE_MS
            or word.speaker != run[-1].speaker
            or word.end_ms - run[0].start_ms > LONGEST_SEGMENT_MS
        ):
            runs.append([])
        runs[-1].append(word)
    return runs


def verbose(arrival: Arrival, words: Sequence[HeardWord], model: Model) -> dict[str, Any]:
    wanted = arrival.all("timestamp_granularities") or ["segment"]
    value: dict[str, Any] = {
        "task": "transcribe",
        "language": "english",
        "duration": arrival.upload.duration_ms / 1000,
        "text": text_of(words),
        "usage": usage_of(arrival, words, model),
    }
    if "segment" in wanted:
        value["segments"] = [_segment(number, run) for number, run in enumerate(segments_of(words))]
    if "word" in wanted:
        value["words"] = [{"word": word.text, **_times(word, word)} for word in words]
    return value


def _segment(number: int, run: Sequence[HeardWord]) -> dict[str, Any]:
    return {
        "id": number,
        "seek": 0,
        **_times(run[0], run[-1]),
        "text": f" {text_of(run)}",
        "tokens": [50_364],
        "temperature": 0.0,
        "avg_logprob": -0.2,
        "compression_ratio": 1.3,
        "no_speech_prob": 0.01,
    }


def _times(first: HeardWord, last: HeardWord) -> dict[str, float]:
    return {"start": round(first.start_ms / 1000, 3), "end": round(last.end_ms / 1000, 3)}


def diarized(arrival: Arrival, words: Sequence[HeardWord], model: Model) -> dict[str, Any]:
    """Return segments whose speakers are named A, B… anew, but for those whom the request names.

    The text has a line for each that begins with the name, as in the vendor's reference.
    """
    known = arrival.all("known_speaker_names")
    labels: dict[str, str] = {name: name for name in known}
    for word in words:
        labels.setdefault(word.speaker, chr(ord("A") + len(labels) - len(known)))
    runs = segments_of(words)
    return {
        "task": "transcribe",
        "duration": arrival.upload.duration_ms / 1000,
        "text": "\n".join(f"{labels[run[0].speaker]}: {text_of(run)}" for run in runs),
        "segments": [
            {
                "id": f"seg_{number:03}",
                "type": "transcript.text.segment",
                "speaker": labels[run[0].speaker],
                "text": f" {text_of(run)}",
                **_times(run[0], run[-1]),
            }
            for number, run in enumerate(runs)
        ],
        "usage": usage_of(arrival, words, model),
    }


def captions(words: Sequence[HeardWord], kind: str) -> str:
    """Return SubRip or WebVTT captions."""
    mark = "," if kind == "srt" else "."
    blocks = [] if kind == "srt" else ["WEBVTT"]
    for number, run in enumerate(segments_of(words), start=1):
        times = f"{clock(run[0].start_ms, mark)} --> {clock(run[-1].end_ms, mark)}"
        lines = [str(number)] * (kind == "srt") + [times, text_of(run)]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n\n"


def clock(milliseconds: float, mark: str) -> str:
    seconds, rest = divmod(round(milliseconds), 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}{mark}{rest:03}"
