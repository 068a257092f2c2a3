"""A Loop in this process on the memory engine, and the jobs it runs."""

from __future__ import annotations

import itertools
import os
import threading
import weakref
from typing import Any

from lightjobs.execution.run import Run
from lightjobs.model import Claim
from lightjobs.workers.logs.job_log import JobLog
from lightjobs.workers.loop import Loop
from lightjobs.workers.options import Options
from lightjobs.workers.shared.journal import Journal
from lightjobs.workers.shared.run_budget import RunBudget
from lightjobs.workers.stop_flag import StopFlag


class Recorded(JobLog):
    """A job log that only notes which jobs it was told of."""

    def __init__(self) -> None:
        self.started_ids: list[str] = []
        self.ended_ids: list[str] = []
        self.lost_ids: list[str] = []
        self.cancelled_ids: list[str] = []

    def started(self, claim: Claim) -> None:
        self.started_ids.append(claim.id)

    def ended(self, run: Run) -> None:
        self.ended_ids.append(run.claim.id)

    def lost(self, run: Run) -> None:
        self.lost_ids.append(run.claim.id)

    def cancelled(self, run: Run) -> None:
        self.cancelled_ids.append(run.claim.id)


class Worker:
    """A registered worker; `run()` returns when its loop is over, `start()` runs it in a thread."""

    numbers = itertools.count()

    def __init__(self, engine: Any, budget: RunBudget | None = None, **options: Any) -> None:
        options.setdefault("stop_when_empty", True)
        options.setdefault("sleep", 0.2)
        self.engine = engine
        self.name = f"worker-{next(self.numbers)}"
        self.flag = StopFlag()
        self.lines = Recorded()
        self.journal = Journal()
        weakref.finalize(self.journal, os.close, self.journal.descriptor)
        engine.register(self.name, 30)
        self.loop = Loop(
            engine, self.name, Options(**options), self.journal, self.lines, self.flag, budget
        )

    def run(self) -> Worker:
        timer = threading.Timer(10, self.flag.raise_)
        timer.start()
        try:
            self.loop.run()
        finally:
            timer.cancel()
        assert self.flag.raised == 0 or timer.finished.is_set()
        return self

    def start(self) -> threading.Thread:
        thread = threading.Thread(target=self.loop.run)
        thread.start()
        return thread

    def stop(self, thread: threading.Thread) -> None:
        self.flag.raise_()
        thread.join(10)
        assert not thread.is_alive()
