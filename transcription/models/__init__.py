"""What we made from a hearing: runs, their chunks and attempts, the transcript, and who holds what.

::

    Chunk  WAITING ─claim→ RUNNING ─finish→ DONE
              ▲               ├─ fail, tries left → WAITING with not_before
              └ lease over ───┘  otherwise → FAILED | NEEDS_PERSON
           WAITING also while its words are known and their times are not (`is_heard`)
           WAITING | RUNNING → CANCELLED          any → SUPERSEDED (children point to it)
           DONE → SUPERSEDED, FAILED → DONE (a person retries; the earlier words count again)

    Run    PREPARING → TRANSCRIBING → ALIGNING → MERGING → COMPLETE | INCOMPLETE
           ALIGNING → TRANSCRIBING (a text that its sound contradicts is asked for again)
           PAUSED ⇄ where it was        INCOMPLETE → TRANSCRIBING (a person retries)
           any → FAILED | CANCELLED     a retried one that is cancelled → MERGING, with what it has

The rows are the truth; a queued job is a nudge to look at them.
"""

from transcription.models.accepted import AcceptedFinding
from transcription.models.chunks import Attempt, Chunk
from transcription.models.holding import Slot, WorkerCluster
from transcription.models.past_calls import PastCall
from transcription.models.rates import RateLimit, ServerModel
from transcription.models.runs import Appetite, Run
from transcription.models.segments import Segment
from transcription.models.states import ChunkStatus, RunStatus

__all__ = [
    "AcceptedFinding",
    "Appetite",
    "Attempt",
    "Chunk",
    "ChunkStatus",
    "PastCall",
    "RateLimit",
    "Run",
    "RunStatus",
    "Segment",
    "ServerModel",
    "Slot",
    "WorkerCluster",
]
