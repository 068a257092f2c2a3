"""The order in which a claim asks the queues of a worker for jobs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..model import Claim

ORDERS = ("strict", "rotate")
"""What --queue-order may be."""


class QueueOrder:
    """The order of `queues` for the next claim. With "strict" it is always the one given. With
    "rotate" the queues take turns: those that have just brought jobs come last, so that a claim
    begins with the queue that has waited longest for its turn."""

    def __init__(self, queues: Sequence[str], order: str = "strict") -> None:
        self._rotates = order == "rotate" and len(queues) > 1
        self.queues = tuple(queues)

    def note(self, claims: Iterable[Claim]) -> None:
        """Note what the last claim has brought."""
        if self._rotates:
            served = dict.fromkeys(claim.queue for claim in claims)
            self.queues = (*(each for each in self.queues if each not in served), *served)
