"""A store with something of everything, and with the longest names that there can be."""

from __future__ import annotations

import json
import time

from lightjobs.engines.control import Engine
from lightjobs.model import (
    Done,
    Failed,
    Flow,
    NewBatch,
    NewJob,
    Release,
    Retention,
    Template,
    Unique,
)
from lightjobs.notes.attempt_errors import AttemptError, error_line
from lightjobs.notes.observed import PARTS, SAMPLE, Rate, Running
from tests.web.observed import add_worker

from .addresses import Values

LONG_QUEUE = "q" * 55
LONG_HANDLER = "App\\Jobs\\" + "Handler" * 35
HANDLERS = ("App\\Jobs\\SendMail", LONG_HANDLER)
OPTIONS = '{"attempts": 3, "timeout": 60}'
PAYLOAD = json.dumps({"number": 2**60 + 1, "text": "x" * 300, "token": "s3cret", "list": [1, 2]})
QUEUES = ("mail", LONG_QUEUE)
BATCHES = ("b" * 64, "batch-2")
LONG_GROUP = "g" * 191
UNIQUE = Unique("k" * 255, "active", 3600.0)
WORKER = "host-a:100:101"


def fill(engine: Engine) -> Values:
    """Store jobs of each status, batches, workers, an hour of runs and a schedule. Returns what
    stands for the values in the paths of pages."""
    engine.retention = Retention(completed=None, failed=None, cancelled=None)
    engine.register(WORKER, 600)
    for queue in QUEUES:
        jobs = [NewJob(each, queue, PAYLOAD, options=OPTIONS) for each in HANDLERS]
        claimed = [_claimed(engine, job) for job in jobs]
        others = [_others(engine, job) for job in jobs]  # or they would be claimed, too
        _note_runs(engine, queue)
    engine.pause_queue(LONG_QUEUE)
    _workers(engine, claimed[-1][0])
    _schedule(engine)
    tied = _batches(engine)
    return {"queue": QUEUES, "job": [*claimed[-1], *others[-1], tied], "batch": BATCHES}


def _claimed(engine: Engine, job: NewJob) -> list[str]:
    """Two that run, one that failed, one that is to be repeated, and one that is done."""
    ids = engine.push([job] * 5)
    claims = {claim.id: claim for claim in engine.claim(WORKER, [job.queue], 5)}
    fails, comes_back, is_done = (claims[job_id] for job_id in ids[2:])
    text = f"{'Error' * 30}: {'word ' * 100}\n\nTraceback (most recent call last):\n  {'y' * 300}"
    line = error_line(AttemptError(1, time.time(), 1.5, WORKER, "error", text))
    engine.settle(
        WORKER,
        [
            Failed(fails.id, fails.fence, text, line),
            Release(comes_back.id, comes_back.fence, time.time() + 3600, 1, text, line),
            Done(is_done.id, is_done.fence),
        ],
    )
    return ids


def _others(engine: Engine, job: NewJob) -> list[str]:
    """One of each other status."""
    waits, later, cancelled, paused = engine.push([job, job._replace(due=4e9), job, job])
    engine.cancel(cancelled)
    engine.pause(paused)
    return [waits, later, cancelled, paused]


def _batches(engine: Engine) -> str:
    """A batch with a failed job, jobs of two groups that wait, and a batch in it. Returns the id
    of a job whose key another one holds."""
    outer, inner = BATCHES
    ties = [Flow(UNIQUE, LONG_GROUP, 2, outer), Flow(None, "tenant-1", None, outer)]
    jobs = [NewJob(LONG_HANDLER, "batches", PAYLOAD, flow=flow) for flow in ties]
    engine.batches.push(NewBatch(outer, "n" * 191), [*jobs, jobs[1]._replace(queue="mail")])
    claims = engine.claim(WORKER, ["batches"], 2)
    engine.settle(WORKER, [Failed(claim.id, claim.fence, "Error: x") for claim in claims])
    engine.batches.add(outer, [jobs[0]])
    part = NewBatch(inner, "pages", outer)
    engine.batches.push(part, [NewJob(LONG_HANDLER, "mail", PAYLOAD, flow=Flow(batch=inner))])
    return next(claim.id for claim in claims if (job := engine.find(claim.id)) and job.unique_key)


def _note_runs(engine: Engine, queue: str) -> None:
    """An hour of runs, with a sample of the queue in each minute."""
    now = int(time.time() // 60 * 60)
    rates = []
    for minute in range(60):
        parts = [0] * PARTS
        parts[minute % 10] = 10 + minute % 7
        runs = sum(parts)
        rate = Rate(60, now - 60 * minute, queue, LONG_HANDLER, done=runs - 3, retried=2, failed=1)
        rates += [
            rate._replace(milliseconds=300 * runs, durations=tuple(parts), waits=tuple(parts)),
            rate._replace(
                **{"handler": SAMPLE, "done": 0, "retried": 0, "failed": 0},
                **{"depth": minute, "latency": float(minute)},
            ),
        ]
    engine.monitoring.note_rates(rates)


def _workers(engine: Engine, job: str) -> None:
    running = Running(job, LONG_HANDLER, "mail", 1, time.time() - 100)
    add_worker(engine, "host-a:100:102", queues=QUEUES, running=(running,))
    add_worker(engine, "h" * 60 + ":1:2", host="h" * 60, version="0.0.9", state="stopping")


def _schedule(engine: Engine) -> None:
    for name in ("nightly", "entry-" + "e" * 80):
        engine.schedule.enroll([name], time.time() - 90_000)
        template = Template(NewJob(LONG_HANDLER, "mail", PAYLOAD), "0 4 * * *", "Europe/Vienna")
        engine.schedule.describe({name: template}, {name: time.time() + 3600})
    engine.schedule.pause_entry(name)
