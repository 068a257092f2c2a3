"""Batches: jobs that are counted together, and what is pushed when they have ended."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from ..model import NewBatch, NewJob, StoredBatch

BATCHES_KEPT_SECONDS = 7 * 86_400
"""How long a batch is known after it has ended."""


class BatchStore(ABC):
    """The part of a store for batches, reached as `engine.batches`.

    What a batch counts follows from its jobs. In the step that stores what became of one of them
    (an outcome, a recovery, a move, a purge) the callbacks that are due then are pushed, see
    `model.callbacks_due`; and if the batch has ended and is part of another one, those of that one.
    A store in which two such steps may not see each other may push them in a step of its own right
    after that; if the process dies in between, `advance` does.
    """

    @abstractmethod
    def push(self, batch: NewBatch, jobs: Sequence[NewJob]) -> list[str]:
        """Store `batch` and its jobs, all or none, and return their ids in order. Without any jobs
        it ends at once. A batch that is stored already is left as it is, and its jobs are not
        stored again: the answer is []."""

    @abstractmethod
    def add(self, batch_id: str, jobs: Sequence[NewJob]) -> list[str]:
        """Add jobs to a batch that has not ended, all or none, and return their ids. Raises
        BatchEnded if it has ended, was cancelled, or is not known."""

    @abstractmethod
    def find(self, batch_id: str) -> StoredBatch | None:
        """The batch with its counts; None if it is not known."""

    @abstractmethod
    def browse(self, limit: int = 50, after: StoredBatch | None = None) -> list[StoredBatch]:
        """Up to `limit` batches, the latest first; with `after`, only those behind it."""

    @abstractmethod
    def inner(self, batch_id: str) -> list[str]:
        """The ids of the batches that are part of that one."""

    @abstractmethod
    def note_cancelled(self, batch_id: str) -> bool:
        """Note that the batch was cancelled as a whole, so that nothing is added to it any more.
        Returns False if it has ended, was cancelled before, or is not known. The caller cancels its
        jobs."""

    @abstractmethod
    def advance(self) -> int:
        """Push the callbacks that are due and have not been pushed, which can only be left over by
        a crash, and return their number. Called every few seconds."""

    @abstractmethod
    def forget(self, seconds: float = BATCHES_KEPT_SECONDS) -> int:
        """Delete the batches that ended more than `seconds` ago, in bounded parts, and return their
        number. Jobs of theirs that are kept stay."""
