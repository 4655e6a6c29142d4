"""The parts of a run as staff read them: each chunk with what became of it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from transcription.models import Chunk, ChunkStatus, Run


@dataclass(frozen=True, slots=True)
class RunPart:
    """A chunk, and where it stands among the others that it was cut from or into."""

    chunk: Chunk
    instead_of: int | None
    # The number of the part that it was cut from.
    replaced_by: tuple[int, ...]
    # The numbers of those that it was cut into.

    @property
    def number(self) -> int:
        """Return its number from 1, as speakers are named by."""
        return number_of(self.chunk)

    @property
    def is_history(self) -> bool:
        return self.chunk.status == ChunkStatus.SUPERSEDED

    @property
    def events(self) -> list[str]:
        """Return what it went through, as short phrases."""
        return list(_events(self.chunk))


def number_of(chunk: Chunk) -> int:
    return chunk.index + 1


def parts_of(run: Run) -> list[RunPart]:
    """Return all parts, one cut anew before those it was cut into. Two queries.

    What was heard is not read.
    """
    ordered = run.chunks.defer("result", "windows").order_by("start_ms", "generation")
    chunks = list(ordered.prefetch_related("attempts"))
    numbers = {chunk.pk: number_of(chunk) for chunk in chunks}
    cut_into: dict[int, list[int]] = defaultdict(list)
    for chunk in chunks:
        if chunk.parent_id is not None:
            cut_into[chunk.parent_id].append(number_of(chunk))
    return [
        RunPart(chunk, numbers.get(chunk.parent_id or 0), tuple(cut_into.get(chunk.pk, ())))
        for chunk in chunks
    ]


def _events(chunk: Chunk) -> Iterator[str]:
    counts = (
        (chunk.tries, "failed {}"),
        (chunk.ambiguous, "failed {} and may have been billed"),
        (chunk.reshaped, "sent in another form {}"),
        (chunk.rejected, "asked again {} because an answer did not fit its sound"),
        (chunk.losses, "its worker died or broke off {}"),
        (chunk.reruns, "retried by a person {}"),
    )
    for count, phrase in counts:
        if count:
            yield phrase.format("once" if count == 1 else f"{count} times")
