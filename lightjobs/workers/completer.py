"""Settling in a thread of its own, while the loop's claims."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..engines.control import Engine
from ..execution.hooks import has_hook
from ..model import Done, Settlement
from .in_flight import Ended

MANY = 50
"""Below that, handing a batch to another thread costs more than it saves."""


class Completer:
    """A thread with a connection of its own. A database server settles one batch and claims another
    at the same time, in two of its processes; one after the other the worker waits for both."""

    def __init__(self, engine: Engine, worker: str) -> None:
        from concurrent.futures import ThreadPoolExecutor  # which an idle worker need not pay for

        self._engine = engine
        self._worker = worker
        self._thread = ThreadPoolExecutor(1, "settling")

    @staticmethod
    def pays(ended: Sequence[Ended]) -> bool:
        """Whether these are worth it, and nothing has to be done about them before more is claimed:
        no hook. Nor may they have texts in the journal, which only an empty one drops: with one
        batch always held it would be full after a while."""
        return len(ended) >= MANY and not any(
            type(run.outcome) is not Done or has_hook(run) for run, _slot in ended
        )

    def settle(self, ended: Sequence[Ended]) -> Callable[[], Sequence[Settlement]]:
        """Begin to settle. What is returned waits for the answer, and raises as `settle` does."""
        outcomes = [run.outcome for run, _slot in ended]
        return self._thread.submit(self._engine.settle, self._worker, outcomes).result

    def close(self) -> None:
        """End the thread and its connection."""
        self._thread.submit(self._engine.close)
        self._thread.shutdown()
