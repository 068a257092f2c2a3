"""A registered worker whose loop runs in this process, without a supervisor."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping, Sequence

from ..engines.control import Engine
from ..errors import StoreUnavailable
from ..model import Outcome
from . import late_hooks
from .job_log import JobLog
from .loop import Loop
from .options import Options
from .reclaim import reclaim
from .shared.journal import Journal
from .shared.run_budget import RunBudget
from .stop_flag import StopFlag


def new_worker_name() -> str:
    """A name that no worker had before: host, process and a random part."""
    return f"{socket.gethostname()[:30]}:{os.getpid()}:{os.urandom(6).hex()}"


class LocalWorker:
    """A worker, its journal and its loop; for the thread that calls `run`."""

    def __init__(
        self,
        engine: Engine,
        options: Options,
        job_log: JobLog,
        stop: StopFlag,
        budget: RunBudget | None = None,
        late: Sequence[Outcome] = (),
    ) -> None:
        """`late` are the outcomes of another worker's jobs whose hooks it could not call."""
        self.name = new_worker_name()
        self.stop = stop
        self.journal = Journal()
        self._engine = engine
        engine.register(self.name, options.lease)
        self._loop = Loop(engine, self.name, options, self.journal, job_log, stop, budget)
        self._loop.take_over(late_hooks.runs(engine, late))

    def run(self) -> None:
        """Work until the `stop` flag is raised; then the store forgets this worker."""
        try:
            self._loop.run()
        finally:
            with contextlib.suppress(StoreUnavailable):  # then it is left to the lease
                self._engine.recover(self.name)

    @property
    def given_up(self) -> bool:
        """Whether others, or the store, have given this worker up."""
        return self._loop.given_up

    def give_up(self) -> None:
        """End `run`: others have given this worker up."""
        self._loop.give_up()

    def abandon(self, timed_out: Mapping[tuple[str, int], Outcome]) -> list[Outcome]:
        """Give up everything this worker holds although it runs on. The jobs go back at no cost,
        except `timed_out`, whose outcomes are these; returns those that were accepted. Whatever its
        thread does from now on is refused."""
        self.stop.raise_()
        return reclaim(self._engine, self.name, self.journal, True, timed_out).timed_out
