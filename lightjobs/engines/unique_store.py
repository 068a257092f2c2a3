"""The keys of unique jobs, each of which one job holds at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ..model import KeyHolder


class UniqueStore(ABC):
    """The part of a store for the keys of unique jobs, reached as `engine.unique`. A push takes
    them, and a retry or rerun by hand takes them again.

    Whether a key is held follows from what became of the job that took it last, and from nothing
    else, so no crash can leave one behind. The job holds it while it is new or paused; with the
    scope "active" also while it is claimed; with the scope "window" whatever becomes of it; and
    never for longer than the time that the key was taken for.
    """

    @abstractmethod
    def holder(self, key: str) -> KeyHolder | None:
        """Who holds `key`, as it is stored; None if nobody does. Raises StoreUnavailable."""

    @abstractmethod
    def unlock(self, key: str) -> KeyHolder | None:
        """Free `key`, and return who held it; None if nobody did. The job stays. Raises
        StoreUnavailable."""

    @abstractmethod
    def forget(self) -> int:
        """Delete what is kept of keys that nobody holds and whose time is over, or whose job is
        gone, in bounded parts, and return their number. A job that is there may hold its key again
        when it goes back to its queue."""
