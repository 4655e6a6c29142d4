"""The numbers that steer a run, grouped; settings.py builds each once and passes it in."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ChunkingPolicy:
    """Where a recording may be cut."""

    target_ms: int = 120_000
    # The length of a chunk for an engine that decodes in windows.
    least_request_ms: int = 60_000
    # A hosted engine gets no shorter chunks for the sake of doing more at once.
    most_request_ms: int = 300_000
    # A hosted engine gets no longer chunks, whatever it could take.
    window_ms: int = 29_500
    # Most audio in one decoding window of an engine that decodes in windows (Whisper: 30 s).
    pause_ms: int = 160
    # The shortest stretch without speech that counts as a pause.
    silence_ms: int = 8_000
    # A window never spans a longer stretch without speech.
    request_silence_ms: int = 20_000
    # Nor does a request to a hosted engine.
    margin_ms: int = 400
    # What is kept on both sides of speech next to a silence that is not sent.
    overlap_ms: int = 4_000
    # What two neighbours share where people talk without a pause.


@dataclass(frozen=True, slots=True)
class LeasePolicy:
    """How long a holder may be silent before others take over."""

    lease_seconds: float = 30.0
    # A claim or slot whose holder has not renewed it for so long is free again.
    renew_seconds: float = 8.0
    # How often a living holder renews.
    poll_seconds: float = 0.02
    # How often who waits for a slot looks again.
    beat_seconds: float = 2.0
    # How often a worker cluster says that it lives and sweeps for due work.
    alive_seconds: float = 15.0
    # A cluster that said nothing for so long counts as gone.
    job_seconds: float = 300.0
    # After so long a job takes no further chunk and hands over to a new job.


@dataclass(frozen=True, slots=True)
class RatePolicy:
    """How many requests may be under way, and how fast they may follow each other."""

    max_concurrent_chunks: int = 3
    # Requests to a hosted engine at once, over all processes of all hosts. A seed: the row counts.
    capacity: int = 20
    # Requests that may leave at once after a quiet time. A seed.
    per_minute: int = 20
    # Requests that may follow, evenly. A seed.
    longest_wait_seconds: float = 5.0
    # A worker waits no longer with a slot in its hands; it gives the slot back instead.
    least_pace: float = 0.05
    # The share of `per_minute` that refusals can slow everyone down to.
    pace_step: float = 0.1
    # The share that comes back at a time …
    pace_step_seconds: float = 20.0
    # … when so long nobody was refused.
    failing_share: float = 0.5
    # Of the requests of the last ten minutes; when more of them fail, nobody calls for a while.
    failing_window_seconds: float = 600.0
    failing_least: int = 20
    # Requests in that time before the share means anything.
    cool_down_seconds: float = 30.0
    # How long nobody calls then; it doubles each time that the one probe after it fails.
    longest_cool_down_seconds: float = 600.0
    probe_seconds: float = 330.0
    # The time of that probe, all that its call may take and a margin; then another may go.
    embedded_per_host: int = 1
    # Processes of one host that may run the embedded engine at once.


@dataclass(frozen=True, slots=True)
class MemoryPolicy:
    """How much memory the workers of one host may use together."""

    limit_bytes: int | None = None
    # None: what the machine or its container has.
    chunk_bytes: int = 64 * 1024 * 1024
    # What a chunk under way is counted with at least: it may not have grown to it yet.
    share: float = 0.85
    # Of the limit, and of the machine's memory: what is in use beyond it is pressure.
    window_seconds: float = 30.0
    # How far back growth is looked at …
    ahead_seconds: float = 10.0
    # … and how far ahead it is reckoned with.


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and when a chunk is tried again."""

    max_tries: int = 10
    # Requests whose failure is the chunk's own; then it is given up.
    max_losses: int = 10
    # Workers that died on it, or failed on it unforeseen; then it is given up.
    max_ambiguous: int = 2
    # Calls that failed and may have been billed all the same; one more, and a person decides.
    max_reshaped: int = 1
    # Times that audio which was not taken is sent otherwise: as another format, or halved.
    base_seconds: float = 5.0
    # The wait before the second try; it doubles with each further one.
    busy_seconds: float = 20.0
    # The wait after a refusal for haste that names no time.
    max_seconds: float = 300.0
    # No wait of our own is longer.
    longest_wait_seconds: float = 900.0
    # When a server asks for more, the run pauses instead, and a person sees until when.


@dataclass(frozen=True, slots=True)
class ReadinessPolicy:
    """What a host must have before a run starts; with less than the least of it none does."""

    hosted_memory_bytes: int = 512 * 1024**2
    hosted_least_memory_bytes: int = 96 * 1024**2
    # Free, for a run whose sound is sent away.
    embedded_memory_bytes: int = 1024 * 1024**2
    embedded_least_memory_bytes: int = 256 * 1024**2
    # Free, for one that loads a model here.
    disk_margin: float = 2.2
    # Times what the hearing itself needs.
    spare_disk_bytes: int = 512 * 1024**2
    least_disk_bytes: int = 16 * 1024**2
    # Free on top of that.
    most_load_per_core: float = 2.0
    # Processes that want to work.
    least_ffmpeg: tuple[int, int] = (4, 3)
    # Major and minor version.
    silent_workers_seconds: float = 960.0
    # Longer than any job lasts.
    look_seconds: float = 5.0
    # A server has so long to tell of a model.
    remembered_seconds: int = 30
    # Nobody asks it again so soon.


@dataclass(frozen=True, slots=True)
class BudgetPolicy:
    """What may be spent on hosted engines, in dollars; None: no limit of ours."""

    usd_per_hearing: Decimal | None = None
    usd_per_month: Decimal | None = None

    @property
    def is_set(self) -> bool:
        return self.usd_per_hearing is not None or self.usd_per_month is not None
