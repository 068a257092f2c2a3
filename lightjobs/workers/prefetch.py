"""Prefetch: how many jobs to claim at once. As many as are worth a few milliseconds of work."""

from __future__ import annotations

BATCH_SECONDS = 0.005
"""The work that one claim should bring. Long enough to spread the cost of a round trip; short
enough that no job waits noticeably behind another."""

MOST = 500
"""The largest claim. Beyond it, a larger transaction gains nothing."""

_WEIGHT = 0.2
"""The weight of the latest batch against the batches before it."""


class Prefetch:
    """Learns from the jobs that have run how many to claim. It starts with one, and at most doubles
    from one batch to the next."""

    def __init__(self) -> None:
        self._limit = 1
        self._mean: float | None = None

    def limit(self) -> int:
        """How many jobs to claim now."""
        return self._limit

    def learn(self, jobs: int, seconds: float) -> None:
        """Take into account that a batch of `jobs` took `seconds` in all."""
        mean = seconds / jobs
        if self._mean is None or mean > self._mean:
            self._mean = mean  # jobs have become longer: believe it at once
        else:
            self._mean += (mean - self._mean) * _WEIGHT
        worth = int(BATCH_SECONDS / max(self._mean, 1e-9))
        self._limit = max(1, min(worth, self._limit * 2, MOST))

    def restart(self) -> None:
        """Claim a single job next, and grow again from there."""
        self._limit = 1
