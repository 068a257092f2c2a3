"""What a store tells of its queues and workers, and the history it keeps of their runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from ..errors import LightjobsError
from ..notes.observed import SPANS, Rate, Sums, Worker, sums


class MonitoringStore(ABC):
    """The part of a store that is for people who watch it, reached as `engine.monitoring`."""

    @abstractmethod
    def workers(self) -> list[Worker]:
        """The registered workers, by name."""

    @abstractmethod
    def latency(self) -> dict[str, float]:
        """For each queue that has a due job, the seconds for which its oldest due job has been due,
        by the store's clock. Paused queues are among them, paused jobs are not."""

    @abstractmethod
    def note_rates(self, rates: Sequence[Rate]) -> None:
        """Add `rates` to what is noted for the same span, bucket, queue and handler, all in one
        step: counts are added, and of depths and latencies the highest stays."""

    @abstractmethod
    def rates(
        self,
        span: int,
        since: float,
        queue: str | None = None,
        handler: str | None = None,
        until: float | None = None,
    ) -> list[Rate]:
        """The rates of one span in the buckets that end after `since` and, if it is given, begin
        before `until` (unix seconds), ordered by bucket, queue and handler, of one queue or handler
        if it is given. Raises LightjobsError for a span that is not one of SPANS."""

    def sums(
        self,
        span: int,
        since: float,
        queue: str | None = None,
        handler: str | None = None,
        until: float | None = None,
    ) -> Sums:
        """What `rates` with these arguments come to. A store adds them up itself if it can: a month
        has tens of thousands. Raises LightjobsError likewise."""
        return sums(self.rates(span, since, queue, handler, until))

    @abstractmethod
    def begin_sample(self, bucket: int) -> bool:
        """Whether the caller is the first to ask for this bucket of a minute (unix seconds), and
        so the one process that samples the queues' depths and latencies in it."""


def ensure_span(span: int) -> None:
    """Raise LightjobsError if the history has no buckets of `span` seconds."""
    if span not in SPANS:
        allowed = ", ".join(map(str, SPANS))
        raise LightjobsError(f"the history has no buckets of {span} seconds; allowed: {allowed}")
