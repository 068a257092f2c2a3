"""One look at the store: all that a page or a screen shows is of the same moment."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Protocol, TypeVar

from ..engines.control import Engine

T = TypeVar("T")


class Look(Protocol):
    """The store, and what it has told so far."""

    @property
    def engine(self) -> Engine:
        """The store's engine."""

    @property
    def now(self) -> float:
        """The moment of the look, in unix seconds."""

    def figure(self, key: Hashable, query: Callable[[], T]) -> T | None:
        """What `query` finds in the store; the same for the same `key`. None if that takes too
        long, which is then shown as "…"."""
