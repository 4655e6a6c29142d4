"""What ffmpeg says on stderr, read for the places where a recording is damaged."""

import re

from hearings.spans import Span, union

_RATE = re.compile(r"\[Parsed_aresample_0 @ [^]]*\] ch:.* r:(\d+)Hz -> ")
_ADDED = re.compile(r"\[SWR @ [^]]*\] adding (\d+) audio samples of silence")
_DROPPED = re.compile(r"\[SWR @ [^]]*\] discarding (\d+) audio samples")
_BROKEN = re.compile(
    r"Error while decoding stream #0:|Error submitting packet to decoder|"
    r"Invalid data found when processing input|CRC mismatch!|Packet corrupt|"
    r"File ended prematurely|invalid as first byte of an EBML number|partial file"
)
_MISSING_TRACK = re.compile(r"Stream map '[^']*' matches no streams")
_GAP_MS = 1_000
# A shorter jump between timestamps is how some programs record silence.
_COMPLAINT_MS = 500
# How much sound one complaint is taken to spoil.
_BRIDGE_MS = 1_000
_MOST_SPANS = 1_000


class Complaints:
    """Collects damage while a decoder runs, in bounded memory."""

    def __init__(self) -> None:
        self.no_such_track = False
        self._rate = 0
        self._gap_start_ms: int | None = None
        self._gap_samples = 0
        self._spans: tuple[Span, ...] = ()

    @property
    def damage(self) -> tuple[Span, ...]:
        """Return the damaged stretches noted so far, in order."""
        return union([*self._spans, *self._gap()])

    def note(self, line: str, *, position_ms: int) -> None:
        """Take one line that came when *position_ms* of sound had been read."""
        if found := _ADDED.search(line):
            self._lengthen_gap(int(found[1]), position_ms)
        elif _BROKEN.search(line) or _DROPPED.search(line):
            self._add(Span(position_ms, position_ms + _COMPLAINT_MS))
        elif found := _RATE.search(line):
            self._rate = int(found[1])
        elif _MISSING_TRACK.search(line):
            self.no_such_track = True

    def _lengthen_gap(self, samples: int, position_ms: int) -> None:
        """Add to a gap; a long one is reported in many pieces."""
        gap = self._gap()
        if self._gap_start_ms is None or position_ms > self._gap_start_ms + self._gap_ms + _GAP_MS:
            for span in gap:
                self._add(span)
            self._gap_start_ms, self._gap_samples = position_ms, 0
        self._gap_samples += samples

    @property
    def _gap_ms(self) -> int:
        return self._gap_samples * 1000 // self._rate if self._rate else 0

    def _gap(self) -> list[Span]:
        if self._gap_start_ms is None or self._gap_ms < _GAP_MS:
            return []
        return [Span(self._gap_start_ms, self._gap_start_ms + self._gap_ms)]

    def _add(self, span: Span) -> None:
        if len(self._spans) < _MOST_SPANS:
            self._spans = union([*self._spans, span], bridge_ms=_BRIDGE_MS)
