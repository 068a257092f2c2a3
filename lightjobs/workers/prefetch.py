"""Prefetch: how many jobs to claim ahead. As many as will start within a few milliseconds."""

from __future__ import annotations

import math

AHEAD_SECONDS = 0.005
"""The jobs that are claimed ahead should start within this time. It is long enough to spread the
cost of a round trip, and short enough that no job waits noticeably behind another."""

MOST = 500
"""The largest claim. Beyond it, a larger transaction gains nothing."""

ANSWER_SECONDS = 0.001
"""How long a store near by takes to answer at most, as a rule."""

SERVER_SECONDS = 0.00001
"""How much longer it takes for each job that it settles and each that it claims."""

_WEIGHT = 0.2
"""The weight of the latest batch against the batches before it."""


class Prefetch:
    """Learns from the jobs that have run how many to claim ahead. It begins with none, and at most
    doubles from one batch to the next."""

    def __init__(self, places: int = 1) -> None:
        """`places` is how many jobs run at a time."""
        self._places = places
        self._ahead = 0
        self._mean: float | None = None

    def wanted(self, free: int, waiting: int) -> int:
        """How many jobs to claim now: one for each `free` place, and those that will start within
        AHEAD_SECONDS after that, less those that are `waiting`."""
        return min(free + self._ahead - waiting, MOST)

    def reserve(self) -> int:
        """How many jobs should still wait for a single place when it claims while it runs them, so
        that the answer is there before it runs out of work. Half at most: then one half runs while
        the other is claimed."""
        most = self._ahead + 1
        seconds = ANSWER_SECONDS + most * SERVER_SECONDS
        enough = math.ceil(seconds / ((self._mean or 0.0) + SERVER_SECONDS))
        return min((most + 1) // 2, enough)

    def low_water(self) -> int:
        """The number of waiting jobs at which it is time to claim. A single place waits for the
        claim in any case: the less often, the better. Several places work on during a claim, so
        it must begin before nothing waits for them."""
        return self._ahead // 2 if self._places > 1 else 0

    def learn(self, jobs: int, seconds: float) -> None:
        """Take into account that `jobs` have occupied their places for `seconds` in all."""
        mean = seconds / jobs
        if self._mean is None or mean > self._mean:
            self._mean = mean  # jobs have become longer: believe it at once
        else:
            self._mean += (mean - self._mean) * _WEIGHT
        starting = int(self._places * AHEAD_SECONDS / max(self._mean, 1e-9))
        self._ahead = min(starting, max(1, self._ahead * 2), MOST)

    def restart(self) -> None:
        """Claim nothing ahead next, and grow again from there."""
        self._ahead = 0
