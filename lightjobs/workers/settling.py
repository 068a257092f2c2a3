"""Settling: sending the outcomes of finished runs to the store, before the next claim or at the
same time."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from typing import cast

from ..engines import answer_limit, outage
from ..engines.control import Engine
from ..engines.partly import PartlySettled
from ..errors import LightjobsError
from ..execution import exchanges
from ..execution.hooks import has_hook
from ..execution.run import Run
from ..model import PLAIN, Done, Failed, Outcome, Settlement
from .failed_attempts import outcomes_of
from .in_flight import InFlight
from .logs.job_log import JobLog
from .prefetch import Prefetch
from .refused import Settled, settle
from .tally import Tally

MANY = 50
"""The least number of runs that are worth settling in the background. With fewer, handing the batch
to another thread costs more than it saves."""

_log = logging.getLogger("lightjobs.worker")


class Settling:
    """Settles finished runs and drops them once the store has answered."""

    def __init__(
        self,
        engine: Engine,
        worker: str,
        in_flight: InFlight,
        prefetch: Prefetch,
        job_log: JobLog,
    ) -> None:
        self._engine = engine
        self._worker = worker
        self._in_flight = in_flight
        self._prefetch = prefetch
        self._job_log = job_log
        self._background: Executor | None = None
        self.hooks: deque[Run] = deque()
        """Settled runs that have a hook still to be called."""
        self.tally = Tally()

    def take_over(self, runs: Iterable[Run]) -> None:
        """Log `runs`, which ended and were settled elsewhere, and add them to `hooks` if they have
        one."""
        for run in runs:
            self._job_log.ended(run)
            if has_hook(run):
                self.hooks.append(run)
        self._job_log.flush()

    def settle(self, runs: Sequence[Run]) -> None:
        """Settle finished runs. If the store does not answer, they count as finished again, and the
        error is raised. Those whose part of the store is away are owed."""
        if runs:
            self._finish(runs, self._settling(runs), time.monotonic())
            self.learn(runs)

    def end(
        self,
        runs: Sequence[Run],
        answer: Callable[[], Sequence[Settlement]] | None = None,
        since: float | None = None,
    ) -> None:
        """As `settle`, for runs that `learn` has been called for. If their settlement has been sent
        already, at `since`, `answer` waits for the store's answer and returns it."""
        if runs:
            since = time.monotonic() if since is None else since
            self._finish(runs, self._settling(runs, answer), since)

    def is_worth_background(self, runs: Sequence[Run]) -> bool:
        """Whether to settle `runs` in the background. The store must serve two requests at once,
        and the runs must be many."""
        return self._engine.serves_at_once and len(runs) >= MANY and self.can_overlap(runs)

    def can_overlap(self, runs: Sequence[Run]) -> bool:
        """Whether more may be claimed before `runs` are settled. Nothing may have to be done about
        them before that: above all, no hook may have to be called.

        Nor may an outcome have a text in the journal. The journal drops its texts only when it is
        empty: if one batch or another were always held, it would be full after a while."""
        if self.hooks:
            return False
        return all(
            type(run.outcome) is Done and run.outcome[2:] == PLAIN and not has_hook(run)
            for run in runs
        )

    @contextmanager
    def in_background(self, runs: Sequence[Run]) -> Iterator[None]:
        """Settle `runs` in another thread, with a connection of its own, while the block runs. A
        database server settles one batch and claims another at the same time, in two of its
        processes; otherwise the worker would wait for one after the other."""
        since = time.monotonic()
        answer = self._submitted(runs)
        try:
            self.learn(runs)
            yield
        finally:
            self._finish(runs, answer, since)

    def _submitted(self, runs: Sequence[Run]) -> Callable[[], Sequence[Settled]]:
        """Begin to settle `runs`, and return what waits for the answers."""
        settling = self._settling(runs)
        if self._background is None:
            from concurrent.futures import ThreadPoolExecutor  # an idle worker need not import it

            limit = answer_limit.seconds()
            self._background = ThreadPoolExecutor(
                1, "settling", answer_limit.set_for_thread, (limit,)
            )
        try:
            return self._background.submit(settling).result
        except RuntimeError:  # the system has no thread to spare
            self._background = None
            return settling

    def _settling(
        self, runs: Sequence[Run], first: Callable[[], Sequence[Settlement]] | None = None
    ) -> Callable[[], Sequence[Settled]]:
        outcomes = outcomes_of(runs, self._worker)
        return partial(settle, self._engine, self._worker, outcomes, first)

    def learn(self, runs: Sequence[Run]) -> None:
        """Take into account how long `runs` have taken, for the next claim."""
        self._prefetch.learn(len(runs), sum(run.occupied or run.seconds for run in runs))

    def close(self) -> None:
        """End the background thread and close its connection."""
        if self._background is not None:
            self._background.submit(self._engine.close)
            self._background.shutdown()

    def _finish(
        self, runs: Sequence[Run], answer: Callable[[], Sequence[Settled]], since: float
    ) -> None:
        """Wait for the store's answer to what was sent at `since`, and drop `runs`; without an
        answer they count as finished again."""
        try:
            answers = answer()
        except PartlySettled as part:
            runs, answers = self._settled_part(runs, part)
            if not runs:
                return
        except BaseException:  # whatever it is, these runs must not be forgotten
            self._in_flight.finished.extendleft(reversed(runs))
            raise
        self._in_flight.forget(runs)
        if exchanges.watcher is not None:
            exchanges.settled([run.claim for run in runs], since)
        for run, (outcome, settlement) in zip(runs, answers, strict=True):
            if settlement is None:
                self._in_flight.refused.add(run.claim[:2])
            elif settlement is Settlement.ACCEPTED and type(outcome) is not type(run.outcome):
                self._fail(run, outcome)
            self._settled(run, settlement)
        self.tally.settled(runs, answers)
        self._job_log.flush()

    def _settled_part(
        self, runs: Sequence[Run], part: PartlySettled
    ) -> tuple[Sequence[Run], Sequence[Settled]]:
        """The runs that were settled, with what became of them. The others are owed."""
        outage.away(_log, part)
        pairs = list(zip(runs, part.answers, strict=True))
        self._in_flight.owe([run for run, settlement in pairs if settlement is None])
        settled = [(run, settlement) for run, settlement in pairs if settlement is not None]
        return [run for run, _ in settled], [(run.outcome, answer) for run, answer in settled]

    def _fail(self, run: Run, outcome: Outcome) -> None:
        """Have `run`, whose outcome the store refused, count as failed."""
        run.outcome = outcome
        run.exception = LightjobsError(cast(Failed, outcome).exception)
        self._job_log.ended(run)

    def _settled(self, run: Run, settlement: Settlement | None) -> None:
        if settlement is Settlement.ACCEPTED:
            if run.cancelled:  # its line was held back, but the cancellation came to nothing
                self._job_log.ended(run)
            if has_hook(run):
                self.hooks.append(run)
        elif settlement is Settlement.CANCELLED:
            self._job_log.cancelled(run)
        elif settlement is Settlement.LOST:
            self._job_log.lost(run)
            _log.warning(
                "outcome of job %s refused: its claim is stale",
                run.claim.id,
                extra={
                    "job_event": "lost",
                    "job_id": run.claim.id,
                    "job_handler": run.claim.handler,
                },
            )
