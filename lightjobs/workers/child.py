"""A child: the process that runs handlers. Started by the supervisor, never by hand.

It imports the project's jobs itself, whichever way it was started: one that is started later runs
the code that is there later.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import NoReturn

from .. import current
from ..errors import LightjobsError
from ..execution import registry
from ..text import escaped
from . import job_log, late_hooks, logging_setup
from .loop import Loop
from .order import Order
from .shared.busy import BusyFlags
from .shared.journal import Journal
from .shared.run_budget import RunBudget
from .stop_flag import StopFlag

READY = b"!"
READY_BYTES = 4096
"""What a child writes to its pipe `ready`: READY, or at most so many bytes that say why it cannot
start."""

OUTGROWN = 75
"""Exit status of a child that asks to be replaced (EX_TEMPFAIL of sysexits.h)."""

GIVEN_UP = 76
"""The same, because the store no longer knows this worker."""


def main(order: Order) -> int:
    """Work until told to stop; returns the exit status."""
    stop = StopFlag()
    # A terminal sends Ctrl-C to the whole group; only the supervisor decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, stop.raise_)
    options = order.options
    logging_setup.configure(options.log_format, options.quiet)
    registry.load(current.settings().modules)
    engine = current.engine()
    loop = Loop(
        engine,
        order.worker,
        options,
        Journal(order.journal),
        job_log.make(options.log_format, options.quiet, options.color),
        stop,
        None if order.budget is None else RunBudget(order.budget),
        BusyFlags(order.busy_flags, order.place),
        _ParentWatch(stop, options.grace, order.parent).look,
    )
    loop.take_over(late_hooks.runs(engine, order.late))
    os.write(order.ready, READY)
    os.close(order.ready)
    loop.run()
    if loop.given_up:
        return GIVEN_UP
    return OUTGROWN if loop.outgrown else 0


class _ParentWatch:
    """Ends a child whose supervisor is gone: nobody beats for it any more."""

    def __init__(self, stop: StopFlag, grace: float, parent: int) -> None:
        self._stop = stop
        self._grace = grace
        self._parent = parent
        self._orphaned_at: float | None = None

    def look(self) -> None:
        """Stop gracefully when orphaned, and at once when the grace is over."""
        if self._orphaned_at is not None:
            if time.monotonic() - self._orphaned_at > self._grace:
                os._exit(1)
        elif os.getppid() != self._parent:
            self._orphaned_at = time.monotonic()
            self._stop.raise_()


def run(order: str) -> NoReturn:
    """Work as `order`, the JSON of an Order, says, and end the process."""
    status = _status(Order.from_json(order))
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that handlers left behind must not keep a stopped worker alive.
    os._exit(status)


def _status(order: Order) -> int:
    try:
        return main(order)
    except LightjobsError as error:
        text = escaped(str(error))
        try:
            os.write(order.ready, text.encode()[:READY_BYTES])
        except OSError:  # the child had been ready: the supervisor no longer reads there
            print(f"lightjobs: {text}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    run(sys.argv[1])
