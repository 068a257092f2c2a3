"""The caller's own connection that belongs to an event loop.

Every driver runs the same statements. They are written with `?` for each value.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

from ..dialect import Dialect
from ..rows import Params, Row


class Answer(NamedTuple):
    """What a statement brought."""

    rows: list[Row]
    last_id: int
    """The id of the last row it inserted, where the database says so."""


class AsyncCallerConnection(ABC):
    """A connection with the transaction that is open on it, if any. Nothing is tried again: the
    database may have undone the caller's work, too."""

    errors: tuple[type[Exception], ...]
    """The base classes of what its driver raises."""

    is_whole = False
    """Whether it is inside `whole`."""

    @abstractmethod
    async def execute(self, sql: str, values: Sequence[Any] = ()) -> Answer:
        """Run one statement. Raises the driver's errors."""

    @abstractmethod
    def drivers_own(self, error: Any) -> Exception:
        """`error`, one of `errors`, as the sync driver of the database would have raised it."""

    @abstractmethod
    def is_closed(self) -> bool:
        """Whether the connection is known to be closed, so that no statement can reach it."""

    @abstractmethod
    def is_bound(self) -> bool:
        """Whether the next statement is part of a transaction: one is open, or that begins one."""


class AsyncKind(NamedTuple):
    """What is particular to one database."""

    alchemy: tuple[str, ...]
    """What SQLAlchemy calls it."""
    push: Callable[[AsyncCallerConnection, Dialect, Sequence[Params]], Awaitable[Sequence[int]]]
    """Inserts jobs, all or none, and returns their ids in order."""
    drivers_own: Callable[[Any, bool], Exception]
    """The error of the sync driver for one that SQLAlchemy has wrapped; and whether it says that
    the connection was lost."""
    driver: type[Any] | None = None
    """The class of asyncio connections of the driver itself, if it has any."""
    wrap: Callable[[Any], AsyncCallerConnection] | None = None
    """Makes one of these usable."""
    saves: bool = False
    """Whether a transaction goes on after a statement that failed, so that what went before it has
    to be undone by a savepoint."""
    before: str = ""
    """What is put before each statement."""
    clock: Callable[[], Params] = dict
    """The time, where statements take it as parameters."""


@asynccontextmanager
async def whole(caller: AsyncCallerConnection, saves: bool) -> AsyncIterator[None]:
    """Undo everything inside after an error: there are several statements, and the caller may go
    on with its transaction, if it has one. `saves` is that of its kind."""
    begin, undo, end = "BEGIN", "ROLLBACK", "COMMIT"
    if caller.is_whole or (caller.is_bound() and not saves):
        yield
        return
    if caller.is_bound():
        begin, undo, end = (
            f"{word} SAVEPOINT lightjobs".strip() for word in ("", "ROLLBACK TO", "RELEASE")
        )
    await caller.execute(begin)
    caller.is_whole = True
    try:
        yield
    except Exception:
        with suppress(*caller.errors):  # the server may have undone it already
            await caller.execute(undo)
        raise
    finally:
        caller.is_whole = False
    await caller.execute(end)
