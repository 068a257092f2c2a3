"""Dispatches jobs of all kinds, until its standard input ends: a program of the soak's project.

    python producer.py SECONDS-BETWEEN-ROUNDS

At the end it prints, as JSON, how many jobs it has stored and of what became nothing, by intention.
Its ledger has the number of each job that must end, and how.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from itertools import count

import lightjobs
from lightjobs import JobExists, batch, chain

from .jobs import Failing, FailingStep, Flaky, Grouped, Kept, Plain, Step, Unique, Waiting

LEDGER = "SOAK_LEDGER"
"""The variable that names the file of the ledger."""

RESULT_AFTER, RESULT_TIMEOUT = 10.0, 20.0
"""How old a job is when its result is asked for, and how long that waits, in seconds."""


class Producer:
    """One program that dispatches."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._ledger = os.open(os.environ[LEDGER], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._results: deque[tuple[float, str, int]] = deque()
        self._late: deque[str] = deque()
        self.told: Counter[str] = Counter()

    def run(self, pause: float) -> None:
        """Dispatch a round of all kinds, again and again."""
        rounds: tuple[Callable[[], None], ...] = (
            *(self.plain, self.delayed, self.retried, self.failing, self.unique, self.grouped),
            *(self.chained, self.broken_chain, self.batched, self.broken_batch),
            *(self.kept, self.ask, self.cancelled, self.held),
        )
        while not select.select([sys.stdin], [], [], pause)[0]:
            for dispatch in rounds:
                dispatch()
        while self._results:
            self.ask(0.0)
        while self._late:
            self._cancel()

    def new(self, outcome: str = "end") -> dict[str, int]:
        """The payload of a new job that must come to `outcome`. Its number is in the ledger before
        the job is in the store."""
        number = next(self._numbers)
        os.write(self._ledger, f"{outcome} {number}\n".encode())
        self.told["dispatched"] += 1
        return {"n": number}

    def plain(self) -> None:
        Plain().dispatch(self.new())
        Waiting().dispatch(self.new())
        Plain.dispatchMany([self.new() for _ in range(5)])

    def delayed(self) -> None:
        Plain().setDelay(2).dispatch(self.new())

    def retried(self) -> None:
        Flaky().dispatch(self.new())

    def failing(self) -> None:
        Failing().dispatch(self.new("failed"))

    def unique(self) -> None:
        """Twice with the same key, which the first may have let go already."""
        key = next(self._numbers)
        for number in (key, next(self._numbers)):
            try:
                Unique().dispatch({"n": number, "key": key % 5})
            except JobExists:
                self.told["keys taken"] += 1
            else:
                os.write(self._ledger, f"end {number}\n".encode())
                self.told["dispatched"] += 1

    def grouped(self) -> None:
        Grouped.dispatchMany([self.new() for _ in range(3)])

    def step(self) -> Step:
        return Step().setPayload(self.new())

    def failing_step(self) -> FailingStep:
        return FailingStep().setPayload(self.new("failed"))

    def chained(self) -> None:
        chain(self.step(), self.step(), self.step()).dispatch()

    def broken_chain(self) -> None:
        """What stands behind the link that fails is never dispatched."""
        behind = Step().setPayload({"n": 0})
        chain(self.step(), self.failing_step(), behind).catch(self.step()).dispatch()

    def batched(self) -> None:
        parts = [self.step() for _ in range(4)]
        batch(parts).then(self.step()).always(self.step()).dispatch()

    def broken_batch(self) -> None:
        parts = [self.step(), self.failing_step()]
        never = Step().setPayload({"n": 0})
        batch(parts).then(never).catch(self.step()).always(self.step()).dispatch()

    def kept(self) -> None:
        payload = self.new()
        self._results.append((time.monotonic(), Kept().dispatch(payload), payload["n"]))

    def ask(self, age: float = RESULT_AFTER) -> None:
        """Compare the results that should be there."""
        while self._results and time.monotonic() - self._results[0][0] > age:
            _, job_id, number = self._results.popleft()
            try:
                found = lightjobs.result(job_id, timeout=RESULT_TIMEOUT)
            except lightjobs.LightjobsError as error:
                self.told[f"result: {type(error).__name__}"] += 1
            else:
                self.told["results" if found == {"n": number} else "result: wrong"] += 1

    def cancelled(self) -> None:
        """Of a job that is due in an hour."""
        job = Plain().setDelay("+1 hour")
        self._late.append(job.dispatch(self.new("cancelled")))
        if len(self._late) > 20:
            self._cancel()

    def _cancel(self) -> None:
        self.told["cancelled"] += lightjobs.engine().cancel(self._late.popleft())

    def held(self) -> None:
        """Paused while it waits, and resumed."""
        job_id = Plain().setDelay(5).dispatch(self.new())
        engine = lightjobs.engine()
        if engine.pause(job_id) and engine.resume(job_id):
            self.told["paused and resumed"] += 1


def main() -> None:
    producer = Producer()
    producer.run(float(sys.argv[1]))
    print(json.dumps(producer.told))


if __name__ == "__main__":
    main()
