"""Jobs in a transaction on the caller's own connection that belongs to an event loop.

asyncio is imported in the function that needs it, as in `lightjobs/dispatching/async_dispatch.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from ....model import NewBatch, NewJob
from ...caller_transaction import AsyncCallerTransaction
from ...delivery import jobs_in_words
from ..batch_work import push_batch
from ..database import Database
from ..requests import Work
from ..rows import new_row
from ..tied_push import TiedPush, are_tied
from .async_base import AsyncCallerConnection, whole
from .async_requests import carry_out
from .async_unwrap import unwrapped_async
from .explained import explained

_T = TypeVar("_T")


class SqlAsyncCallerTransaction(AsyncCallerTransaction):
    """Pushes jobs in that transaction. `connection` is SQLAlchemy's on any async driver, or
    psycopg's."""

    def __init__(self, database: Database, connection: Any) -> None:
        self._db = database
        self._connection = connection

    async def push(self, jobs: Sequence[NewJob]) -> list[str]:
        if not jobs:
            return []
        if are_tied(jobs):
            return await self._carry_out(
                TiedPush(self._db.dialect, jobs, is_callers=True).work(), len(jobs)
            )
        caller = await unwrapped_async(self._connection, self._db.asynchronous, self._db.label)
        what = jobs_in_words(len(jobs))
        undone, in_doubt = f"{what} was not stored", f"{what} may or may not have been stored"
        with explained(self._db.label, caller, undone, in_doubt):
            async with self._translated(caller):
                rows = [new_row(job) for job in jobs]
                push = self._db.asynchronous.push
                return list(map(str, await push(caller, self._db.dialect, rows)))

    async def push_batch(self, batch: NewBatch, jobs: Sequence[NewJob]) -> list[str]:
        work = push_batch(self._db.dialect, batch, jobs, is_callers=True)
        return await self._carry_out(work, len(jobs)) or []

    async def _carry_out(self, work: Work[_T], count: int) -> _T:
        """Do work that stores `count` jobs, all of it or nothing."""
        caller = await unwrapped_async(self._connection, self._db.asynchronous, self._db.label)
        what = jobs_in_words(count)
        undone, in_doubt = f"{what} was not stored", f"{what} may or may not have been stored"
        with explained(self._db.label, caller, undone, in_doubt):
            async with self._translated(caller), whole(caller, self._db.asynchronous.saves):
                return await carry_out(work, caller, self._db.asynchronous, self._db.dialect)

    @asynccontextmanager
    async def _translated(self, caller: AsyncCallerConnection) -> AsyncIterator[None]:
        """Translate what the driver raises inside. In a thread: to say what is wrong with the
        tables, the database is asked on a connection of our own."""
        import asyncio

        try:
            yield
        except caller.errors as error:
            own = caller.drivers_own(error)
        else:
            return
        raise await asyncio.to_thread(self._db.translated, own) from own
