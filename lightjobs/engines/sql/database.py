"""What the SQL engine needs of a database: connections, transactions, errors, and some verbs.

A new database brings:

- `<name>_dialect.py`: a Dialect, and how jobs are inserted;
- `<name>.py`: a Database, or a Server (server.py) for one behind a network;
- `callers/<name>.py`: a CallerConnection, for jobs in a transaction of the caller's, and
  `callers/async_<name>.py`: an AsyncKind, for those on an event loop;
- `migrations/<name>/`: the same migrations as the others, with what undoes each;
- `queries/<name>/`: the statements that are not common to all (`push`, `columns`, `enroll`,
  `lock_slots`, `note_slots`, the five `settle_*`), those its own `claim` and `due_in` run, and any
  that it needs to differ from the common one;
- a line in `engines.DRIVERS`, and one in `settings/stores.py` with the schemes of its URLs;
- its tests: an entry in the list of stores that the contract suite runs on.
"""

from __future__ import annotations

import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, ClassVar, ParamSpec, TypeVar

from ...errors import LightjobsError, SchemaOutdated, StoreUnavailable, UnknownWorker
from .. import answer_limit
from ..delivery import FOREVER, ConnectionLost, Patience
from .callers.async_base import AsyncKind
from .callers.base import CallerConnection
from .dialect import Dialect
from .foreign import foreign
from .rows import Params, Row

TRIES = 10
"""How many times a verb is tried when the database keeps undoing it."""

TRY_SECONDS = 15.0
"""After this long, or after the thread's answer limit, a verb is not tried again: each attempt may
have waited for a lock."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


class TryAgain(StoreUnavailable):
    """The database undid the statement and the transaction around it, for example after a
    deadlock. A new attempt may succeed at once."""


class NotAllowed(LightjobsError):
    """The database user lacks a right."""


class Database(ABC):
    """One database: its connections, its transactions, its errors, and the verbs that differ too
    much between databases to be one statement each.

    Verbs are named as their files in `queries/`. Each thread of each process has one connection,
    opened when it is needed, and again after it broke. Every method may raise StoreUnavailable when
    the database does not answer, and SchemaOutdated when tables or columns are missing.
    """

    dialect: Dialect
    """How its statements are written."""

    label: str
    """What messages call it."""

    serves_at_once: ClassVar[bool] = False
    """Whether it works on the statements of two connections at the same time."""

    has_php = False
    """Whether Lightpack's own workers can claim from it: they support MySQL and MariaDB only."""

    driver: ClassVar[type[Any]]
    """The class of the driver's connections."""

    asynchronous: ClassVar[AsyncKind]
    """What callers' connections that belong to an event loop need."""

    @abstractmethod
    def rows(self, name: str, params: Params, where: str = "") -> list[Row]:
        """Run the statement of verb `name` and return its rows. `where` replaces `{where}` in it;
        `statements.where` makes one."""

    def look(self, name: str, params: Params, where: str = "") -> list[Row]:
        """As `rows`, for a statement that only reads, and may take long because people want to see
        much: it must not hold up other threads of this process."""
        return self.rows(name, params, where)

    @abstractmethod
    def run(self, name: str, params: Params, where: str = "") -> int:
        """Run the statement as `rows` does, and return how many rows it touched."""

    def run_many(self, name: str, rows: Sequence[Params]) -> None:
        """Run the statement of verb `name` once for each of `rows`, its parameters, in the
        transaction that is open."""
        for row in rows:
            self.run(name, row)

    @abstractmethod
    def transaction(self) -> AbstractContextManager[object]:
        """Everything that this thread runs inside happens, or none of it. A transaction inside
        another is part of it."""

    def rows_outside(self, name: str, params: Params) -> list[Row]:
        """As `rows`, for a thread that holds a transaction open on another connection: it must not
        wait for other threads of this process, which may be waiting for that transaction."""
        return self.rows(name, params)

    @abstractmethod
    def claim(
        self, worker: str, queues: Sequence[str], limit: int, skip: Sequence[str]
    ) -> list[Row]:
        """Claim the first due jobs whose handler is not one of `skip`, `limit` at most; each row
        has the fields of a Claim.
        Raises UnknownWorker when a job is due and `worker` is not registered."""

    def unknown(self, worker: str) -> UnknownWorker:
        """The error for a worker that is not registered."""
        return UnknownWorker(f"{self.label} knows no worker {worker!r}")

    @abstractmethod
    def push(self, rows: Sequence[Params], patience: Patience = FOREVER) -> Sequence[int]:
        """Insert jobs, all or none, and return their ids in order. The rows are the parameters of
        `push.sql`. When `patience` with the database ends, it raises StoreUnavailable,
        ConnectionLost if the jobs may be stored."""

    @abstractmethod
    def push_unique(self, rows: Sequence[Params], patience: Patience = FOREVER) -> Sequence[int]:
        """Insert jobs whose keys have no rows in the table of keys, and take the keys. Returns the
        ids in order, or nothing if a key has a row: then no job is stored. The rows are those of
        `tied_row`, each with a key of its own; raises what `push` does."""

    @abstractmethod
    def caller(self, connection: Any) -> CallerConnection:
        """The caller's `connection`, a `driver`, as the engine uses it."""

    @abstractmethod
    def translated(self, error: Any) -> Exception:
        """The error of ours for one of the driver's."""

    @abstractmethod
    def due_in(self, queues: Sequence[str]) -> tuple[float, int]:
        """The seconds until the first waiting job is due, inf when no job waits; and how many of
        the queues' priorities have waiting jobs. One look for all queues."""

    @abstractmethod
    def changes(self, queues: Sequence[str]) -> int:
        """A number that differs once there may be something new in `queues`; always the same where
        a database cannot tell."""

    @abstractmethod
    def pause(self, seen: int, queues: Sequence[str], seconds: float) -> bool:
        """Sleep until `changes` would differ from `seen`, or until it is time to look again; at
        most `seconds`. True when the change is known to be a due job of `queues`."""

    def linger(self, seconds: float) -> None:
        """Sleep for `seconds`, or until something was written if the database lets this process
        know that at no cost."""
        time.sleep(seconds)

    @abstractmethod
    def tidy(self) -> None:
        """Free the space of settled jobs' rows, where the database does so too rarely by itself.
        Called every few seconds; takes a second at most."""

    @abstractmethod
    def applied(self) -> dict[str, str]:
        """The migrations noted as applied, and when."""

    @abstractmethod
    def migrating(self) -> AbstractContextManager[object]:
        """The right to change the schema, which one process at a time has. Where the database can
        undo schema changes, everything inside happens, or none of it."""

    def script(self, sql: str) -> str:
        """A migration's text as this server understands it."""
        return sql

    def preparation(self) -> str:
        """What has to be run before the first migration; "" where there is nothing."""
        return ""

    @abstractmethod
    def apply(self, statements: Sequence[str]) -> None:
        """Run the statements of one migration."""

    @abstractmethod
    def problems(self) -> list[str]:
        """What is wrong with the database, other than pending migrations."""

    def warnings(self) -> list[str]:
        """What `lightjobs check` says about the way to the database although all is well."""
        return []

    def outdated(self, text: str) -> SchemaOutdated:
        """The error for tables or columns that are missing, as `text` says."""
        return SchemaOutdated(
            foreign(self.label, self.columns_apart())
            or f"the tables in {self.label} are missing or old ({text}): run `lightjobs migrate:up`"
        )

    @abstractmethod
    def columns_apart(self) -> set[str]:
        """The columns of the table `jobs`, asked on a connection of its own, since this thread's
        may have a failed transaction; empty when there is no answer."""

    @abstractmethod
    def close(self) -> None:
        """Close this thread's connection."""


def _retrying(*errors: type[StoreUnavailable]) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    def decorate(verb: Callable[_P, _T]) -> Callable[_P, _T]:
        @wraps(verb)
        def tried(*args: _P.args, **keywords: _P.kwargs) -> _T:
            deadline = time.monotonic() + min(TRY_SECONDS, answer_limit.seconds())
            for number in range(TRIES):
                try:
                    return verb(*args, **keywords)
                except errors:
                    if number == TRIES - 1 or time.monotonic() > deadline:
                        raise
                    # Jitter: two statements that collided would otherwise collide again.
                    time.sleep(random.uniform(0, 0.001 * 2**number))
            raise AssertionError("unreachable")

        return tried

    return decorate


undone = _retrying(TryAgain)
"""Decorates a verb that is tried again when the database undid it."""

repeatable = _retrying(TryAgain, ConnectionLost)
"""Decorates a verb that is also tried again when its answer was lost: it may be done twice."""
