"""What belongs to the whole process is put back after a job that has changed it.

A handler may set signal handlers or leave a timer running. Neither the next job nor the worker must
meet that. A few things can be compared within half a microsecond, which is done after each run. To
compare all of them takes 6 to 20 microseconds. That is done where it does not count, and where a
change is likely.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import Any

from ..execution.run import Run
from ..model import HandBack
from ..text import escaped
from . import interpreter_parts, signal_parts
from .descriptors import Descriptors
from .part import Part
from .stop_flag import StopFlag

FIRST_RUNS = 100
"""After so many runs of a handler that changed nothing, only the quick look is taken."""

QUICK_RUNS = 250
"""How many runs go by with only the quick look until all is compared again."""

STOP_SECONDS = 0.25
"""How long after a sys.exit() in a signal handler the supervisor may take to tell of a stop."""

EXITS = (SystemExit, KeyboardInterrupt)
"""What signal handlers raise to end the process."""

WORK_SECONDS = 0.02
"""All is compared once jobs have run for so long since the last time: next to that, it takes no
time. Right after a job that has used the processor's caches it takes 100 us. When it was done after
each run of half a millisecond or more, it was 3 % of a run of one millisecond."""

_HARMLESS_MODULES = {*sys.stdlib_module_names, "lightjobs"}

_log = logging.getLogger("lightjobs.worker")


class ProcessState:
    """The state of this process when this object was made, or `renew` last called."""

    def __init__(self, on_lost: Callable[[], None]) -> None:
        """`on_lost` is called when a handler has closed descriptors of the worker."""
        self._on_lost = on_lost
        self._clean_runs: dict[str, int] = {}
        """How many runs of each handler in a row have changed nothing."""
        self._worked = 0.0
        """How long jobs have run since all was compared."""
        self._logged: set[tuple[str, str]] = set()
        """The handlers and the parts they changed, as far as logged."""
        self._descriptors = Descriptors()
        self._take()

    def renew(self) -> None:
        """Have the state as it is now be the one that is put back."""
        self._descriptors.close()
        self._descriptors = Descriptors()
        self._take()

    def _take(self) -> None:
        self._parts: list[Part] = [
            Part("standard input or output", self._descriptors.read, self._descriptors.restore),
            *signal_parts.parts(),
            *interpreter_parts.parts(self._descriptors.directory),
        ]
        self._are_lost = False
        self._modules = set(sys.modules)
        self._looks = _quick_look()

    def restore_after(self, run: Run) -> None:
        """Put back what `run` has changed. To be called in the main thread while no job runs."""
        handler = run.claim.handler
        runs = self._clean_runs.get(handler, 0)
        self._worked += run.seconds
        if (
            FIRST_RUNS <= runs < FIRST_RUNS + QUICK_RUNS
            and self._worked < WORK_SECONDS
            and _quick_look() == self._looks
        ):
            self._clean_runs[handler] = runs + 1
            return
        changed = self._restore()
        if run.registered is not None:  # there is no limit to the names of unknown handlers
            self._clean_runs[handler] = 0 if changed else min(runs + 1, FIRST_RUNS)
        self._report(handler, changed)

    def restore_after_several(self) -> None:
        """As `restore_after`, when several jobs have run at the same time."""
        self._report("a job", self._restore())

    @property
    def has_lost_descriptors(self) -> bool:
        """Whether a handler has closed descriptors of the worker. May be asked in any thread, while
        jobs run."""
        return self._descriptors.are_lost

    def check_descriptors(self) -> None:
        """Call `on_lost` if descriptors of the worker are closed. To be called when the runs that
        have ended are noted as finished."""
        if self._are_lost:
            self._are_lost = False
            _log.error("a job has closed descriptors of the worker")
            self._on_lost()

    def _has_imported(self) -> bool:
        """Whether a library has been imported since the last call. Python's own modules and those
        of lightjobs change nothing when they are imported."""
        if len(sys.modules) == len(self._modules):
            return False
        new = sys.modules.keys() - self._modules
        self._modules.update(new)
        return not {name.partition(".")[0] for name in new} <= _HARMLESS_MODULES

    def _report(self, handler: str, changed: list[str]) -> None:
        for name in changed:
            if (handler, name) not in self._logged:
                self._logged.add((handler, name))
                _log.warning("%s left %s changed; put back", escaped(handler), name)

    def _restore(self) -> list[str]:
        """Put back what has changed. Returns the names of these parts."""
        self._worked = 0.0
        has_imported = self._has_imported()
        changed = [part.name for part in self._parts if part.restore(has_imported)]
        self._looks = _quick_look()
        self._are_lost = self._descriptors.are_lost
        return changed


def _quick_look() -> list[Any]:
    return signal_parts.quick_look() + interpreter_parts.quick_look()


def forgive_stop(run: Run, stop: StopFlag) -> None:
    """Hand back a run that a stop has cut off: a signal handler that the job or a library has set
    answered it by sys.exit()."""
    if stop.handles_signals():
        return
    # The signal may have reached all processes at once: the supervisor may need a moment.
    until = time.monotonic() + STOP_SECONDS
    while not stop.raised and time.monotonic() < until:
        time.sleep(0.005)
    if stop.raised:
        run.outcome = HandBack(run.claim.id, run.claim.fence)
