"""The metrics in Prometheus's text format. Gauges all: rows go with their hearing."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from transcription.filling import Filling
from transcription.health import Report, State
from transcription.metrics import Metrics

PREFIX = "senate_audio_"


def exposition(metrics: Metrics, filling: Filling, report: Report) -> bytes:
    """Return what a Prometheus server reads."""
    registry = CollectorRegistry()
    registry.register(_Counted([*_of_work(metrics), *_of_limits(filling), _of_health(report)]))
    return generate_latest(registry)


class _Counted(Collector):
    """What was counted already, in Prometheus's form."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


def _of_work(metrics: Metrics) -> Iterator[Metric]:
    runs, calls = metrics.runs, metrics.calls
    outcomes = {
        "complete": runs.successful,
        "incomplete": runs.with_gaps,
        "failed": runs.failed,
        "cancelled": runs.cancelled,
        "under_way": runs.under_way,
    }
    yield _labelled("transcriptions", "Transcriptions, by how they ended.", "outcome", outcomes)
    yield _gauge(
        "transcriptions_parallel", "Transcribed in chunks at once, with text.", runs.parallel
    )
    yield _gauge(
        "processing_seconds", "From first claim to end, over all ended.", runs.processing_seconds
    )
    yield _gauge("processing_seconds_average", "The same for one.", runs.average_seconds)
    yield _gauge("validation_failures", "Recordings refused.", metrics.validation_failures)
    yield _gauge("recordings_checked", "Recordings judged.", metrics.checked)
    yield _gauge("chunks_processed", "Chunks that have their words.", metrics.chunks_processed)
    yield _gauge("success_ratio", "Complete ones among those that ended.", runs.success_rate)
    yield _gauge(
        "validation_failure_ratio",
        "Refused ones among recordings judged.",
        metrics.validation_failure_rate,
    )
    yield _gauge("parallel_ratio", "Parallel ones among those with text.", runs.parallel_rate)
    ends = {
        "answered": calls.answered,
        "failed": calls.failed,
        "lost": calls.lost,
        "under_way": calls.under_way,
        "reused": calls.reused,
    }
    yield _labelled("calls", "Calls of hosted engines, by how they ended.", "outcome", ends)
    yield _gauge("calls_maybe_billed", "Failed, and may be charged for.", calls.may_be_billed)
    yield _gauge("cost_usd", "Known cost of all calls.", float(calls.cost_usd))


def _of_limits(filling: Filling) -> Iterator[Metric]:
    yield _gauge("limit_tokens", "Requests that may leave at once.", filling.tokens)
    yield _gauge("limit_capacity", "The most that may.", filling.burst)
    yield _gauge("limit_under_way", "Requests under way.", filling.under_way)
    yield _gauge("limit_closed", "1 while nothing is sent.", int(bool(filling.closed_until)))


def _of_health(report: Report) -> Metric:
    healthy = {result.code: int(result.state != State.FAILED) for result in report.results}
    return _labelled("component_healthy", "0 where it has failed.", "component", healthy)


def _gauge(name: str, told: str, value: float | None) -> Metric:
    """Return one number; what is not known has no sample."""
    family = GaugeMetricFamily(PREFIX + name, told)
    if value is not None:
        family.add_metric([], value)
    return family


def _labelled(name: str, told: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, told, labels=[label])
    for of, value in values.items():
        family.add_metric([of], value)
    return family
