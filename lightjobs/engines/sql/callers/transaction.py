"""Jobs in a transaction on the caller's own connection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ....errors import LightjobsError, SchemaOutdated, StaleClaim, StoreInDoubt, StoreUnavailable
from ....model import NewJob
from ...delivery import is_in_doubt, jobs_in_words
from ...store import CallerTransaction
from ..database import Database
from ..rows import new_row
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
            return list(map(str, self._caller.push([new_row(job) for job in jobs])))

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

    @contextmanager
    def _explained(self, undone: str, in_doubt: str) -> Iterator[None]:
        """Add to errors whose connection it was, and whether the request was carried out."""
        alone = False
        try:
            alone = not (self._caller.is_closed() or self._caller.is_bound())
            yield
        except SchemaOutdated as error:
            text = str(error.__cause__).partition("\n")[0]
            raise SchemaOutdated(
                f"the database of connection= has no jobs table ({text}): it must be "
                f"{self._db.label}, and `lightjobs migrate:up` have run there"
            ) from error
        except StoreUnavailable as error:
            if alone and is_in_doubt(error):
                raise StoreInDoubt(f"connection=: {in_doubt}: {error}") from error
            raise StoreUnavailable(f"connection=: {undone}: {error}") from error
        except UnicodeEncodeError as error:
            raise LightjobsError(
                f"{self._db.label}: text with half a surrogate pair cannot be stored"
            ) from error
