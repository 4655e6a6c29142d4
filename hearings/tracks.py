"""Which sound of a recording is the hearing's: an audio stream, or one channel of it. Pure.

Written ``1``, ``2``, … for an audio stream, ``left`` and ``right`` for a channel of the first one;
empty where nothing is to be chosen, or nobody has chosen yet.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEFT, RIGHT = "left", "right"
CHANNELS = (LEFT, RIGHT)
MOST_STREAMS = 32
# That can be named.
TRACKS = ("", *CHANNELS, *map(str, range(1, MOST_STREAMS + 1)))
# All that a track is written as.
LOUDER_DB = 1.0
# By less no later stream is louder than an earlier one: copies of one sound differ by that much.
STEREO = 2
# Channels.
_LANGUAGES = {
    "ara": "Arabic",
    "chi": "Chinese",
    "deu": "German",
    "eng": "English",
    "fra": "French",
    "fre": "French",
    "ger": "German",
    "heb": "Hebrew",
    "hin": "Hindi",
    "ita": "Italian",
    "jpn": "Japanese",
    "kor": "Korean",
    "pol": "Polish",
    "por": "Portuguese",
    "rus": "Russian",
    "spa": "Spanish",
    "ukr": "Ukrainian",
    "vie": "Vietnamese",
    "zho": "Chinese",
}
# ISO 639-2, as recorders write it; others are shown as they are written.
_UNTOLD = frozenset({"und", "mul", "zxx", "mis"})
_LONGEST_TAG = 40
_CODECS = {"aac": "AAC", "ac3": "AC-3", "eac3": "E-AC-3", "flac": "FLAC", "mp3": "MP3"}


class NoSuchTrack(ValueError):
    """The recording has no such sound; the message is for who asked for it."""


@dataclass(frozen=True, slots=True)
class AudioStream:
    """One sound track of a file, as its headers tell."""

    position: int
    # Among the audio streams, from 0.
    codec: str
    sample_rate: int
    # Hertz.
    channels: int
    language: str = ""
    # As tagged, mostly ISO 639-2.
    title: str = ""
    # As tagged.


@dataclass(frozen=True, slots=True)
class Track:
    """What a decoder is to read."""

    position: int = 0
    # Of the audio stream, from 0.
    channel: int | None = None
    # 0 left, 1 right; None: all channels mixed.


@dataclass(frozen=True, slots=True)
class Choice:
    """One sound that may be chosen."""

    track: str
    name: str
    # In words.
    level_dbfs: float | None = None
    # How loud it is: of a stream on average where it was listened into, of a channel its loudest
    # moment; None where nobody measured it, or for silence.

    def to_json(self) -> dict[str, Any]:
        return {"track": self.track, "name": self.name, "level_dbfs": self.level_dbfs}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Choice":
        return cls(value["track"], value["name"], value["level_dbfs"])


def written(text: str) -> str:
    """Return *text* as a track is written. Raises NoSuchTrack where it can be none."""
    track = text.strip().lower()
    if not track or track not in TRACKS:
        raise NoSuchTrack(
            f"“{text}” is no sound track; write the number of an audio stream, such as 2, "
            "or left or right"
        )
    return track


def decoded(track: str) -> Track:
    """Return what to decode for *track*."""
    if track in CHANNELS:
        return Track(0, CHANNELS.index(track))
    return Track(int(track) - 1) if track else Track()


def chosen(track: str, streams: Sequence[AudioStream]) -> str:
    """Return *track* as it is known by: a sole audio stream is empty, for nothing is chosen.

    Raises NoSuchTrack where *streams* have it not, with what there is.
    """
    if track in CHANNELS:
        is_there = bool(streams) and streams[0].channels == STEREO
    else:
        is_there = not track or int(track) <= len(streams)
    if not is_there:
        there = "; ".join(choice.name for choice in choices(streams)) or "no sound at all"
        raise NoSuchTrack(f"The recording has no {called(track)}. It has: {there}.")
    return "" if track == "1" and len(streams) == 1 else track


def called(track: str) -> str:
    """Return what *track* is called in a sentence."""
    if track in CHANNELS:
        return f"{track} channel"
    return f"audio stream {track}" if track else "audio stream"


def choices(
    streams: Sequence[AudioStream],
    *,
    levels: Mapping[int, float] | None = None,
    peaks: Sequence[float | None] = (),
) -> tuple[Choice, ...]:
    """Return what may be chosen: each stream, and both channels of the first where it is stereo.

    *levels* are the streams' loudness by position, *peaks* the loudest moments of the first
    stream's channels; both in dBFS.
    """
    found = [
        Choice(str(stream.position + 1), described(stream), (levels or {}).get(stream.position))
        for stream in streams
    ]
    if streams and streams[0].channels == STEREO:
        of = " of audio stream 1" if len(streams) > 1 else ""
        for channel, side in enumerate(CHANNELS):
            level = peaks[channel] if len(peaks) == STEREO else None
            found.append(Choice(side, f"{side} channel{of}", level))
    return tuple(found)


def described(stream: AudioStream) -> str:
    """Return a stream in words: audio stream 2 (French, “Interpreter”, AAC, 48 kHz stereo)."""
    rate = f"{stream.sample_rate / 1000:g} kHz"
    channels = {1: "mono", STEREO: "stereo"}.get(stream.channels, f"{stream.channels} channels")
    title = f"“{stream.title}”" if stream.title else ""
    codec = _CODECS.get(stream.codec, stream.codec)
    parts = [_language(stream.language), title, codec, f"{rate} {channels}"]
    return f"audio stream {stream.position + 1} ({', '.join(filter(None, parts))})"


def loudest(positions: Sequence[int], levels: Mapping[int, float]) -> int:
    """Return which of *positions* is the loudest, of about equal ones the first.

    One without a level is taken for silent.
    """
    best = positions[0]
    for position in positions:
        if position in levels and levels[position] >= levels.get(best, -math.inf) + LOUDER_DB:
            best = position
    return best


def proposed(found: Iterable[Choice]) -> Choice | None:
    """Return the stream that is heard where nobody chooses; None where there is only one."""
    streams = [choice for choice in found if choice.track not in CHANNELS]
    levels = {at: each.level_dbfs for at, each in enumerate(streams)}
    known = {at: level for at, level in levels.items() if level is not None}
    return streams[loudest(range(len(streams)), known)] if len(streams) > 1 else None


def name_in(found: Iterable[Choice], track: str) -> str:
    """Return what *track* is called among *found*; empty for the only sound there is."""
    names = {choice.track: choice.name for choice in found}
    return names.get(track, called(track)) if track else ""


def tag(text: object) -> str:
    """Return what a file says of itself as text that can be shown on one line."""
    line = " ".join(str(text or "").split())
    return "".join(letter for letter in line if letter.isprintable())[:_LONGEST_TAG]


def _language(code: str) -> str:
    if code.lower() in _UNTOLD:
        return ""
    return _LANGUAGES.get(code.lower(), code)
