"""What a store keeps for programs rather than for jobs: locks, and the hits that were counted."""

from __future__ import annotations

from abc import ABC, abstractmethod


class CoordinationStore(ABC):
    """This part of a store, reached as `engine.coordination`. All times are the store's."""

    @abstractmethod
    def acquire(self, name: str, owner: str, seconds: float) -> bool:
        """Give the lock `name` to `owner` for `seconds`, unless another owner has it. Returns
        whether `owner` has it now; the same call may be repeated."""

    @abstractmethod
    def extend(self, name: str, owner: str, seconds: float) -> bool:
        """Let `owner` keep the lock for `seconds` from now. Returns False if `owner` does not have
        it, or no longer."""

    @abstractmethod
    def release(self, name: str, owner: str) -> bool:
        """Take the lock away from `owner`. Returns False if `owner` did not have it, or no
        longer."""

    @abstractmethod
    def is_locked(self, name: str) -> bool:
        """Whether anyone has the lock."""

    @abstractmethod
    def hits(self, key: str) -> tuple[int, float]:
        """How many hits JobStore.hit has counted for `key` in the present window, and how many
        seconds it lasts; (0, 0.0) if there is no window. The number may include one that was not
        allowed."""
