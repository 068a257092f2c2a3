"""Metrics for a program that keeps a registry of `prometheus_client` itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from .. import current
from ..extras import require
from ..middleware import Middleware
from ..model import NewJob
from ..workers import vitals
from .families import BOUND_NAMES, Distribution, Family, handler_label
from .runs import RunMetrics

if TYPE_CHECKING:
    from prometheus_client.core import Metric
    from prometheus_client.registry import Collector


def collector() -> Collector:
    """A collector with the metrics of the workers that run in this process, by
    `lightjobs.worker()`, for the program's own registry: `REGISTRY.register(collector())`. Without
    such workers it counts nothing. What it is asked it knows: it never asks the store.

    Raises MissingExtra if `prometheus_client` is not installed.
    """
    require("prometheus", "prometheus_client")
    from prometheus_client.registry import Collector

    class Workers(Collector):
        def __init__(self) -> None:
            self._metrics: RunMetrics | None = None

        def describe(self) -> list[Metric]:
            return []  # or it would be collected to learn its names

        def collect(self) -> Iterator[Metric]:
            if self._metrics is None:  # only now: a program is configured after its imports
                self._metrics = RunMetrics(current.settings().engine)
            yield from as_metrics(self._metrics.families(vitals.snapshot()))

    return Workers()


class Pushes(Middleware):
    """Counts the jobs that this program dispatches in the default registry of `prometheus_client`:
    `lightjobs_jobs_pushed_total`, by queue and handler. List it as middleware in `config/jobs.py`.
    It costs workers nothing.

    Raises MissingExtra if `prometheus_client` is not installed.
    """

    _counter: Any = None
    """Shared by all: a registry takes a name once."""

    def __init__(self) -> None:
        require("prometheus", "prometheus_client")
        from prometheus_client import Counter

        if Pushes._counter is None:
            Pushes._counter = Counter(
                "lightjobs_jobs_pushed", "Jobs dispatched by this program.", ["queue", "handler"]
            )

    def on_push(self, job_id: str, job: NewJob) -> None:
        self._counter.labels(job.queue, handler_label(job.handler)).inc()


def as_metrics(families: Iterable[Family]) -> Iterator[Metric]:
    """`families` as `prometheus_client` has them."""
    from prometheus_client.core import (
        CounterMetricFamily,
        GaugeMetricFamily,
        HistogramMetricFamily,
        Metric,
    )

    kinds: dict[str, Any] = {
        "counter": CounterMetricFamily,
        "gauge": GaugeMetricFamily,
        "histogram": HistogramMetricFamily,
    }
    for family in families:
        metric = kinds[family.kind](family.name, family.help, labels=family.labels)
        for labels, value in family.samples:
            if isinstance(value, Distribution):
                counts = map(float, accumulate(value.counts))
                metric.add_metric(
                    labels, list(zip(BOUND_NAMES, counts, strict=True)), value.seconds
                )
            else:
                metric.add_metric(labels, value)
        assert isinstance(metric, Metric)
        yield metric
