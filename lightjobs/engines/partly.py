"""The answers of a store that is away in part."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..errors import StoreUnavailable
from ..model import Claim, Settlement
from .store import JobStore


class PartlySettled(StoreUnavailable):
    """A part of the store is away, so some outcomes have not been settled, and the others have.
    Those are to be settled later; meanwhile the rest of the store can be worked with."""

    def __init__(self, error: StoreUnavailable, answers: Sequence[Settlement | None]) -> None:
        super().__init__(str(error))
        self.answers = answers
        """What became of each outcome; None for one that is not settled."""


class PartlyHeld(StoreUnavailable):
    """A part of the store is away, so it is not known of all jobs whether a worker holds them."""

    def __init__(
        self, error: StoreUnavailable, claims: Sequence[Claim], is_known: Callable[[str], bool]
    ) -> None:
        super().__init__(str(error))
        self.claims = list(claims)
        """What the rest of the store says that the worker holds."""
        self.is_known = is_known
        """Whether the job with this id would be among them if the worker held it."""


def held_there(engine: JobStore, worker: str) -> list[Claim]:
    """What `engine.held(worker)` returns, as far as the store is there. Raises StoreUnavailable if
    all of it is away."""
    try:
        return engine.held(worker)
    except PartlyHeld as part:
        return part.claims
