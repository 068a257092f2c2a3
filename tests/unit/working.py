"""A Loop in this process on the memory engine, and the jobs it runs."""

import threading
import time

from lightjobs.errors import StoreUnavailable
from lightjobs.workers.job_log import JobLog
from lightjobs.workers.loop import Loop
from lightjobs.workers.options import Options
from lightjobs.workers.shared.journal import Journal
from lightjobs.workers.stop_flag import StopFlag


class Recorded(JobLog):
    def __init__(self):
        self.started_ids, self.ended_ids, self.lost_ids, self.cancelled_ids = [], [], [], []

    def started(self, claim):
        self.started_ids.append(claim.id)

    def ended(self, run):
        self.ended_ids.append(run.claim.id)

    def lost(self, run):
        self.lost_ids.append(run.claim.id)

    def cancelled(self, run):
        self.cancelled_ids.append(run.claim.id)


class Worker:
    """A registered worker; `run()` returns when its loop is over, `start()` runs it in a thread."""

    numbers = iter(range(10**9))

    def __init__(self, engine, budget=None, **options):
        options.setdefault("stop_when_empty", True)
        options.setdefault("sleep", 0.2)
        self.engine = engine
        self.name = f"worker-{next(self.numbers)}"
        self.flag = StopFlag()
        self.lines = Recorded()
        self.journal = Journal()
        engine.register(self.name, 30)
        self.loop = Loop(
            engine, self.name, Options(**options), self.journal, self.lines, self.flag, budget
        )

    def run(self):
        timer = threading.Timer(10, self.flag.raise_)
        timer.start()
        try:
            self.loop.run()
        finally:
            timer.cancel()
        assert self.flag.raised == 0 or timer.finished.is_set()
        return self

    def start(self):
        thread = threading.Thread(target=self.loop.run)
        thread.start()
        return thread

    def stop(self, thread):
        self.flag.raise_()
        thread.join(10)
        assert not thread.is_alive()


class Wrapped:
    """An engine whose verbs a test may replace; `original` is the real one."""

    def __init__(self, original, **verbs):
        self.original = original
        for name, verb in verbs.items():
            setattr(self, name, verb)

    def __getattr__(self, name):
        return getattr(self.original, name)


def greedy(engine):
    """An engine of which every claim takes all it can, however careful the loop is."""
    return Wrapped(engine, claim=lambda name, queues, _limit: engine.claim(name, queues, 1000))


def failing(verb, times, after=False):
    """The verb, raising StoreUnavailable the first `times`; with `after` once it is done."""
    left = [times]

    def call(*arguments):
        away = left[0] > 0
        left[0] -= 1
        if away and not after:
            raise StoreUnavailable("away")
        result = verb(*arguments)
        if away:
            raise StoreUnavailable("the reply was lost")
        return result

    return call


def wait_for(condition, timeout=5.0):
    until = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.002)
    return value
