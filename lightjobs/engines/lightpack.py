"""What is done for Lightpack's own workers, in stores that they share."""

from __future__ import annotations

from abc import ABC, abstractmethod


class LightpackStore(ABC):
    """Lightpack's part of a store, reached as `engine.lightpack`; None where PHP cannot work."""

    @abstractmethod
    def recover_php(self, before: float) -> int:
        """Put back the jobs that a PHP worker claimed before `before` (unix seconds) and has not
        ended, and return their number. PHP keeps no lease, so only people can say how long is too
        long."""
