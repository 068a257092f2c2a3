"""The caller's own connection.

Its zone, date style, encoding, autocommit mode, row factory and isolation level belong to the
caller: our statements work with any of them, and change none.
"""

from __future__ import annotations

import select
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, ClassVar

from ...delivery import ConnectionLost, Unsent
from ..dialect import Dialect
from ..rows import Params, Row


class CallerConnection(ABC):
    """A connection of one driver, with the transaction that is open on it, if any. The driver's
    errors are translated. Nothing is tried again: the database may have undone the caller's work,
    too."""

    errors: ClassVar[tuple[type[Exception], ...]]
    """The base classes of what its driver raises."""

    def __init__(
        self, connection: Any, dialect: Dialect, translate: Callable[[Any], Exception]
    ) -> None:
        self._connection = connection
        self._dialect = dialect
        self._translate = translate

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Translate what the driver raises inside."""
        try:
            yield
        except self.errors as error:
            raise self._translate(error) from error

    @contextmanager
    def own_transaction(self, execute: Callable[[str], Any]) -> Iterator[None]:
        """A transaction around several statements, where the caller has none: after an error,
        everything inside is undone, also if the answer to it was lost."""
        execute("BEGIN")
        try:
            yield
        except self.errors as error:
            with suppress(*self.errors):  # the server may have undone it already
                execute("ROLLBACK")
            translated = self._translate(error)
            if isinstance(translated, ConnectionLost):
                raise Unsent(str(translated)) from error
            raise
        except BaseException:
            with suppress(*self.errors):
                execute("ROLLBACK")
            raise
        execute("COMMIT")

    @abstractmethod
    def whole(self) -> AbstractContextManager[None]:
        """All that is done inside is undone after an error, also if the caller then goes on with
        its transaction; if the caller has none, it is a transaction of its own."""

    @abstractmethod
    def push(self, rows: Sequence[Params]) -> Sequence[int]:
        """Insert jobs, all or none, and return their ids in order."""

    @abstractmethod
    def run(self, name: str, params: Params) -> int:
        """Run the statement of verb `name` and return how many rows it touched."""

    @abstractmethod
    def rows(self, name: str, params: Params) -> list[Row]:
        """Run the statement of verb `name` and return its rows."""

    def is_closed(self) -> bool:
        """Whether the connection is known to be closed: by the caller, or by the server while the
        connection was idle, so that no statement can have reached it."""
        return False

    @staticmethod
    def _has_data(descriptor: int) -> bool:
        """Whether a server has sent something unasked."""
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))

    @abstractmethod
    def is_open(self) -> bool:
        """Whether a transaction is open."""

    @abstractmethod
    def is_bound(self) -> bool:
        """Whether the next statement is part of a transaction: one is open, or that begins one."""

    @abstractmethod
    def roll_back(self) -> None:
        """Roll the transaction back."""
