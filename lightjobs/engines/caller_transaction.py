"""What a store does in a transaction on a connection of the caller's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..model import NewBatch, NewJob

if TYPE_CHECKING:
    from .control import Engine


class CallerTransaction(ABC):
    """The transaction on a connection of the caller's. What is done here is part of it: others see
    the change once the transaction is committed, and a rollback undoes it."""

    @abstractmethod
    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        """Store `jobs`, all or none, and return their ids in order. If no transaction is open
        and the connection is in autocommit mode, they are stored at once. Unique jobs are treated
        as by `JobStore.push`."""

    @abstractmethod
    def push_batch(self, batch: NewBatch, jobs: Sequence[NewJob]) -> list[str]:
        """Store a batch and its jobs likewise, as `BatchStore.push` does."""

    @abstractmethod
    def complete(self, job_id: str, fence: int) -> None:
        """Settle a run as Done. Raises StaleClaim when the job has another fence or no longer has
        a worker; LightjobsError when no transaction is open."""

    @abstractmethod
    def abandon(self) -> bool:
        """Roll back the transaction of `complete` if it is still open (after StaleClaim, any
        transaction), and return whether there was one to roll back. For a run that has ended: no
        other connection can settle the job while that transaction is open."""


class AsyncCallerTransaction(ABC):
    """The transaction on a connection of the caller's that belongs to the running event loop."""

    @abstractmethod
    async def push(self, jobs: Sequence[NewJob]) -> list[str]:
        """As `CallerTransaction.push`, without blocking the event loop. Raises LightjobsError when
        the store does not keep its jobs where the connection leads."""

    @abstractmethod
    async def push_batch(self, batch: NewBatch, jobs: Sequence[NewJob]) -> list[str]:
        """As `CallerTransaction.push_batch`, likewise."""


class NoTransaction(CallerTransaction):
    """What an engine of one process makes of a caller's transaction: jobs are pushed at once, and
    stay pushed if it is rolled back. So code that passes a connection runs in tests, and where jobs
    are switched off."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        return self._engine.push(jobs)

    def push_batch(self, batch: NewBatch, jobs: Sequence[NewJob]) -> list[str]:
        return self._engine.batches.push(batch, jobs)

    def complete(self, job_id: str, fence: int) -> None:
        pass  # its worker settles it

    def abandon(self) -> bool:
        return False


class NoAsyncTransaction(AsyncCallerTransaction):
    """The same on an event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def push(self, jobs: Sequence[NewJob]) -> list[str]:
        return self._engine.push(jobs)  # which waits for nothing

    async def push_batch(self, batch: NewBatch, jobs: Sequence[NewJob]) -> list[str]:
        return self._engine.batches.push(batch, jobs)
