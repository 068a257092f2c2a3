"""How many jobs to claim at once: as many as are worth a few milliseconds of work."""

from __future__ import annotations

BATCH_SECONDS = 0.005
"""The work one claim should bring. Long enough to spread the cost of a round trip, short enough
that nobody waits noticeably behind another job."""

MOST = 500
"""The largest claim; beyond, a transaction gains nothing any more."""

_WEIGHT = 0.2
"""How much the latest batch counts against those before it."""


class Prefetch:
    """Learns from the jobs that have run how many to claim; starts with one, doubles at most."""

    def __init__(self) -> None:
        self._limit = 1
        self._mean: float | None = None

    def limit(self) -> int:
        """How many jobs to claim now."""
        return self._limit

    def learn(self, jobs: int, seconds: float) -> None:
        """`jobs` have taken `seconds` of running in all."""
        mean = seconds / jobs
        if self._mean is None or mean > self._mean:
            self._mean = mean  # a job turned long: believe it at once
        else:
            self._mean += (mean - self._mean) * _WEIGHT
        worth = int(BATCH_SECONDS / max(self._mean, 1e-9))
        self._limit = max(1, min(worth, self._limit * 2, MOST))

    def careful(self) -> None:
        """Claim one at a time, then grow again."""
        self._limit = 1
