"""Times that a server gave, put right: inside the audio, in order, apart. Pure.

Each kind of repair is named once, by a sentence for a person. No text is dropped, but for what
came twice with the same times.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from hearings.spans import Span

SLACK_MS = 100
# Rounding; more is a fault worth naming.

DOUBLED = "Parts of the answer came twice, with the same times; one of each was kept."
PAST_END = "The answer gave times past the end of the audio; they were moved to its end."
BEFORE_START = "The answer gave times before the audio begins; they were moved to its start."
BACKWARDS = "The answer gave ends that lie before their starts; they were exchanged."
SHUFFLED = "The answer's parts were not in order; they were put in the order of their times."
OVERLAPPED = "Parts of the answer overlapped in time; each overlap was divided in its middle."
UNTIMED = "Some parts of the answer had no usable times; theirs are estimated."


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment or a word, as a server gave it."""

    text: str
    start_ms: float | None
    # From the slice's start; None where it is no number.
    end_ms: float | None
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A segment or a word at its place, which lies inside the audio and overlaps no other."""

    text: str
    span: Span
    speaker: str | None = None
    is_guess: bool = False
    # The place is an estimate.


@dataclass(slots=True)
class _Slot:
    piece: Piece
    start: int = 0
    end: int = 0
    # Not before the start.
    is_known: bool = False
    # The server gave usable times.


def settled(pieces: Sequence[Piece], duration_ms: int) -> tuple[list[Placed], set[str]]:
    """Return *pieces* at places in ``[0, duration_ms)``, and the sentences on what was wrong.

    Where there are more pieces than milliseconds the last ones share a place.
    """
    single = list(_single(pieces))
    flags = {DOUBLED} if len(single) < len(pieces) else set()
    flags |= {flag for piece in single for flag in _faults(piece, duration_ms)}
    slots = [_slot(piece, duration_ms) for piece in single]
    ordered = _in_order(slots)
    if any(a is not b for a, b in zip(slots, ordered, strict=True)):
        flags.add(SHUFFLED)
    if not all(slot.is_known for slot in slots):
        flags.add(UNTIMED)
    _guess(ordered, duration_ms)
    if _set_apart(ordered):
        flags.add(OVERLAPPED)
    return list(_placed(ordered, duration_ms)), flags


def _single(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Yield each piece once; what takes no time may be said twice in it."""
    seen: set[Piece] = set()
    for piece in pieces:
        if piece in seen and piece.start_ms is not None and piece.start_ms != piece.end_ms:
            continue
        seen.add(piece)
        yield piece


def _faults(piece: Piece, duration_ms: int) -> Iterator[str]:
    start, end = piece.start_ms, piece.end_ms
    if start is None or end is None:
        return
    if end < start:
        yield BACKWARDS
    if min(start, end) < -SLACK_MS:
        yield BEFORE_START
    if max(start, end) > duration_ms + SLACK_MS:
        yield PAST_END


def _slot(piece: Piece, duration_ms: int) -> _Slot:
    if piece.start_ms is None or piece.end_ms is None:
        return _Slot(piece)
    start, end = sorted((piece.start_ms, piece.end_ms))
    if start >= duration_ms + SLACK_MS or end < 0:
        return _Slot(piece)
    first = round(min(max(start, 0), duration_ms - 1))
    return _Slot(piece, first, max(first, round(min(end, duration_ms))), is_known=True)


def _in_order(slots: Sequence[_Slot]) -> list[_Slot]:
    """Return *slots* by their starts; one without times stays behind its neighbour."""
    keys: list[int] = []
    for slot in slots:
        keys.append(slot.start if slot.is_known or not keys else keys[-1])
    return [slots[at] for at in sorted(range(len(slots)), key=keys.__getitem__)]


def _guess(slots: Sequence[_Slot], duration_ms: int) -> None:
    """Give those without times what lies between their neighbours, by their letters."""
    at = 0
    for is_known, group in groupby(slots, key=lambda slot: slot.is_known):
        run = list(group)
        before = slots[at - 1] if at else None
        at += len(run)
        if is_known:
            continue
        end = slots[at].start if at < len(slots) else duration_ms
        if before and before.end >= end:  # no room: they share what the one before them has
            _share([before, *run], before.start, max(end, before.start))
        else:
            _share(run, before.end if before else 0, end)


def _share(slots: Sequence[_Slot], start: int, end: int) -> None:
    letters = sum(len(slot.piece.text) + 1 for slot in slots)
    said = 0
    for slot in slots:
        slot.start = start + (end - start) * said // letters
        said += len(slot.piece.text) + 1
        slot.end = start + (end - start) * said // letters


def _set_apart(slots: Sequence[_Slot]) -> bool:
    """Divide what two neighbours share. Returns whether it was more than rounding."""
    is_notable = False
    for left, right in pairwise(slots):
        shared_end = min(left.end, right.end)
        if right.start >= left.end:
            continue
        is_notable |= shared_end - right.start > SLACK_MS
        left.end = right.start = (right.start + max(shared_end, right.start)) // 2
        right.end = max(right.end, right.start)
    return is_notable


def _placed(slots: Sequence[_Slot], duration_ms: int) -> Iterator[Placed]:
    """Yield places that last at least a millisecond, one after the other."""
    position = 0
    for slot in slots:
        start = min(max(slot.start, position), duration_ms - 1)
        end = min(max(slot.end, start + 1), duration_ms)
        position = end
        yield Placed(slot.piece.text, Span(start, end), slot.piece.speaker, not slot.is_known)
