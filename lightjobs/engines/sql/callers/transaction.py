"""Jobs in a transaction on the caller's own connection."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from ....errors import LightjobsError, StaleClaim
from ....model import NewBatch, NewJob
from ...caller_transaction import CallerTransaction
from ...delivery import jobs_in_words
from ..batch_work import push_batch
from ..database import Database
from ..requests import carry_out
from ..rows import new_row
from ..tied_push import TiedPush, are_tied
from .explained import explained
from .unwrap import unwrapped


class SqlCallerTransaction(CallerTransaction):
    """Pushes and completes jobs in that transaction. `connection` is the driver's, or one of
    SQLAlchemy's or Django's that wraps it."""

    def __init__(self, database: Database, connection: Any, keeps_completed: bool) -> None:
        self._db = database
        self._caller = database.caller(unwrapped(connection, database.driver, database.label))
        self._complete = "complete_kept" if keeps_completed else "complete_done"
        self._completed: dict[str, int] = {}
        self._refused = False

    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        if not jobs:
            return []
        what = jobs_in_words(len(jobs))
        with self._explained(f"{what} was not stored", f"{what} may or may not have been stored"):
            if not are_tied(jobs):
                return list(map(str, self._caller.push([new_row(job) for job in jobs])))
            with self._caller.translated(), self._caller.whole():
                return carry_out(
                    TiedPush(self._db.dialect, jobs, is_callers=True).work(), self._caller
                )

    def push_batch(self, batch: NewBatch, jobs: Sequence[NewJob]) -> list[str]:
        what = jobs_in_words(len(jobs))
        with (
            self._explained(f"{what} was not stored", f"{what} may or may not have been stored"),
            self._caller.translated(),
            self._caller.whole(),
        ):
            return (
                carry_out(push_batch(self._db.dialect, batch, jobs, is_callers=True), self._caller)
                or []
            )

    def complete(self, job_id: str, fence: int) -> None:
        with self._explained("the job was not completed", "the job may have been completed"):
            if not self._caller.is_bound():
                raise LightjobsError(
                    "complete() needs a transaction: begin one, or turn autocommit off"
                )
            params = {"id": int(job_id), "fence": fence}
            self._refused = not self._caller.run(self._complete, params)
            if self._refused:
                raise StaleClaim(
                    f"job {job_id} is not this run's any more: it has been completed, cancelled "
                    "or given to another worker"
                )
            self._completed = params

    def abandon(self) -> bool:
        try:
            if not self._caller.is_open() or not (self._refused or self._has_completed()):
                return False
            self._caller.roll_back()
        except LightjobsError:  # closed, broken or aborted: the transaction cannot commit
            return False
        return True

    def _has_completed(self) -> bool:
        """Whether the job was completed in the transaction that is open now, and not in an earlier
        one: then it still runs for everyone outside."""
        if not self._completed:
            return False
        inside, outside = (
            rows[0][0]
            for rows in (
                self._caller.rows("running", self._completed),
                self._db.rows_outside("running", self._completed),
            )
        )
        return int(inside) < int(outside)

    def _explained(self, undone: str, in_doubt: str) -> AbstractContextManager[None]:
        return explained(self._db.label, self._caller, undone, in_doubt)
