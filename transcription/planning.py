"""Where a recording is cut, decided from where people speak. Pure.

Each cut lies in the deepest pause near the wanted length; windows have rules of their own. Where
people talk without a pause, the neighbours share a few seconds, and merging finds the seam. A
silence is not sent: the chunk ends a little after the last word before it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from hearings.spans import Span, clip_all, gaps, total_ms, union
from transcription import windows
from transcription.engines.base import BYTES_PER_MS, WAV_HEADER_BYTES, Capabilities
from transcription.policies import ChunkingPolicy

REQUEST_OVERHEAD_BYTES = 64 * 1024
# What a request holds beside the audio: form fields and their frames.


@dataclass(frozen=True, slots=True)
class PlannedChunk:
    """A stretch for one request."""

    span: Span
    windows: tuple[Span, ...] = ()
    # What the engine decodes apart, for one that decodes in windows.


@dataclass(frozen=True, slots=True)
class Plan:
    """How a recording is transcribed."""

    chunks: tuple[PlannedChunk, ...]
    method: str
    # "single", "sequential" or "parallel".
    parallel: int
    # Most requests at once.


@dataclass(frozen=True, slots=True)
class Cutting:
    """How long the pieces are that a recording is cut into."""

    ideal_ms: int
    # The length aimed at.
    least_ms: int
    # No piece is cut shorter where a cut has a choice.
    most_ms: int
    # No piece is longer.


def plan(  # noqa: PLR0913 (what a person may ask for stands beside what is known)
    speech: Sequence[Span],
    duration_ms: int,
    capabilities: Capabilities,
    policy: ChunkingPolicy,
    *,
    slots: int,
    parallel: int | None = None,
    sequential: bool = False,
    chunk_ms: int | None = None,
    within: Span | None = None,
) -> Plan:
    """Return the chunks for a recording of *duration_ms* in which people speak at *speech*.

    *slots* is what the engine may do at once, *parallel* what a person asked for, *chunk_ms* the
    length that a person asked for. Of nothing outside *within* is anything planned.
    """
    within = within or Span(0, max(duration_ms, 1))
    speech = clip_all(speech, within)
    at_once = 1 if sequential else max(1, min(parallel or slots, slots))
    target = _target_ms(total_ms(speech), capabilities, policy, at_once=at_once, wish_ms=chunk_ms)
    if capabilities.decodes_windows:
        chunks = _grouped(_windows(speech, within, policy, target), target)
    else:
        pieces = _requests(speech, within, policy, _cutting(target, capabilities))
        chunks = tuple(PlannedChunk(span) for span in pieces)
    return Plan(chunks, _method(len(chunks), at_once), at_once)


def halves(
    span: Span, speech: Sequence[Span], policy: ChunkingPolicy
) -> tuple[PlannedChunk, PlannedChunk]:
    """Return *span* in two, cut in the deepest pause near its middle, or with an overlap."""
    half = span.duration_ms // 2
    cutting = Cutting(half, half // 2, half * 3 // 2)
    pause = _deepest(_pauses(speech, span, policy), span.start_ms, half, cutting)
    if pause:
        first, second = pause.middle_ms, pause.middle_ms
    else:
        shared = min(policy.overlap_ms, half // 2)
        first, second = span.middle_ms + shared // 2, span.middle_ms - shared // 2
    return (
        PlannedChunk(Span(span.start_ms, first)),
        PlannedChunk(Span(second, span.end_ms)),
    )


def seams(pieces: Iterable[Span]) -> tuple[int, ...]:
    """Return where *pieces* touch, or the middle of what two share; a silence between is none."""
    return tuple(
        (left.end_ms + right.start_ms) // 2
        for left, right in pairwise(sorted(pieces))
        if right.start_ms <= left.end_ms
    )


def _windows(
    speech: Sequence[Span], within: Span, policy: ChunkingPolicy, target_ms: int
) -> list[Span]:
    """Return the windows, in order, that hold all of *speech*; none is silent."""
    most_ms = min(policy.window_ms, target_ms)
    shared_ms = min(policy.overlap_ms, most_ms // 4)
    return [
        window
        for stretch in _stretches(speech, within, policy, silence_ms=policy.silence_ms)
        for window in windows.cut(
            stretch, _pauses(speech, stretch, policy), most_ms=most_ms, shared_ms=shared_ms
        )
    ]


def _requests(
    speech: Sequence[Span], within: Span, policy: ChunkingPolicy, cutting: Cutting
) -> list[Span]:
    """Return the pieces, in order, that hold all of *speech*; few overlap, none is silent."""
    return [
        piece
        for stretch in _stretches(speech, within, policy, silence_ms=policy.request_silence_ms)
        for piece in _cut_stretch(stretch, _pauses(speech, stretch, policy), cutting, policy)
    ]


def _stretches(
    speech: Sequence[Span], within: Span, policy: ChunkingPolicy, *, silence_ms: int
) -> tuple[Span, ...]:
    """Return what silences of this length leave of *within*."""
    heard = union(speech, bridge_ms=silence_ms)
    return clip_all((_widened(each, policy.margin_ms) for each in heard), within)


def _pauses(speech: Sequence[Span], stretch: Span, policy: ChunkingPolicy) -> list[Span]:
    return [pause for pause in gaps(speech, stretch) if pause.duration_ms >= policy.pause_ms]


def _cut_stretch(
    stretch: Span, pauses: Sequence[Span], cutting: Cutting, policy: ChunkingPolicy
) -> list[Span]:
    pieces: list[Span] = []
    start = stretch.start_ms
    while stretch.end_ms - start > cutting.most_ms:
        ideal_ms = _even_length(stretch.end_ms - start, cutting)
        pause = _deepest(pauses, start, ideal_ms, cutting)
        end = pause.middle_ms if pause else start + cutting.most_ms
        pieces.append(Span(start, end))
        start = end if pause else end - min(policy.overlap_ms, cutting.most_ms // 4)
    pieces.append(Span(start, stretch.end_ms))
    return pieces


def _even_length(left_ms: int, cutting: Cutting) -> int:
    """Return the ideal length, adjusted so that the last piece is not a scrap."""
    pieces = max(round(left_ms / cutting.ideal_ms), ceil(left_ms / cutting.most_ms))
    return ceil(left_ms / pieces)


def _deepest(pauses: Sequence[Span], start_ms: int, ideal_ms: int, cutting: Cutting) -> Span | None:
    """Return the pause to cut in: long, and near the ideal length. None where there is none."""
    reach = range(start_ms + cutting.least_ms, start_ms + cutting.most_ms + 1)
    near = [pause for pause in pauses if pause.middle_ms in reach]

    def depth(pause: Span) -> float:
        away = abs(pause.middle_ms - start_ms - ideal_ms) / cutting.most_ms
        return min(pause.duration_ms, 1_000) * (1 - away)

    return max(near, key=depth, default=None)


def _grouped(windows: Sequence[Span], target_ms: int) -> tuple[PlannedChunk, ...]:
    """Return chunks of whole neighbouring windows, so that the cuts change no window's text."""
    chunks: list[PlannedChunk] = []
    group: list[Span] = []
    for window in windows:
        if group and window.end_ms - group[0].start_ms > target_ms:
            chunks.append(_chunk_of(group))
            group = []
        group.append(window)
    if group:
        chunks.append(_chunk_of(group))
    return tuple(chunks)


def _chunk_of(windows: Sequence[Span]) -> PlannedChunk:
    return PlannedChunk(Span(windows[0].start_ms, windows[-1].end_ms), tuple(windows))


def _target_ms(
    speech_ms: int,
    capabilities: Capabilities,
    policy: ChunkingPolicy,
    *,
    at_once: int,
    wish_ms: int | None,
) -> int:
    """Return the length to aim at: what was asked for, else even shares of useful size."""
    most = _most_ms(capabilities)
    if wish_ms:
        return min(wish_ms, most)
    if capabilities.decodes_windows:
        return min(policy.target_ms, most)
    share = ceil(speech_ms / at_once) if at_once > 1 else most
    return min(max(share, policy.least_request_ms), policy.most_request_ms, most)


def _most_ms(capabilities: Capabilities) -> int:
    """Return the longest audio that fits one request."""
    limits = [12 * 3_600_000]
    if capabilities.most_ms:
        limits.append(capabilities.most_ms)
    if capabilities.most_bytes:
        room = capabilities.most_bytes - WAV_HEADER_BYTES - REQUEST_OVERHEAD_BYTES
        limits.append(room // BYTES_PER_MS)
    return min(limits)


def _cutting(target_ms: int, capabilities: Capabilities) -> Cutting:
    return Cutting(
        ideal_ms=target_ms,
        least_ms=target_ms * 3 // 4,
        most_ms=min(target_ms * 5 // 4, _most_ms(capabilities)),
    )


def _method(chunks: int, at_once: int) -> str:
    if chunks <= 1:
        return "single"
    return "parallel" if at_once > 1 else "sequential"


def _widened(span: Span, margin_ms: int) -> Span:
    return Span(max(0, span.start_ms - margin_ms), span.end_ms + margin_ms)
