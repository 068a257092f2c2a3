"""The worker's loop: settle, claim, start, wait, and again.

Read `in_flight`, `claiming` and `settling` first. `keeper` steps in when a job turns out to be
long.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ..engines import answer_limit, outage
from ..engines.control import Engine
from ..errors import StoreUnavailable
from ..execution import lifecycle
from ..execution.run import Run
from .claiming import Claiming
from .in_flight import InFlight
from .keeper import RELIEF_SECONDS, Keeper
from .limits import Limits
from .logs.job_log import JobLog
from .options import SHORTEST_SLEEP, Options
from .pool_runner import PoolRunner
from .prefetch import AHEAD_SECONDS
from .process_state import ProcessState
from .queue_order import QueueOrder
from .runners import InlineRunner, Runner
from .self_note import SelfNote
from .settling import Settling
from .shared.busy import BusyFlags
from .shared.journal import Journal
from .shared.run_budget import RunBudget
from .stop_flag import StopFlag
from .store_limits import answer_seconds
from .timeouts import Timeouts
from .told_progress import ToldProgress
from .turnover import Turnover
from .unknown_handlers import UnknownHandlers

if TYPE_CHECKING:
    from .event_loop import EventLoop

WAIT_SECONDS = 0.1
"""The longest the loop waits for the store before it looks again whether it should stop."""

FREE_SECONDS = 0.02
"""The same while jobs are running and more could start: one of them may end at any time."""

BACKOFF_SECONDS = (0.05, 1.0)
"""First and longest pause while the store is away."""

_log = logging.getLogger("lightjobs.worker")


class Loop:
    """Works the queues as one registered worker until the `stop` flag is raised, from outside or by
    the loop itself when a limit of the options is reached. `check` is called every few
    milliseconds, in another thread. After each run, `process_state` is put back, if this process is
    the worker's own. Async handlers run on `event_loop`, if that is given."""

    def __init__(
        self,
        engine: Engine,
        worker: str,
        options: Options,
        journal: Journal,
        job_log: JobLog,
        stop: StopFlag,
        run_budget: RunBudget | None = None,
        busy_flags: BusyFlags | None = None,
        check: Callable[[], None] = lambda: None,
        process_state: ProcessState | None = None,
        event_loop: EventLoop | None = None,
    ) -> None:
        self._engine = engine
        self._options = options
        self._job_log = job_log
        self._stop = stop
        self._busy_flags = busy_flags
        self._process_state = process_state
        self._backoff = BACKOFF_SECONDS[0]
        self._limits = Limits(options, stop)
        self._timeouts = Timeouts(journal, options.timeout_grace)
        unknown = UnknownHandlers(engine, options.unknown_after)
        self._in_flight = in_flight = InFlight(*(journal, self._timeouts, engine, unknown, worker))
        self._claiming = claiming = Claiming(
            *(engine, worker, QueueOrder(options.queues, options.queue_order), in_flight, unknown),
            *(run_budget, busy_flags, options.concurrency),
        )
        self._settling = Settling(engine, worker, in_flight, claiming.prefetch, job_log)
        self._runner = _runner(in_flight, job_log, options.concurrency, process_state, event_loop)
        self._self_note = self._make_note(journal)
        self._turnover = Turnover(in_flight, claiming, self._settling, self._runner, options)
        progress = ToldProgress(engine, worker, in_flight)
        self._keeper = Keeper(
            *(engine, worker, options.lease, in_flight, claiming),
            *(self._settling, self._turnover, self._runner, job_log),
            checks=(self._limits.check, check, self._self_note.check, progress.check),
        )

    def _make_note(self, journal: Journal) -> SelfNote:
        tally, is_stopping = self._settling.tally, self._is_stopping
        return SelfNote(journal.observed, self._options, self._in_flight, tally, is_stopping)

    @property
    def outgrown(self) -> bool:
        """Whether this process has grown beyond --max-memory, which ends the loop."""
        return self._limits.outgrown

    @property
    def reached_end(self) -> bool:
        """Whether the options ended the loop, not a stop flag raised from outside."""
        return self._limits.time_is_up or self._claiming.budget_spent or not self._stop.raised

    @property
    def given_up(self) -> bool:
        """Whether other workers, or the store, have given this worker up, which ends the loop."""
        return self._claiming.given_up

    def give_up(self) -> None:
        """End the loop because other workers have given this one up."""
        self._claiming.given_up = True

    def begin(self, parent: int = 0) -> None:
        """Call the on_start functions. To be called before all else, in the thread that then calls
        `run`. `parent` is the process id of the supervisor, if there is one. Raises LightjobsError
        when one of the functions raises."""
        self._self_note.begin(parent)
        try:
            lifecycle.start(self._runner.finish)
        except BaseException:
            self._runner.close()
            raise
        if self._process_state is not None:
            self._stop.handle_signals()  # again: they may have set handlers of their own
            self._process_state.renew()

    def take_over(self, runs: Iterable[Run]) -> None:
        """Log `runs`, which ended and were settled elsewhere, and call their hooks."""
        self._settling.take_over(runs)

    def run(self) -> None:
        """Work until the stop flag is raised or the options end the work. On return no job is held:
        those that ran have been settled, the others handed back."""
        with answer_limit.at_most(answer_seconds(self._options.lease)):
            self._keeper.start()
            try:
                while not self._turn():
                    pass
            finally:
                self._end()
                self._keeper.stop()
                self._settling.close()
                self._self_note.write("stopping")
                self._timeouts.close()
                self._job_log.flush()

    def _turn(self) -> bool:
        """Settle, claim, start and wait once. Returns True when the work is over."""
        try:
            if self._in_flight.taken:
                self._claiming.hand_back(self._in_flight.take_taken())
            if self._is_stopping() or not self._in_flight.waiting:
                self._turnover.end(self._runner.free())
            if self._is_stopping():
                self._settle()
                self._claiming.hand_back_all()
            elif self._turnover.is_under_way:
                self._settle()
            else:
                self._settle_and_claim()
            self._runner.start(self._stop, self._turnover.low_water())
            over = self._is_over()
            self._backoff = BACKOFF_SECONDS[0]
        except StoreUnavailable as error:
            self._store_away(error)
            return False
        if not over:
            self._wait()
        return over

    def _end(self) -> None:
        """Call the on_stop functions, unless an error has ended the loop while jobs run. To be
        called before the keeper stops: it sees to it that they do not outlast the grace."""
        if not (self._in_flight.running or self._runner.hooks_running()):
            lifecycle.stop(self._runner.finish)
            self._runner.close()

    def _settle_and_claim(self) -> None:
        """Settle, then claim if it is time to; or both at the same time if that is worth it."""
        runs = self._in_flight.take_finished()
        free = self._runner.free()
        is_due = self._claiming.is_due(free)
        if self._turnover.is_due(runs, free):
            self._turnover.begin(runs, free)
        elif is_due and self._settling.is_worth_background(runs):
            with self._settling.in_background(runs):
                self._claiming.claim(self._runner.free())
        else:
            self._settling.settle(runs)
            self._call_hooks()
            if is_due:
                self._claiming.claim(self._runner.free())

    def _settle(self) -> None:
        self._settling.settle(self._in_flight.take_finished())
        self._call_hooks()

    def _call_hooks(self) -> None:
        hooks = self._settling.hooks
        while hooks:
            self._runner.hook(hooks.popleft())

    def _is_stopping(self) -> bool:
        return bool(self._stop.raised) or self._claiming.given_up

    def _is_over(self) -> bool:
        if len(self._in_flight) or self._turnover.is_under_way:
            return False
        if self._settling.hooks or self._runner.hooks_running():
            return False
        if self._is_stopping() or self._claiming.budget_spent:
            return True
        return self._options.stop_when_empty and self._claiming.exhausted and self._all_idle()

    def _all_idle(self) -> bool:
        if self._busy_flags is None:
            return True
        self._busy_flags.set_busy(False)
        return not self._busy_flags.any_busy()

    def _wait(self) -> None:
        """Return as soon as there may be something to do."""
        in_flight, exhausted, free = self._in_flight, self._claiming.exhausted, self._runner.free()
        if in_flight.owed and self._is_stopping():
            time.sleep(FREE_SECONDS)  # nothing else is left to do
            return
        if in_flight.waiting:
            if free <= 0 and not self._claiming.is_due(free):
                self._progress(AHEAD_SECONDS)
            return
        if self._turnover.is_under_way:
            return
        if in_flight.finished or (self._claiming.is_due(free) and not exhausted):
            return
        self._job_log.flush()
        if in_flight.running:
            if exhausted and free > 0 and not self._stop.raised:
                self._wait_for_store(FREE_SECONDS)
            else:
                self._progress(RELIEF_SECONDS)
        elif exhausted:
            self._wait_for_store(max(self._options.sleep, SHORTEST_SLEEP))

    def _progress(self, timeout: float) -> None:
        self._runner.progress(timeout, self._claiming.prefetch.low_water())

    def _wait_for_store(self, seconds: float) -> None:
        # A store says at once that a job is due, although this worker skips its handler.
        pause = self._claiming.skip_pause
        until = time.monotonic() + min(seconds, pause or seconds)
        try:
            while not self._is_stopping() and (left := until - time.monotonic()) > 0:
                if pause:
                    time.sleep(min(left, WAIT_SECONDS))
                elif self._engine.wait(self._options.queues, min(left, WAIT_SECONDS)):
                    return
                outage.back(_log)
        except StoreUnavailable as error:
            self._store_away(error)

    def _store_away(self, error: StoreUnavailable) -> None:
        """Pause before the store is asked again. No job that is held is lost by that."""
        outage.away(_log, error)
        self._runner.put_back()  # a job may have closed the connection's descriptor
        until = time.monotonic() + self._backoff
        while not self._stop.raised and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, WAIT_SECONDS))
        if self._stop.raised:
            time.sleep(BACKOFF_SECONDS[0])
        self._backoff = min(self._backoff * 2, BACKOFF_SECONDS[1])


def _runner(
    in_flight: InFlight,
    job_log: JobLog,
    concurrency: int,
    process_state: ProcessState | None,
    event_loop: EventLoop | None,
) -> Runner:
    if concurrency == 1:
        return InlineRunner(in_flight, job_log, process_state, event_loop)
    return PoolRunner(in_flight, job_log, concurrency, process_state)
