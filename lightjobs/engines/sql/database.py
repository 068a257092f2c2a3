"""What the SQL engine needs of a database; SQLite, PostgreSQL and MySQL each in their own way."""

from __future__ import annotations

import math
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, ClassVar, ParamSpec, TypeVar

from ...errors import LightjobsError, StoreUnavailable, UnknownWorker
from ..delivery import ConnectionLost
from .callers.base import CallerConnection
from .dialect import Dialect
from .rows import Params, Row

TRIES = 10
"""How often a verb is tried that the database undid."""

TRY_SECONDS = 15.0
"""After this long it is not tried again: each time may have waited for a lock."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


class TryAgain(StoreUnavailable):
    """The database undid the statement, and the transaction around it: a deadlock, say. At once
    tried again it may work."""


class NotAllowed(LightjobsError):
    """The database user lacks a right."""


class Database(ABC):
    """Connections, transactions, errors, and the verbs that each database does best its own way.

    Verbs are named as their files in `queries/`. One connection for each thread of each process,
    opened when it is needed and again after it broke. Everything raises StoreUnavailable when the
    database does not answer, SchemaOutdated when tables or columns are missing.
    """

    dialect: ClassVar[Dialect]
    """How its statements are written."""

    label: str
    """What people are told it is."""

    serves_at_once: ClassVar[bool] = False
    """Whether what two connections ask is worked on at the same time."""

    has_php = False
    """Whether Lightpack's own workers can claim from it: they know MySQL and MariaDB only."""

    driver: ClassVar[type[Any]]
    """What its driver's connections are."""

    @abstractmethod
    def rows(self, name: str, params: Params, where: str = "") -> list[Row]:
        """Run the verb's statement, with `queries.where` of its own, and return its rows."""

    @abstractmethod
    def run(self, name: str, params: Params, where: str = "") -> int:
        """The same; returns how many rows it touched."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[object]:
        """Everything that this thread runs inside happens, or nothing. One inside another is part
        of it."""

    def rows_beside(self, name: str, params: Params) -> list[Row]:
        """As `rows`, for a thread on whose open transaction elsewhere others of this process wait:
        it must not wait for them."""
        return self.rows(name, params)

    @abstractmethod
    def claim(self, worker: str, queues: Sequence[str], limit: int) -> list[Row]:
        """Take the first due jobs; each row begins with the fields of a Claim. Raises UnknownWorker
        when something is due and `worker` is not registered."""

    def unknown(self, worker: str) -> UnknownWorker:
        """The error that says so."""
        return UnknownWorker(f"{self.label} knows no worker {worker!r}")

    @abstractmethod
    def push(self, rows: Sequence[Params], deadline: float = math.inf) -> Sequence[int]:
        """Insert jobs, all or none, and return their ids in order. The rows are the parameters of
        `push.sql`. What has not been answered by `deadline`, a monotonic time, counts as lost."""

    @abstractmethod
    def caller(self, connection: Any) -> CallerConnection:
        """What can be done on the caller's `connection`, one of `driver`."""

    @abstractmethod
    def due_in(self, queues: Sequence[str]) -> float | None:
        """In how many seconds the first waiting job is due; None when none waits."""

    @abstractmethod
    def changes(self, queues: Sequence[str]) -> int:
        """A number that differs once there may be something new in `queues`; where a database
        cannot know, always the same."""

    @abstractmethod
    def pause(self, seen: int, queues: Sequence[str], seconds: float) -> bool:
        """Sleep until `changes` would differ from `seen`, or until it is time to look again; at
        most `seconds`. True when the change is known to be a job of `queues` that is due."""

    @abstractmethod
    def tidy(self) -> None:
        """Make room again that the rows of settled jobs took, where the database does so too
        rarely by itself. Called every few seconds; takes a second at most."""

    @abstractmethod
    def applied(self) -> dict[str, str]:
        """The migrations that were applied, and when."""

    @abstractmethod
    def migrating(self) -> AbstractContextManager[object]:
        """The right to change the schema, for one at a time. Where the database can, all that
        happens inside happens, or nothing."""

    def script(self, sql: str) -> str:
        """A migration's text as this server understands it."""
        return sql

    @abstractmethod
    def apply(self, statements: Sequence[str]) -> None:
        """Run the statements of one migration."""

    @abstractmethod
    def problems(self) -> list[str]:
        """What is wrong with the database, beyond migrations that are pending."""

    @abstractmethod
    def close(self) -> None:
        """Close this thread's connection."""


def _retrying(*errors: type[StoreUnavailable]) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    def decorate(verb: Callable[_P, _T]) -> Callable[_P, _T]:
        @wraps(verb)
        def tried(*args: _P.args, **keywords: _P.kwargs) -> _T:
            deadline = time.monotonic() + TRY_SECONDS
            for number in range(TRIES):
                try:
                    return verb(*args, **keywords)
                except errors:
                    if number == TRIES - 1 or time.monotonic() > deadline:
                        raise
                    # Jitter: whoever collided would do so again.
                    time.sleep(random.uniform(0, 0.001 * 2**number))
            raise AssertionError("unreachable")

        return tried

    return decorate


undone = _retrying(TryAgain)
"""Decorates a verb that is tried again when the database undid it."""

repeatable = _retrying(TryAgain, ConnectionLost)
"""Decorates a verb that is also tried again when its answer was lost: twice is as good as once."""
