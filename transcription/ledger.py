"""What became of a recording's seconds, in words for a reader. Pure."""

from itertools import accumulate, pairwise

from hearings.times import clock
from transcription.coverage import Coverage


def in_words(coverage: Coverage) -> str:
    """Return the account of every second; its parts add up to the length as it is shown."""
    amounts = (coverage.transcribed_ms, coverage.silence_ms, coverage.missing_ms)
    transcribed, silence, missing, not_asked = _shown(*amounts, coverage.not_asked_ms)
    parts = [f"{transcribed} transcribed", f"{silence} without speech"]
    parts.append(f"{missing} missing" if coverage.missing else "nothing missing")
    if coverage.not_asked:
        parts.append(f"{not_asked} not asked for")
    if coverage.unaccounted_ms:
        told = f"{abs(coverage.unaccounted_ms) / 1000:.1f} s are not accounted for"
        return f"{', '.join(parts)}; {told}: that is a fault of this program."
    told = f"Every second accounted for: {', '.join(parts)}."
    if coverage.cut_off_ms:
        told += (
            f" The file breaks off {clock(coverage.cut_off_ms)} before the end that it promises."
        )
    return told


def _shown(*amounts_ms: int) -> list[str]:
    """Return lengths in whole seconds that add up to their sum in whole seconds."""
    edges = [edge_ms // 1000 for edge_ms in accumulate(amounts_ms, initial=0)]
    seconds = [end - start for start, end in pairwise(edges)]
    return [
        "less than a second" if ms and not whole else clock(whole * 1000)
        for ms, whole in zip(amounts_ms, seconds, strict=True)
    ]
