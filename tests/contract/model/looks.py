"""Comparing an engine with the model."""

from __future__ import annotations

import time
from collections.abc import Iterator

from lightjobs.engines.control import Engine
from lightjobs.engines.where import Where
from lightjobs.model import STATUSES, Status, Stored

from .store import Model
from .values import SLACK, Job

MANY = 10_000


def differences(model: Model, engine: Engine, keeps_lines: bool = True) -> list[str]:
    """What is not as the model says. `keeps_lines`: whether the store keeps a line for each lost
    worker. Jobs that the store has pushed itself get their ids."""
    return [
        *_of_jobs(model, engine, keeps_lines),
        *_of_counts(model, engine),
        *_of_workers(model, engine),
        *_of_ties(model, engine),
    ]


def _of_jobs(model: Model, engine: Engine, keeps_lines: bool) -> Iterator[str]:
    listed: dict[str, Stored] = {}
    for status in STATUSES:
        for each in engine.browse(Where(status=status), MANY):
            if each.queue in model.queues:
                if each.id in listed:
                    yield f"{each.id} is listed as {listed[each.id].status} and as {status}"
                listed[each.id] = each
                model.seen(each.id, each.payload)
    for job in model.jobs:
        stored = listed.pop(job.id, None)
        if stored is None and job.with_php:  # it is in no list
            stored = engine.find(job.id)
        if stored is None:
            yield f"{job} is lost"
        else:
            yield from _of_job(job, stored, keeps_lines)
    for stored in listed.values():
        yield f"{stored} must not be there"


def _of_job(job: Job, stored: Stored, keeps_lines: bool) -> Iterator[str]:
    pairs = {
        "status": (job.status, stored.status),
        "queue": (job.queue, stored.queue),
        "handler": (job.handler, stored.handler),
        "payload": (job.payload, stored.payload),
        "priority": (job.priority, stored.priority),
        "attempts": (job.attempts, stored.attempts),
        "recoveries": (job.recoveries, stored.recoveries),
        "worker": (job.worker, stored.worker),
        "exception": (job.exception, (stored.exception or "").partition("\n")[0] or None),
        "key": (job.key, stored.unique_key),
        "group": (job.flow.group, stored.group),
        "batch": (job.flow.batch, stored.batch),
    }
    if keeps_lines:
        pairs["lost workers"] = (job.lost, len(stored.errors))
    for name, (expected, found) in pairs.items():
        if expected != found:
            yield f"{name} of {job.id} is {found!r}, not {expected!r}: {job}"
    due = [time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment)) for moment in job.due]
    if not due[0] <= stored.scheduled_at <= due[1]:
        yield f"{job.id} is due at {stored.scheduled_at}, not {due}"


def _of_counts(model: Model, engine: Engine) -> Iterator[str]:
    begin = time.time()
    stats = engine.stats()
    end = time.time()
    for queue in model.queues:
        found = dict(stats.get(queue, {}))
        delayed = found.pop("delayed", 0)
        expected = model.counts(queue)
        own = [job for job in model.jobs if job.queue == queue]
        # Redis does not count what PHP holds.
        php = sum(job.with_php for job in own)
        queued = found.pop(Status.QUEUED, 0)
        if not 0 <= expected.pop(Status.QUEUED) - queued <= php:
            yield f"{queue} counts {queued} queued: {own}"
        if {status: found.get(status, 0) for status in expected} != expected:
            yield f"{queue} counts {found}, not {expected}"
        waiting = [job for job in own if job.status == Status.NEW]
        least = sum(job.due[0] > end + SLACK for job in waiting)
        if not least <= delayed <= sum(job.due[1] > begin - SLACK for job in waiting):
            yield f"{queue} counts {delayed} delayed jobs: {waiting}"


def _of_workers(model: Model, engine: Engine) -> Iterator[str]:
    for worker in model.workers.values():
        if worker.is_registered or worker.claims:
            expected = {job.id: (job.fence, job.attempts) for job in model.held(worker.name)}
            found = {claim.id: (claim.fence, claim.attempts) for claim in engine.held(worker.name)}
            if found != expected:
                yield f"{worker.name} holds {found}, not {expected}"


def _of_ties(model: Model, engine: Engine) -> Iterator[str]:
    for key in model.keys.taken:
        job, holder = model.keys.holder(key), engine.unique.holder(key)
        if (job and job.id) != (holder and holder.job_id):
            yield f"{key} is held by {holder}, not {job}"
    for batch in model.batches.known.values():
        found = engine.batches.find(batch.id)
        expected = model.batches.counts(batch, model.jobs)
        if found is None or {name: getattr(found, name) for name in expected} != expected:
            yield f"{batch} is {found}, not {expected}"
        elif (found.ended_at is None) == (found.waiting + found.running == 0):
            yield f"{batch}: {found} has ended too late or too soon"
        elif sorted(found.called) != sorted(batch.called):
            yield f"{batch} has called {found.called}"
    here = [job for job in model.jobs if job.status in (Status.NEW, Status.QUEUED)]
    for queue in {job.queue for job in here if job.flow.group is not None}:
        counted = {each.name: (each.waiting, each.running) for each in engine.groups(queue)}
        for group in {job.flow.group for job in here if job.queue == queue}:
            same = [job.status for job in here if (job.queue, job.flow.group) == (queue, group)]
            expected_pair = same.count(Status.NEW), same.count(Status.QUEUED)
            if counted.get(group) != expected_pair:
                yield f"{group} of {queue} counts {counted}, not {expected_pair}"
