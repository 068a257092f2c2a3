"""The whole machine: any steps in any order, looks at the store between them, and an end."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress

from lightjobs.engines.where import Where
from lightjobs.errors import LightjobsError
from lightjobs.model import Retention, Status

from . import claims, looks
from .claims import Asked
from .machine import ALIVE
from .php import PhpSteps
from .steps import Call, chosen
from .values import SLACK, Worker, timed

PACE = 3
"""After so many steps the store is looked at."""
MOST_CLAIMS = 200
SHORTENING_SECONDS = 20.0


class Machine(PhpSteps):
    """Takes steps, and at the end has all jobs run."""

    taken = 0

    def take(self, call: Call) -> None:
        """Take a step. Now and then the store is compared with the model: that takes a store as
        long as several steps. A job that only the store knows is looked for at once, because the
        next step may be about it."""
        name, arguments = call
        getattr(self, name)(**arguments)
        self.taken += 1
        if self.taken % PACE == 0 or any(not job.id for job in self.model.jobs):
            self.the_store_is_as_the_model()

    def the_store_is_as_the_model(self) -> None:
        found = looks.differences(self.model, self.engine, self.has_ties)
        assert not found, "\n".join(found)

    def drain(self) -> None:
        """Have all jobs run to an end, and count what became of each."""
        model = self.model
        self.engine.retention = model.retention = Retention(None, None, None)
        for queue in list(model.paused):
            self.resume_queue(model.queues.index(queue))
        for worker in model.workers.values():
            with timed() as window:
                recovered = self.engine.recover(worker.name)
            assert recovered == model.recover(worker, window)
        while self.php is not None and self.with_php():
            self.php_works("done", 0)
        self.the_store_is_as_the_model()
        self.move_those("resume", Where(), lambda job: True)
        waiting = [job for job in model.jobs if job.status == Status.NEW]
        delayed = [job.id for job in waiting if job.due[1] > time.time() - SLACK]
        for name in ("cancel", "rerun") if delayed else ():
            self.move_those(name, Where(ids=tuple(delayed)), lambda job: job.id in delayed)
        self.work_all()
        self.the_store_is_as_the_model()
        assert model.unfinished() == [], "jobs are left that no claim brings"
        assert len(model.ended) + len(model.final()) == model.births

    def work_all(self) -> None:
        """Work until nothing is left."""
        worker = Worker(f"{self.name}-last")
        self.engine.register(worker.name, ALIVE)
        self.model.workers[worker.name] = worker
        asked = Asked(worker.name, self.model.queues, 1000)
        for _ in range(MOST_CLAIMS):
            with timed() as window:
                found = self.engine.claim(*asked)
            claims.check(self.model, asked, found, window, self.place)
            if not found:
                return
            self.settle_outcomes(worker.name, self.outcomes(worker, "d" * len(found)))
            self.the_store_is_as_the_model()
        raise AssertionError("the claims do not end")

    def clean(self) -> None:
        """Leave nothing to the next order of steps, also after a failure."""
        with suppress(LightjobsError):
            self._clean()

    def _clean(self) -> None:
        for queue in self.model.queues:
            self.engine.resume_queue(queue)
        for worker in self.model.workers:
            self.engine.recover(worker)
        self.engine.move("cancel")
        for status in (
            Status.NEW,
            Status.PAUSED,
            Status.FAILED,
            Status.CANCELLED,
            Status.COMPLETED,
        ):
            self.engine.purge(Where(status=status))


def walk(make: Callable[[], Machine], seed: int, count: int) -> None:
    """Take so many steps, always the same for a seed. Fails with the shortest order found."""
    calls = chosen(Machine, count, seed)
    keeps = seed % 2 == 0
    error = _failure(make, keeps, calls)
    if error is not None:
        calls, error = _shortened(make, keeps, calls, error)
        listed = "\n".join(f"    {name}({_written(given)})" for name, given in calls)
        raise AssertionError(f"seed {seed}, begin(keeps={keeps}):\n{listed}\n{error}") from error


def _written(arguments: dict[str, object]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in arguments.items())


def _failure(make: Callable[[], Machine], keeps: bool, calls: Sequence[Call]) -> Exception | None:
    """What goes wrong with these steps."""
    machine = make()
    try:
        machine.begin(keeps)
        for call in calls:
            machine.take(call)
        machine.drain()
    except Exception as error:
        return error
    finally:
        machine.clean()
    return None


def _place(error: Exception | None) -> tuple[type, str, int] | None:
    """What tells apart two things that go wrong."""
    if error is None:
        return None
    last = traceback.extract_tb(error.__traceback__)[-1]
    return type(error), last.filename, last.lineno or 0


def _shortened(
    make: Callable[[], Machine], keeps: bool, calls: list[Call], error: Exception
) -> tuple[list[Call], Exception]:
    """As few of the steps as are found in time to go wrong, leaving out ever smaller parts."""
    until = time.monotonic() + SHORTENING_SECONDS
    size = len(calls)
    while size > 0:
        for begin in range(len(calls) - size, -1, -size):
            rest = calls[:begin] + calls[begin + size :]
            if time.monotonic() > until:
                return calls, error
            found = _failure(make, keeps, rest)
            if _place(found) == _place(error):
                calls, error = rest, found  # type: ignore[assignment]
        size //= 2
    return calls, error
