"""A child: the process that runs handlers. The supervisor starts it.

A forked child imports the project's jobs itself, too. So a child that is started later runs the
code of that later moment.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from functools import partial
from typing import NoReturn

from .. import current, env
from ..engines import outage
from ..errors import LightjobsError
from ..execution import registry
from ..process import prelude
from ..text import escaped
from . import exiting, late_hooks, terminal
from .logs import logging_setup, streams
from .logs.job_log import JobLog
from .loop import Loop
from .order import Order
from .process_state import ProcessState
from .shared.busy import BusyFlags
from .shared.journal import Journal
from .shared.run_budget import RunBudget
from .shared.stop_flags import StopFlags
from .stop_flag import StopFlag

READY = b"!"
"""The report of a child that is ready."""

REPORT_BYTES = 4096
"""The longest report of a child. One that cannot start reports why, as text."""

DONE = 74
"""Exit status of a child that has ended its work, as an option demands. Not 0: that is also the
status of a child that something other than its supervisor has ended."""

OUTGROWN = 75
"""Exit status of a child that asks to be replaced because it grew beyond --max-memory (EX_TEMPFAIL
of sysexits.h)."""

GIVEN_UP = 76
"""Exit status of a child that asks to be replaced because its worker was given up."""


NO_DESCRIPTORS = 77
"""Exit status of a child that asks to be replaced because a job has closed its descriptors."""


def main(order: Order) -> int:
    """Work until told to stop. Returns the exit status."""
    env.export()
    prelude.play()
    stop = StopFlag(StopFlags(order.stop_flags).memory, order.place)
    stop.handle_signals()
    terminal.leave_group()
    outage.share(order.outage)
    options = order.options
    lines = logging_setup.make(options.log_format, options.quiet)
    lines.of_worker(order.worker)
    streams.install(lines)
    logging_setup.reset()
    registry.load(current.settings().modules)
    engine = current.engine()
    logging_setup.configure(lines, options.quiet)
    stop.handle_signals()  # again: what was imported may have set handlers of its own
    loop = Loop(
        engine,
        order.worker,
        options,
        Journal(order.journal),
        lines,
        stop,
        None if order.run_budget is None else RunBudget(order.run_budget),
        BusyFlags(order.busy_flags, order.place),
        _ParentWatch(stop, options.grace, order.parent).check,
        ProcessState(partial(_end_without_descriptors, lines)),
    )
    loop.begin(order.parent)
    loop.take_over(late_hooks.runs(engine, order.late_outcomes))
    os.write(order.ready, READY)
    os.close(order.ready)
    loop.run()
    if loop.given_up:
        return GIVEN_UP
    if loop.outgrown:
        return OUTGROWN
    return DONE if loop.reached_end else 0


def _end_without_descriptors(lines: JobLog) -> NoReturn:
    """Ask to be replaced. The journal says what has ended: this process has no connections left
    over which it could settle, and to close them might close files of the handlers."""
    lines.flush()
    exiting.end(NO_DESCRIPTORS)


class _ParentWatch:
    """Ends a child whose supervisor is gone, because no process beats for its worker any more."""

    def __init__(self, stop: StopFlag, grace: float, parent: int) -> None:
        self._stop = stop
        self._grace = grace
        self._parent = parent
        self._orphaned_at: float | None = None

    def check(self) -> None:
        """Stop gracefully once the supervisor is gone, and at once when the grace is over."""
        if self._orphaned_at is not None:
            if time.monotonic() - self._orphaned_at > self._grace:
                os._exit(1)
        elif os.getppid() != self._parent:
            self._orphaned_at = time.monotonic()
            self._stop.raise_("its supervisor is gone")


def run(order: str) -> NoReturn:
    """Carry out `order`, the JSON of an Order, and end the process."""
    status = 1
    try:
        status = _status(order)
    except BaseException:
        traceback.print_exc()
    exiting.end(status)


def _status(text: str) -> int:
    ready = json.loads(text)["ready"]
    try:
        return main(Order.from_json(text))
    except LightjobsError as error:
        reason = escaped(str(error))
        try:
            os.write(ready, reason.encode()[:REPORT_BYTES])
        except OSError:  # the child had been ready, and closed its end of the pipe
            print(f"lightjobs: {reason}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    run(sys.argv[1])
