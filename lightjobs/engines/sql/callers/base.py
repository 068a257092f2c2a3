"""The caller's own connection: nothing of its session may matter to us, and
nothing of it is changed. Zone, date style, encoding, autocommit, row factory and isolation level
are the caller's business."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from ..rows import Params, Row


class CallerConnection(ABC):
    """A connection of one driver, in whatever transaction it is in. What the driver raises is
    translated; nothing is tried again, since the database may have undone the caller's work, too.
    """

    errors: ClassVar[tuple[type[Exception], ...]]
    """What its driver raises."""

    def __init__(self, connection: Any, translate: Callable[[Any], Exception]) -> None:
        self._connection = connection
        self._translate = translate

    @contextmanager
    def translated(self) -> Iterator[None]:
        """What the driver raises inside is translated."""
        try:
            yield
        except self.errors as error:
            raise self._translate(error) from error

    @abstractmethod
    def push(self, rows: Sequence[Params]) -> Sequence[int]:
        """Insert jobs, all or none, and return their ids in order."""

    @abstractmethod
    def run(self, name: str, params: Params) -> int:
        """Run the verb's statement; returns how many rows it touched."""

    @abstractmethod
    def rows(self, name: str, params: Params) -> list[Row]:
        """Run the verb's statement and return its rows."""

    def is_closed(self) -> bool:
        """Whether it is known that nothing can be sent any more."""
        return False

    @abstractmethod
    def is_open(self) -> bool:
        """Whether a transaction has begun and not ended."""

    @abstractmethod
    def is_bound(self) -> bool:
        """Whether what runs next is part of a transaction: one is open, or will be by that."""

    @abstractmethod
    def roll_back(self) -> None:
        """Undo the transaction."""
