"""The worker's loop: settle, claim, start; and the keeper, for when a job turns out long."""

from __future__ import annotations

import logging
import resource
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from ..engines.control import Engine
from ..errors import LightjobsError, StoreUnavailable, UnknownWorker
from ..execution.hooks import has_hook
from ..execution.run import Run
from ..model import Claim, HandBack, Settlement
from .completer import Completer
from .in_flight import Ended, InFlight, Ticket
from .job_log import JobLog
from .options import Options
from .prefetch import Prefetch
from .runners import InlineRunner, PoolRunner, Runner
from .shared.busy import BusyFlags
from .shared.journal import Journal
from .shared.run_budget import RunBudget
from .stop_flag import StopFlag
from .timeouts import Timeouts

RELIEF_SECONDS = 0.05
"""When a job has run this long, those claimed behind it are handed back."""

CANCEL_SECONDS = 1.0
"""How often to look whether a job that runs has been cancelled."""

LONG_SECONDS = 0.5
"""Nobody asks about a job before it has run this long: the quick ones must not pay."""

WAIT_SECONDS = 0.1
"""How long the loop waits for the store without looking whether it should stop."""

BACKOFF_SECONDS = (0.05, 1.0)
"""First and longest pause while the store is away."""

_log = logging.getLogger("lightjobs.worker")


def resident_bytes() -> int:
    """The memory this process occupies now."""
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize()
    except OSError:  # no /proc: the peak is the best there is; macOS counts in bytes
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Loop:
    """Works the queues as one registered worker until the `stop` flag is raised, by a signal or,
    when a limit of the options is reached, by the loop itself."""

    def __init__(
        self,
        engine: Engine,
        worker: str,
        options: Options,
        journal: Journal,
        job_log: JobLog,
        stop: StopFlag,
        budget: RunBudget | None = None,
        busy_flags: BusyFlags | None = None,
        on_tick: Callable[[], None] | None = None,
    ) -> None:
        self._engine = engine
        self._worker = worker
        self._options = options
        self._job_log = job_log
        self._stop = stop
        self._run_budget = budget
        self._busy_flags = busy_flags
        self._on_tick = on_tick
        self.outgrown = False
        """Set when this process has grown beyond --max-memory; the loop then ends."""
        self.given_up = False
        """Set when others have, or the store has, given this worker up; the loop then ends."""
        self._started_at = time.monotonic()
        self._prefetch = Prefetch()
        self._look_at = 0.0  # when to look for cancelled jobs
        self._exhausted = False  # the last claim brought nothing
        self._spent = False  # --max-jobs has been reached
        self._in_doubt = False
        self._backoff = BACKOFF_SECONDS[0]
        self._hooks: deque[Run] = deque()
        self._beside: Completer | None = None
        self._timeouts = Timeouts(journal, options.timeout_grace)
        self.in_flight = InFlight(journal, self._timeouts)
        self._runner: Runner = (
            InlineRunner(self.in_flight, job_log, engine)
            if options.concurrency == 1
            else PoolRunner(self.in_flight, job_log, engine, options.concurrency)
        )

    def take_over(self, runs: Iterable[Run]) -> None:
        """See to the job_log and hooks of `runs`, which ended, and were settled, elsewhere."""
        for run in runs:
            self._job_log.ended(run)
            if has_hook(run):
                self._hooks.append(run)
        self._job_log.flush()

    def run(self) -> None:
        """Work until asked to stop, or until the options say it is enough. On return nothing is
        held any more: what ran has been settled, the rest handed back."""
        keeper = Keeper(self)
        keeper.start()
        try:
            while not self._turn():
                pass
        finally:
            keeper.stop()
            if self._beside is not None:
                self._beside.close()
            self._timeouts.close()
            self._job_log.flush()

    def _turn(self) -> bool:
        """One round; True when the work is over."""
        try:
            if self._over_soon():
                self._settle()
                if self._in_doubt:
                    self._adopt_or_leave()
                self._hand_back(self.in_flight.take_unstarted())
            elif self.in_flight.unstarted:
                self._settle()
            else:
                self._settle_and_claim()
            self._runner.start(self._stop)
            over = self._is_over()
            self._backoff = BACKOFF_SECONDS[0]
        except StoreUnavailable as error:
            self._store_away(error)
            return False
        if over:
            self._runner.close()
        else:
            self._wait()
        return over

    def _is_over(self) -> bool:
        if len(self.in_flight) or self._hooks or self._runner.hooks_running():
            return False
        return (
            self._over_soon()
            or self._spent
            or (self._options.stop_when_empty and self._exhausted and self._all_idle())
        )

    def _over_soon(self) -> bool:
        return bool(self._stop.raised) or self.given_up

    def _all_idle(self) -> bool:
        if self._busy_flags is None:
            return True
        self._busy_flags.set_busy(False)
        return not self._busy_flags.any_busy()

    def _claim(self) -> None:
        """Claim what is worth a few milliseconds, at least one job for each free place."""
        free = self._runner.free()
        if free <= 0:
            return
        if self._in_doubt:
            self._adopt()
        limit = min(max(free, self._prefetch.limit()), self.in_flight.journal.room())
        granted = limit if self._run_budget is None else self._run_budget.take(limit)
        self._spent = limit > granted == 0
        claims: list[Claim] = []
        if self._busy_flags is not None:
            self._busy_flags.set_busy(True)
        try:
            if granted:
                self._in_doubt = True  # until the reply is here
                claims = self._engine.claim(self._worker, self._options.queues, granted)
                self._in_doubt = False
        except UnknownWorker as error:
            _log.warning("%s: it was given up, another takes its place", error)
            self.given_up = True
        finally:
            if self._run_budget is not None:
                self._run_budget.give_back(granted - len(claims))
        self._exhausted = not claims
        self.in_flight.add(claims)
        if any(claim.recoveries for claim in claims):
            # One of these may have killed its worker. Whoever runs it holds nothing unstarted:
            # if supervisor and child die together, nobody knows what had started, and every job
            # held would spend a recovery on its neighbour's account.
            self._prefetch.careful()
            self._hand_back(self.in_flight.take_unstarted(keep=free))

    def _adopt(self) -> None:
        """Take in claims whose reply was lost."""
        # Copied first: what the keeper settles meanwhile is in the store's answer and not in ours.
        known = {claim[:2] for claim in list(self.in_flight.claims.values())}
        held = self._engine.held(self._worker)
        adopted = [claim for claim in held if claim[:2] not in known]
        self._in_doubt = False
        if adopted:
            _log.warning("adopted %d claims whose reply was lost", len(adopted))
            self.in_flight.add(adopted)
            if self._run_budget is not None:
                self._run_budget.take(len(adopted))

    def _adopt_or_leave(self) -> None:
        """At a stop: what this worker may hold without knowing is no reason to wait for a store
        that is away; whoever recovers the worker puts it back."""
        try:
            self._adopt()
        except StoreUnavailable:
            if len(self.in_flight):
                raise

    def _settle_and_claim(self) -> None:
        """One after the other, or, where it pays, at the same time."""
        ended = self.in_flight.take_finished()
        if self._hooks or not (self._engine.serves_at_once and Completer.pays(ended)):
            self.in_flight.finished.extendleft(reversed(ended))
            self._settle()
            self._claim()
            return
        if self._beside is None:
            self._beside = Completer(self._engine, self._worker)
        answer = self._beside.settle(ended)
        try:
            self._learn(ended)
            self._claim()
        finally:
            self._note(ended, answer)

    def _settle(self) -> None:
        """Settle what has finished, print what was refused, then run hooks."""
        self._settle_finished()
        while self._hooks:
            self._runner.hook(self._hooks.popleft())

    def _settle_finished(self) -> None:
        ended = self.in_flight.take_finished()
        if ended:
            outcomes = [run.outcome for run, _slot in ended]
            self._note(ended, partial(self._engine.settle, self._worker, outcomes))
            self._learn(ended)

    def _note(self, ended: Sequence[Ended], answer: Callable[[], Sequence[Settlement]]) -> None:
        """Let go of what the store has the outcome of, once that is known."""
        try:
            accepted = answer()
        except LightjobsError:
            self.in_flight.finished.extendleft(reversed(ended))
            raise
        self.in_flight.forget([slot for _run, slot in ended])
        self._after_settling(ended, accepted)

    def _learn(self, ended: Sequence[Ended]) -> None:
        self._prefetch.learn(len(ended), sum(run.seconds for run, _slot in ended))

    def _after_settling(self, ended: Sequence[Ended], answers: Sequence[Settlement]) -> None:
        for (run, _slot), answer in zip(ended, answers, strict=True):
            if answer is Settlement.ACCEPTED:
                if run.cancelled:
                    self._job_log.ended(run)
                if has_hook(run):
                    self._hooks.append(run)
            elif answer is Settlement.CANCELLED:
                self._job_log.cancelled(run)
            else:
                self._job_log.lost(run)
                _log.warning(
                    "outcome of job %s refused: its claim is stale",
                    run.claim.id,
                    extra={"job_id": run.claim.id, "job_handler": run.claim.handler},
                )
        self._job_log.flush()

    def _hand_back(self, tickets: Sequence[Ticket]) -> None:
        if not tickets:
            return
        try:
            claims = [ticket.claim for ticket in tickets]
            self._engine.settle(self._worker, [HandBack(c.id, c.fence) for c in claims])
        except LightjobsError:
            self.in_flight.unstarted.extendleft(tickets)
            raise
        self.in_flight.forget([ticket.slot for ticket in tickets])
        if self._run_budget is not None:
            self._run_budget.give_back(len(tickets))

    def _wait(self) -> None:
        """Pause until there may be something to do."""
        if self.in_flight.finished or (self.in_flight.unstarted and self._runner.free() > 0):
            return
        self._job_log.flush()
        if self.in_flight.running:
            if self._exhausted and self._runner.free() > 0 and not self._stop.raised:
                self._wait_for_store(0.02)
            else:
                self._runner.progress(RELIEF_SECONDS)
        elif self._exhausted:
            self._wait_for_store(self._options.sleep)

    def _wait_for_store(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        try:
            while not self._over_soon() and (left := until - time.monotonic()) > 0:
                if self._engine.wait(self._options.queues, min(left, WAIT_SECONDS)):
                    return
        except StoreUnavailable as error:
            self._store_away(error)

    def _store_away(self, error: StoreUnavailable) -> None:
        """Go on without the store for a moment; nothing held is lost meanwhile."""
        _log.warning("the store is away, trying again in %.2f s: %s", self._backoff, error)
        until = time.monotonic() + self._backoff
        while not self._stop.raised and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, WAIT_SECONDS))
        if self._stop.raised:
            time.sleep(BACKOFF_SECONDS[0])
        self._backoff = min(self._backoff * 2, BACKOFF_SECONDS[1])

    def pause(self) -> float:
        """How long until the keeper looks in again; an idle worker should cost next to nothing."""
        return RELIEF_SECONDS if len(self.in_flight) else 2 * RELIEF_SECONDS

    def look_in(self) -> None:
        """What the keeper does each time: note the limits reached, relieve, print."""
        options = self._options
        if 0 < options.cooldown <= time.monotonic() - self._started_at:
            self._stop.raise_()
        if 0 < options.max_memory < resident_bytes():
            self.outgrown = True
            self._stop.raise_()
        if self._on_tick is not None:
            self._on_tick()
        self._relieve()
        self._tell_cancelled()

    def _tell_cancelled(self) -> None:
        """Tell the jobs that have been running for long and are no longer held."""
        now = time.monotonic()
        if now < self._look_at:
            return
        running = [
            run
            for run, since in list(self.in_flight.running.values())
            if now - since >= LONG_SECONDS and not run.cancelled
        ]
        if not running:
            return
        self._look_at = now + CANCEL_SECONDS
        unstarted = list(self.in_flight.unstarted)
        held = {claim[:2] for claim in self._engine.held(self._worker)}
        for run in running:
            if run.claim[:2] not in held and not run.is_completing:
                self._runner.cancel(run)
        gone = [ticket for ticket in unstarted if ticket.claim[:2] not in held]
        # Their outcomes are refused; but the store then knows that this worker lets go of them.
        self._hand_back([ticket for ticket in gone if self.in_flight.take_back(ticket)])

    def _relieve(self) -> None:
        """If the running jobs have become long: settle what has finished and hand back what has
        not started. The main thread may be inside a handler meanwhile."""
        self._job_log.flush()
        if self.in_flight.longest_run() < RELIEF_SECONDS:
            return
        if self._runner.free() <= 0:
            self._prefetch.careful()
            self._hand_back(self.in_flight.take_unstarted())
        self._settle_finished()


class Keeper(threading.Thread):
    """Looks in every few milliseconds, so that a long job holds no other hostage."""

    def __init__(self, loop: Loop) -> None:
        super().__init__(name="keeper", daemon=True)
        self._loop = loop
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(self._loop.pause()):
            try:
                self._loop.look_in()
            except StoreUnavailable:
                pass  # the loop meets the same and says so
            except Exception:
                _log.exception("the keeper could not relieve the loop")

    def stop(self) -> None:
        """End the thread; returns when it has ended."""
        self._over.set()
        self.join()
