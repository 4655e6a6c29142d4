"""The one adapter to ffmpeg: what a file holds, and its sound as 16 kHz mono PCM.

A file is an upload, so it may be hostile. A playlist named .mp3 would make ffmpeg read other
files of this host: the format whitelist holds recordings only, the protocol whitelist local files
only, and both are options of the input, before its name. ffmpeg-python builds the arguments; its
own `run()` and `probe()` know no limits and are not used.

::

    MediaError           the message is a sentence for a person
    ├─ FfmpegMissing     this host cannot read any recording
    ├─ Unreadable        this file is no recording, or nothing of it decodes
    └─ NoAudio           it is one, without (such a) sound track
"""

import contextlib
import json
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from hearings.complaints import Complaints
from hearings.processes import Confined, ProcessLimits, TimedOut, confined
from hearings.spans import Span
from hearings.times import full_clock
from hearings.tracks import AudioStream, Track, tag

logger = logging.getLogger(__name__)

SAMPLE_RATE = 16_000
# Hertz, of everything decoded.
BYTES_PER_MS = SAMPLE_RATE * 2 // 1000
# Mono, signed 16-bit.

_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,mp3,wav,w64,flac,ogg,matroska,webm,"
    "aac,asf,avi,mpeg,mpegts,aiff,amr,caf"
)
_GUARDS = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}
_PROBE_LIMITS = ProcessLimits(wall_seconds=60, cpu_seconds=30, memory_bytes=2 * 1024**3)
_DECODE_LIMITS = ProcessLimits(wall_seconds=6 * 3600, cpu_seconds=3600, memory_bytes=2 * 1024**3)
FIRST = Track()
# What is heard where nothing else is chosen.
_MOST_PROBE_BYTES = 1024 * 1024
_LEAD_IN_MS = 500
# Decoded before a slice and dropped: codecs need a running start to sound as in the whole.
_LEAD_OUT_MS = 100
# The same for the resampler's end.
_ON_THE_TIME_LINE = (
    # Where timestamps jump, silence is added or sound dropped, so a position is the same time in
    # every decode, give or take 40 ms: by so much honest timestamps tremble.
    f"aresample={SAMPLE_RATE}:async=1:min_hard_comp=0.04:first_pts=0"
    # A recorder's fourth microphone is taken for a subwoofer, which a mix to mono leaves out.
    ":lfe_mix_level=1,"
    # Half a second a write: small enough to tell where a complaint belongs.
    "asetnsamples=n=8192:p=0"
)
_CHANNEL_PEAKS = "astats=measure_perchannel=Peak_level:measure_overall=none"
# Looks at the sound as it is in the file and passes it on.
_ENTRIES = (
    "format=format_name,duration,probe_score:stream=codec_type,codec_name,sample_rate,channels"
    ":stream_tags=language,title"
)
_GUESSED = 1
# The probe score of programs and archives in which a few bytes look like MP3.
_NOT_MEDIA = "The file is not an audio or video file that can be read."


class MediaError(Exception):
    """A recording could not be read; the message is for a person."""

    code = "unreadable"
    # Of the finding that it becomes.


class FfmpegMissing(MediaError):
    """This host has no ffmpeg."""


class Unreadable(MediaError):
    """Not a recording, or not one that decodes."""


class NoAudio(MediaError):
    """A recording without the sound asked for."""

    code = "no_audio"


@dataclass(frozen=True, slots=True)
class Probe:
    """What a file's headers claim."""

    format_name: str
    declared_duration_ms: int | None
    # Often wrong; only what was decoded counts.
    stream_count: int
    # Streams of every kind.
    audio: tuple[AudioStream, ...]


class PcmStream:
    """Sound as it is decoded: iterate blocks of 16 kHz mono s16le, at most a second each."""

    def __init__(self, process: Confined, complaints: Complaints) -> None:
        self._process = process
        self._complaints = complaints
        self.byte_count = 0
        # Yielded so far.

    @property
    def damage(self) -> tuple[Span, ...]:
        """Where the decoder complained or left a gap, so far; from where decoding began."""
        return self._complaints.damage

    @property
    def channel_peaks_dbfs(self) -> tuple[float | None, ...]:
        """How loud each channel gets as recorded, known at the end and if it was asked for."""
        return self._complaints.channel_peaks_dbfs

    @property
    def runs_backwards(self) -> bool:
        """Say whether sound was dropped because its time had already passed."""
        return self._complaints.runs_backwards

    def __iter__(self) -> Iterator[bytes]:
        rest = b""
        for data in self._process.blocks(self._note):
            block = rest + data if rest else data
            rest = block[len(block) // 2 * 2 :]
            self.byte_count += len(block) - len(rest)
            yield block[: len(block) - len(rest)]
        self._end(self._process.wait())

    def _note(self, line: str) -> None:
        self._complaints.note(line, position_ms=self._position_ms)

    @property
    def _position_ms(self) -> int:
        return self.byte_count // BYTES_PER_MS

    def _end(self, status: int) -> None:
        """Judge how the decoder ended: killed, unable from the start, or at odds with the file."""
        if status == 0:
            return
        logger.info("ffmpeg ended with status %s: %s", status, self._complaints.last_line)
        if status < 0:
            raise Unreadable(f"Reading the file broke off at {full_clock(self._position_ms)}.")
        if self._complaints.no_such_track:
            raise NoAudio("The file has no such sound track.")
        if not self.byte_count:
            raise Unreadable(_NOT_MEDIA)
        self._complaints.note_end(position_ms=self._position_ms)


def version(program: str = "ffmpeg") -> str:
    """Return the version of ffmpeg or ffprobe, "" where it does not say. Raises FfmpegMissing."""
    said = _output([_program(program), "-version"]).decode(errors="replace")
    _, _, rest = said.partition(f"{program} version ")
    return rest.partition(" ")[0]


def probe(path: Path) -> Probe:
    """Return what the headers of a file claim. Raises MediaError."""
    options = [option for name, value in _GUARDS.items() for option in (f"-{name}", value)]
    command = [_program("ffprobe"), "-loglevel", "error", *options]
    output = _output([*command, "-show_entries", _ENTRIES, "-of", "json", "-i", _url(path)])
    try:
        found = json.loads(output)
        return _probe_from_json(found["format"], found.get("streams", []))
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(_NOT_MEDIA) from error


@contextlib.contextmanager
def decode(
    path: Path,
    *,
    span: Span | None = None,
    track: Track = FIRST,
    with_peaks: bool = False,
    limits: ProcessLimits = _DECODE_LIMITS,
) -> Iterator[PcmStream]:
    """Give the sound of *path* as a stream; the decoder is gone on leaving. Raises MediaError.

    *with_peaks* has it look at each channel before they are mixed; the sound is the same.

    Gaps between timestamps become silence, so that a position is the same time in every decode,
    whole or of a *span*. The decoder dies with the thread that started it: read it in that one.
    """
    window = {} if span is None else _window(span.start_ms, span.end_ms)
    command = _decode_command(path, window, track, with_peaks=with_peaks)
    with confined(command, limits) as process:
        try:
            yield PcmStream(process, Complaints())
        except TimedOut as error:
            raise Unreadable("The recording took too long to read.") from error


def read_pcm(
    path: Path, span: Span, *, track: Track = FIRST, limits: ProcessLimits = _DECODE_LIMITS
) -> bytes:
    """Return exactly the samples of *span*, silence past the end. Raises MediaError."""
    seek_ms = _seek_ms(span.start_ms)
    skip = (span.start_ms - seek_ms) * BYTES_PER_MS
    wanted = span.duration_ms * BYTES_PER_MS
    padded = Span(seek_ms, span.end_ms + _LEAD_OUT_MS)
    with decode(path, span=padded, track=track, limits=limits) as stream:
        pcm = b"".join(stream)[skip : skip + wanted]
    if not pcm:
        raise Unreadable(f"The recording has no sound to read at {span.start_ms / 1000:.1f} s.")
    return pcm.ljust(wanted, b"\0")


def _seek_ms(start_ms: int) -> int:
    """Return where to start decoding for a slice.

    A whole second is a whole number of samples at every rate, so the resampler meets the same
    phase as in the whole.
    """
    return max(0, start_ms - _LEAD_IN_MS) // 1000 * 1000


def _window(start_ms: int, end_ms: int) -> dict[str, str]:
    return {"ss": f"{start_ms / 1000:.3f}", "t": f"{(end_ms - start_ms) / 1000:.3f}"}


def _decode_command(
    path: Path, window: dict[str, str], track: Track, *, with_peaks: bool = False
) -> list[str]:
    sound = ffmpeg.input(_url(path), threads=1, **_GUARDS, **window)
    output = ffmpeg.output(
        sound[f"a:{track.position}"],
        "pipe:1",
        af=",".join(_filters(track, with_peaks=with_peaks)),
        ac=1,
        threads=1,
        filter_threads=1,
        acodec="pcm_s16le",
        f="s16le",
    ).global_args("-nostdin", "-hide_banner", "-nostats", "-loglevel", "repeat+verbose")
    command: list[str] = output.compile(cmd=_program("ffmpeg"))
    return command


def _filters(track: Track, *, with_peaks: bool) -> Iterator[str]:
    if with_peaks:
        yield _CHANNEL_PEAKS
    if track.channel is not None:
        yield f"pan=mono|c0=c{track.channel}"
    yield _ON_THE_TIME_LINE


def _url(path: Path) -> str:
    """Return a name that ffmpeg takes for nothing but a local file."""
    return f"file:{path.absolute()}"


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise FfmpegMissing(
            f"{name} was not found. Install ffmpeg (on Debian or Ubuntu: apt-get install ffmpeg)"
            " and see that it is on the PATH."
        )
    return found


def _output(command: list[str]) -> bytes:
    """Return what a short-lived program writes, up to a limit."""
    output = b""
    try:
        with confined(command, _PROBE_LIMITS) as process:
            for block in process.blocks(lambda _line: None):
                output += block
                if len(output) > _MOST_PROBE_BYTES:
                    raise Unreadable(_NOT_MEDIA)
    except TimedOut as error:
        raise Unreadable("The file took too long to examine.") from error
    return output


def _probe_from_json(container: dict[str, Any], streams: list[dict[str, Any]]) -> Probe:
    sound = [stream for stream in streams if stream.get("codec_type") == "audio"]
    if int(container["probe_score"]) <= _GUESSED:
        raise ValueError("a guess")
    duration = container.get("duration")
    return Probe(
        format_name=str(container["format_name"]),
        declared_duration_ms=round(float(duration) * 1000) if duration else None,
        stream_count=len(streams),
        audio=tuple(
            AudioStream(
                position,
                str(stream.get("codec_name", "unknown")),
                int(stream.get("sample_rate", 0)),
                int(stream.get("channels", 0)),
                tag(stream.get("tags", {}).get("language")),
                tag(stream.get("tags", {}).get("title")),
            )
            for position, stream in enumerate(sound)
        ),
    )
