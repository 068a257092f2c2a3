import itertools
import time

from lightjobs.execution import registry
from lightjobs.execution.async_bridge import run_here
from lightjobs.execution.executor import execute
from lightjobs.execution.run import Run
from lightjobs.model import Claim, NewJob

_ids = itertools.count(1)


def claim(handler="unknown", payload="{}", **fields):
    values = {
        "id": str(next(_ids)),
        "fence": 1,
        "handler": handler,
        "queue": "default",
        "payload": payload,
        "attempts": 1,
        "recoveries": 0,
        "created_at": "2026-01-02 03:04:05",
        "options": None,
    }
    return Claim(**{**values, **fields})


def run(job, payload="{}", **fields):
    """Run a claim on the Job class `job`."""
    made = Run(claim(registry.handler_of(job), payload, **fields))
    try:
        return run_here(execute(made), made.needs_loop())
    except BaseException as error:  # a KeyboardInterrupt would end the whole test run
        raise AssertionError(f"execute() raised {type(error).__name__}") from error


def new_job(job, payload="{}", **fields):
    return NewJob(registry.handler_of(job), fields.pop("queue", "default"), payload, **fields)


def eventually(condition, timeout=3.0):
    until = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.005)
    return value
