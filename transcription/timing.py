"""Times for words from an engine that gives none: spread over the speech that was heard. Pure."""

from collections.abc import Sequence

from hearings.spans import Span, total_ms, union
from transcription.words import Timing, Word


def spread(text: str, speech: Sequence[Span], duration_ms: int) -> tuple[Word, ...]:
    """Return the words of *text*, each as long as its share of letters, over *speech*.

    *speech* counts from the slice's start; where it is empty the whole slice takes its place. The
    times are estimates and say so.
    """
    spoken = union(speech) or (Span(0, max(duration_ms, 1)),)
    tokens = text.split()
    letters = sum(len(token) + 1 for token in tokens)
    words: list[Word] = []
    said = 0
    for token in tokens:
        start = _moment(spoken, said / letters)
        said += len(token) + 1
        end = max(_moment(spoken, said / letters), start + 1)
        words.append(Word(start, end, token, timing=Timing.ESTIMATED))
    return tuple(words)


def _moment(spoken: Sequence[Span], share: float) -> int:
    """Return when *share* (0 to 1) of the speech has been spoken."""
    left = round(total_ms(spoken) * share)
    for span in spoken:
        if left <= span.duration_ms:
            return span.start_ms + left
        left -= span.duration_ms
    return spoken[-1].end_ms
