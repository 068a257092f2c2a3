"""A store whose texts try to become part of a page."""

from __future__ import annotations

from typing import Any

from lightjobs.engines.control import Engine
from lightjobs.model import Failed, Flow, NewBatch, NewJob, Retention, Template, Unique
from lightjobs.notes.attempt_errors import AttemptError, error_line
from lightjobs.notes.observed import Running

from .addresses import EXAMPLES
from .observed import add_runs, add_worker

MARK = "<img src=x onerror=alert(1)>"
HOSTILE = f"\"'>{MARK}"


def fill(engine: Engine) -> dict[str, str]:
    """Store a job of each status with HOSTILE in all that is stored of it, in a queue of that name,
    a worker, runs, a batch and an entry of the schedule likewise. Returns what stands for the
    values in the paths of pages."""
    engine.retention = Retention(completed=None, cancelled=None)
    payload = '{"%s": ["%s"]}' % ((HOSTILE.replace('"', '\\"'),) * 2)
    options = '{"trace": {"traceparent": "%s"}, "entry": "%s"}' % (
        (HOSTILE.replace('"', '\\"'),) * 2
    )

    def push(queue: str, **changes: Any) -> str:
        job = NewJob(HOSTILE, queue, payload, options=options)._replace(**changes)
        return engine.push([job])[0]

    queue = HOSTILE + "\\"
    engine.register(HOSTILE, 60)
    push(queue)
    push(queue, due=4e9)
    for _ in range(3):
        push(f"{MARK}-2")
    claims = engine.claim(HOSTILE, [f"{MARK}-2"], 2)
    text = f"{HOSTILE}: {HOSTILE}\n\n{MARK}"
    line = error_line(AttemptError(1, 1.7e9, 1.0, HOSTILE, "error", text))
    engine.settle(HOSTILE, [Failed(claims[0].id, claims[0].fence, text, line)])
    engine.cancel(push(queue))
    engine.pause(push(queue))
    engine.pause_queue(MARK)
    running = Running(claims[1].id, HOSTILE, queue, 1, 1.7e9)
    add_worker(
        engine,
        f"{HOSTILE}2",
        host=HOSTILE,
        version=HOSTILE,
        python=HOSTILE,
        state=HOSTILE,
        queues=(HOSTILE,),
        running=(running,),
    )
    add_runs(engine, queue, HOSTILE, done=1, failed=2)
    job = _tie(engine, NewJob(HOSTILE, queue, payload, options=options))
    engine.schedule.enroll([HOSTILE], 1.7e9)
    template = Template(NewJob(HOSTILE, queue, payload), HOSTILE, HOSTILE)
    engine.schedule.describe({HOSTILE: template}, {HOSTILE: 1.7e9})
    return {**EXAMPLES, "queue": queue, "job": job, "batch": HOSTILE}


def _tie(engine: Engine, job: NewJob) -> str:
    """Store `job` with a key, a group and a batch, and another batch within that one. Returns its
    id."""
    flow = Flow(Unique(HOSTILE, "window", 3600.0), HOSTILE, None, HOSTILE)
    [job_id] = engine.batches.push(NewBatch(HOSTILE, HOSTILE), [job._replace(flow=flow)])
    inner = job._replace(flow=Flow(batch=MARK))
    engine.batches.push(NewBatch(MARK, HOSTILE, HOSTILE), [inner])
    return job_id
