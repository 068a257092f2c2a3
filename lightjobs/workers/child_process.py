"""The supervisor's handle on a child."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence

from ..model import Outcome
from .options import Options
from .order import Order
from .shared.busy import BusyFlags
from .shared.journal import Journal
from .shared.run_budget import RunBudget
from .spawn import spawn


class Child:
    """A running child, its name as a worker, and its journal."""

    def __init__(
        self,
        worker: str,
        place: int,
        options: Options,
        budget: RunBudget | None,
        busy_flags: BusyFlags,
        late: Sequence[Outcome],
        close_inherited: Callable[[], None],
    ) -> None:
        """Start the child. A forked one calls `close_inherited` first: it closes what a fork has of
        the supervisor's."""
        self.worker = worker
        self.place = place
        self.journal = Journal()
        self.starting = True
        self.was_ready = False
        self.stopping = False
        self.timed_out: dict[tuple[str, int], Outcome] = {}
        """The jobs that were overdue when the child was killed for them, with their outcomes."""
        self.ready, ready_end = os.pipe()
        order = Order(
            worker=worker,
            place=place,
            options=options,
            parent=os.getpid(),
            journal=self.journal.descriptor,
            ready=ready_end,
            busy_flags=busy_flags.descriptor,
            budget=None if budget is None else budget.descriptor,
            late=tuple(late),
        )

        def close_all() -> None:
            os.close(self.ready)
            close_inherited()

        self.process = spawn(order.to_json(), order.inherited, close_all)
        os.close(ready_end)

    def signal(self, number: int) -> None:
        """Send a signal; no error if the child has just ended."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    def close(self) -> None:
        """Give back what belongs to a dead child."""
        self.journal.close()
        os.close(self.ready)
