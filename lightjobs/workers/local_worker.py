"""A registered worker whose loop runs in this process, without a supervisor."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..engines.control import Engine
from ..errors import LightjobsError, StoreUnavailable
from ..model import Outcome
from . import late_hooks
from .logs.job_log import JobLog
from .loop import Loop
from .options import Options
from .process_state import ProcessState
from .reclaim import reclaim
from .shared.journal import Journal
from .shared.run_budget import RunBudget
from .stop_flag import StopFlag
from .tally import Tally

if TYPE_CHECKING:
    from .event_loop import EventLoop


def new_worker_name() -> str:
    """A name that no worker has had before: the host, the process id and a random part."""
    return f"{socket.gethostname()[:30]}:{os.getpid()}:{os.urandom(6).hex()}"


class LocalWorker:
    """A worker, its journal and its loop. The thread that calls `run` works."""

    def __init__(
        self,
        engine: Engine,
        options: Options,
        job_log: JobLog,
        stop: StopFlag,
        run_budget: RunBudget | None = None,
        late_outcomes: Sequence[Outcome] = (),
        process_state: ProcessState | None = None,
        event_loop: EventLoop | None = None,
    ) -> None:
        """Register a worker. It also calls the hooks of `late_outcomes`, the outcomes of jobs that
        timed out in another worker, once it has started. `process_state` is put back after each
        run; None: the process belongs to another program. Async handlers run on `event_loop`;
        None: on a loop of the worker's own."""
        self.name = new_worker_name()
        self.stop = stop
        self.journal = Journal()
        self.late_outcomes = late_outcomes
        """Those whose hooks have yet to be taken over."""
        self.has_ended = False
        """Whether `run` has ended, so that the store need not know this worker any more."""
        self._engine = engine
        engine.register(self.name, options.lease)
        job_log.of_worker(self.name)
        self._loop = Loop(
            *(engine, self.name, options, self.journal, job_log, stop, run_budget),
            process_state=process_state,
            event_loop=event_loop,
        )

    def run(self, on_ready: Callable[[], None] = lambda: None) -> None:
        """Call the on_start functions, then `on_ready`, and work until the `stop` flag is raised.
        Then the store forgets this worker. Raises LightjobsError when an on_start function
        raises."""
        try:
            self._loop.begin()
            late, self.late_outcomes = self.late_outcomes, ()
            self._loop.take_over(late_hooks.runs(self._engine, late))
            on_ready()
            self._loop.run()
        except BaseException:
            # What the jobs have done is in the journal; a recovery would run all of them again.
            with contextlib.suppress(LightjobsError):
                reclaim(self._engine, self.name, self.journal, True, {})
            raise
        finally:
            self.has_ended = True
            with contextlib.suppress(StoreUnavailable):  # the lease will run out
                self._engine.recover(self.name)

    @property
    def given_up(self) -> bool:
        """Whether other workers, or the store, have given this worker up."""
        return self._loop.given_up

    def give_up(self) -> None:
        """End `run` because other workers have given this one up."""
        self._loop.give_up()

    def abandon(
        self, timed_out: Mapping[tuple[str, int], Outcome], tally: Tally | None = None
    ) -> list[Outcome]:
        """Give up all jobs that this worker holds, although its thread runs on. They go back at no
        cost, except those of `timed_out`, which end with these outcomes. Returns the outcomes of
        `timed_out` that the store accepted, and has `tally` count them. Later outcomes of the
        thread are refused."""
        self.stop.raise_()
        done = reclaim(self._engine, self.name, self.journal, True, timed_out, tally=tally)
        return done.timed_out
