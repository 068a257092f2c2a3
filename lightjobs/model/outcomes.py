"""The outcome of a run, and what became of it."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from .words import Status


class Done(NamedTuple):
    """The run succeeded: the job is deleted, or kept as completed."""

    id: str
    fence: int
    entry: str | None = None
    """The entry of the schedule the job was for: the store notes that its last job completed."""
    result: str | None = None
    """What is kept of the run if the job is kept; see `run_notes`."""
    keep: float | None = None
    """For how many seconds the job is kept at least, because its class keeps results; None: for as
    long as the retention says."""
    next: str | None = None
    """What is pushed in the step that accepts this outcome: steps as text, see `batches`."""
    batch: str | None = None
    """The id of the batch that the job is part of."""


PLAIN = (None, None, None, None, None)
"""What follows the id and fence of a Done that says nothing more. `outcome[2:] == PLAIN` is quick,
which counts: nearly all outcomes are such."""


class Release(NamedTuple):
    """Run it again at `due` (unix seconds); `attempts` is the count to store."""

    id: str
    fence: int
    due: float
    attempts: int
    exception: str | None = None
    """The text kept with it until its next outcome; None if the run did not fail."""
    error: str | None = None
    """The line that is added to the job's errors; see `attempt_errors`."""


class Failed(NamedTuple):
    """It failed for good; `exception` is the text kept with it."""

    id: str
    fence: int
    exception: str
    error: str | None = None
    """The line that is added to the job's errors."""


class HandBack(NamedTuple):
    """Claimed but not run (or not to its end, at a forced stop): as if never claimed."""

    id: str
    fence: int


class Expired(NamedTuple):
    """Claimed but not run, because it was not started in time: it ends as cancelled. The claim is
    no attempt."""

    id: str
    fence: int
    exception: str
    """The text kept with it."""


Outcome = Done | Release | Failed | HandBack | Expired

OUTCOMES: dict[str, type[Outcome]] = {
    "done": Done,
    "release": Release,
    "failed": Failed,
    "hand back": HandBack,
    "expired": Expired,
}
"""The outcomes by the word that stands for them in a script, a journal or a child's order."""

KINDS: dict[type[Outcome], str] = {outcome: kind for kind, outcome in OUTCOMES.items()}
"""The other way round."""

SETTLED_AS: dict[type[Outcome], Status] = {
    Done: Status.COMPLETED,
    Release: Status.NEW,
    Failed: Status.FAILED,
    HandBack: Status.NEW,
    Expired: Status.CANCELLED,
}
"""The status of a job whose outcome was accepted, if the job is still there."""


class Settlement(Enum):
    """What became of an outcome that a worker settled."""

    ACCEPTED = "accepted"
    """The store has it."""
    CANCELLED = "cancelled"
    """It was refused: the job had been cancelled while it ran."""
    LOST = "lost"
    """It was refused: the job had been given to another worker, or removed."""


class Retention(NamedTuple):
    """How many seconds a job stays after it has ended, by outcome: 0 drops it, None keeps it."""

    completed: float | None = 0.0
    failed: float | None = None
    cancelled: float | None = 0.0

    def own(self, keep: float | None) -> float | None:
        """For how many seconds a completed job is kept on its own account, if its outcome says
        `keep`; None: for as long as `completed` says, which is no shorter."""
        is_longer = keep is not None and self.completed is not None and keep > self.completed
        return keep if is_longer else None


DEFAULT_RETENTION = Retention()
