"""What ffmpeg says on stderr: where a recording is damaged, and how loud each channel gets."""

import math
import re

from hearings.spans import Span, union

_RATE = re.compile(r"\[Parsed_aresample_\d @ [^]]*\] ch:.* r:(\d+)Hz -> ")
_ADDED = re.compile(r"\[[^]]*\] \[SWR @ [^]]*\] adding (\d+) audio samples of silence")
_DROPPED = re.compile(r"\[[^]]*\] \[SWR @ [^]]*\] discarding (\d+) audio samples")
_BROKEN = re.compile(
    # The file's own tags are printed too, but never at the start of a line.
    r"Error while decoding stream #0:|(\[.*\] )?("
    r"Error submitting packet to decoder|CRC mismatch!|Packet corrupt|File ended prematurely|"
    r".*invalid as first byte of an EBML number|.*exceeds max length|.*partial file)"
)
_CHANNEL = re.compile(r"\[Parsed_astats_0 @ [^]]*\] Channel: (\d+)$")
_PEAK = re.compile(r"\[Parsed_astats_0 @ [^]]*\] Peak level dB: (-inf|-?\d+\.\d+)$")
_MOST_CHANNELS = 64
_MISSING_TRACK = re.compile(r"Stream map '[^']*' matches no streams")
_OUTPUT_RATE = 16
# Samples a millisecond; dropped ones are counted at this rate, added ones at the file's.
_GAP_MS = 1_000
# A shorter jump between timestamps is how some programs record silence.
_MOST_DROPPED_MS = 500
# So much overlap at one place is put up with.
_COMPLAINT_MS = 500
# How much sound one complaint is taken to spoil.
_BRIDGE_MS = 1_000
# Complaints this near are one stretch.
_MOST_SPANS = 1_000


class Complaints:
    """Collects damage while a decoder runs, in bounded memory."""

    def __init__(self) -> None:
        self.no_such_track = False
        self.runs_backwards = False
        # Sound was dropped because its time had already passed.
        self.last_line = ""
        self._channel = 0
        # Whose peak is told next.
        self._peaks: dict[int, float] = {}
        self._rate = 0
        self._spans: list[Span] = []
        self._gap_start_ms = 0
        self._gap_samples = 0
        self._drop_start_ms = 0
        self._dropped_samples = 0

    @property
    def damage(self) -> tuple[Span, ...]:
        """Return the damaged stretches noted so far, in order."""
        return union([*self._spans, *self._gap()], bridge_ms=_BRIDGE_MS)

    @property
    def channel_peaks_dbfs(self) -> tuple[float | None, ...]:
        """Return each channel's loudest moment, told at the end; None for digital silence."""
        return tuple(None if math.isinf(peak) else peak for _, peak in sorted(self._peaks.items()))

    def note(self, line: str, *, position_ms: int) -> None:
        """Take one line that came when *position_ms* of sound had been read."""
        self.last_line = line
        if found := _ADDED.match(line):
            self._lengthen_gap(int(found[1]), position_ms)
        elif found := _DROPPED.match(line):
            self._lengthen_drop(int(found[1]), position_ms)
        elif _BROKEN.match(line):
            self._add(Span(position_ms, position_ms + _COMPLAINT_MS))
        elif found := _RATE.match(line):
            self._rate = int(found[1])
        elif found := _CHANNEL.match(line):
            self._channel = int(found[1])
        elif found := _PEAK.match(line):
            self._note_peak(float(found[1]))
        elif _MISSING_TRACK.match(line):
            self.no_such_track = True

    def note_end(self, *, position_ms: int) -> None:
        """Take it that the decoder gave up at *position_ms*."""
        self._add(Span(max(0, position_ms - _COMPLAINT_MS), position_ms))

    def _note_peak(self, peak_dbfs: float) -> None:
        """Take a channel's peak; a file whose layout changes is told of in several parts."""
        if 0 < self._channel <= _MOST_CHANNELS:
            known = self._peaks.get(self._channel, -math.inf)
            self._peaks[self._channel] = max(known, peak_dbfs)

    def _lengthen_gap(self, samples: int, position_ms: int) -> None:
        """Add to a gap; a long one is reported in many pieces."""
        if position_ms > self._gap_start_ms + self._gap_ms + _BRIDGE_MS:
            for span in self._gap():
                self._add(span)
            self._gap_start_ms, self._gap_samples = position_ms, 0
        self._gap_samples += samples

    def _lengthen_drop(self, samples: int, position_ms: int) -> None:
        """Add to what is dropped at one place; it comes in many pieces."""
        if position_ms > self._drop_start_ms + _BRIDGE_MS:
            self._drop_start_ms, self._dropped_samples = position_ms, 0
        self._dropped_samples += samples
        if self._dropped_samples >= _MOST_DROPPED_MS * _OUTPUT_RATE:
            self.runs_backwards = True

    @property
    def _gap_ms(self) -> int:
        return self._gap_samples * 1000 // self._rate if self._rate else 0

    def _gap(self) -> list[Span]:
        """Return the gap that is open, if it counts. Sound that starts late lacks nothing."""
        if not self._gap_start_ms or self._gap_ms < _GAP_MS:
            return []
        return [Span(self._gap_start_ms, self._gap_start_ms + self._gap_ms)]

    def _add(self, span: Span) -> None:
        """Keep a stretch. Positions only grow, so the last one is the only one it can join."""
        last = self._spans[-1] if self._spans else None
        if last and span.start_ms <= last.end_ms + _BRIDGE_MS:
            self._spans[-1] = Span(last.start_ms, max(last.end_ms, span.end_ms))
        elif len(self._spans) < _MOST_SPANS:
            self._spans.append(span)
