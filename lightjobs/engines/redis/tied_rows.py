"""Jobs that have ties to others as arguments of scripts; see tying.lua."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from ...errors import LightjobsError
from ...model import Flow, NewBatch, NewJob, steps_text
from .rows import job_arguments, moment

_Row = tuple[NewJob, Flow | None, Sequence[tuple[str, NewJob]]]

flow_of = itemgetter(6)
"""The ties of a NewJob."""

_NONE = (None, None, None)
"""What a Flow has besides a key, if that is all it has."""


def tied_arguments(ids: Sequence[str], jobs: Sequence[NewJob]) -> tuple[list[Any], list[str]]:
    """The ties of jobs, one for each row, and the rows as storing.lua takes them."""
    ties: list[Any] = []
    words: list[str] = []
    for first, flow, row in _rows(ids, jobs):
        ties.append(_tie(flow, row))
        words += (first.handler, first.queue, moment(first.due), str(first.priority))
        words += (first.options or "", str(len(row)))
        words += chain.from_iterable((id, job.payload) for id, job in row)
    return ties, words


def free_arguments(ids: Sequence[str], jobs: Sequence[NewJob]) -> list[str] | None:
    """Jobs as push_free.lua takes them, without the form; None for those that it does not take."""
    flow = jobs[0].flow
    if flow is None or flow.unique is None:
        return None
    terms, keys = flow.unique[1:3], []
    for flow in map(flow_of, jobs):
        if flow is None or flow[0] is None or flow[0][1:3] != terms or flow[1:] != _NONE:
            return None
        keys.append(flow[0][0])
    if len(set(keys)) < len(keys):
        return None
    scope, seconds = terms
    return [scope, str(seconds), str(len(keys)), *keys, *job_arguments(ids, jobs)]


def tied_queue_arguments(ids: Sequence[str], jobs: Sequence[NewJob]) -> tuple[list[Any], list[str]]:
    """The same for jobs that are stored already, as queue_tied.lua takes them."""
    ties: list[Any] = []
    words: list[str] = []
    for first, flow, row in _rows(ids, jobs):
        ties.append(_tie(flow, row))
        words += (first.queue, str(first.priority), moment(first.due), str(len(row)))
        words += [id for id, _ in row]
    return ties, words


def _rows(ids: Sequence[str], jobs: Sequence[NewJob]) -> Iterator[_Row]:
    """Jobs that follow each other and differ in their ids, payloads and keys alone."""
    for _, pairs in groupby(zip(ids, jobs, strict=True), _in_common):
        row = list(pairs)
        first = row[0][1]
        yield first, first.flow, row


def _in_common(pair: tuple[str, NewJob]) -> tuple[Any, ...]:
    handler, queue, _, due, priority, options, flow = pair[1]
    if flow is None or flow[0] is None:
        return handler, queue, due, priority, options, flow
    return handler, queue, due, priority, options, flow[0][1:], flow[1:]


def _tie(flow: Flow | None, row: Sequence[tuple[str, NewJob]]) -> Any:
    if flow is None:
        return False
    tie: dict[str, Any] = {"group": flow.group, "limit": flow.group_limit, "batch": flow.batch}
    if (unique := flow.unique) is not None:
        keys = [job.flow.unique.key for _, job in row if job.flow and job.flow.unique]
        tie |= {"scope": unique.scope, "seconds": unique.seconds, "taken": unique.when_taken}
        tie |= {"keys": keys}
    return {name: value for name, value in tie.items() if value is not None}


def batch_text(batch: NewBatch | str | None) -> str:
    """The batch that a push stores, or the id of the one that it adds to, as scripts take it."""
    if not isinstance(batch, NewBatch):
        return json.dumps([batch or False])
    callbacks = [steps_text(steps) if steps else "" for steps in batch[4:]]
    return json.dumps([[batch.id, batch.name, batch.parent or False, *batch[3:4], *callbacks]])


def refuse_php(form: str, jobs: Sequence[NewJob]) -> None:
    """Raise LightjobsError for jobs that have no place in PHP's form."""
    if form != "php":
        return
    for job in jobs:
        if job.flow is not None and (job.flow.batch is not None or job.flow.group is not None):
            what = "a group" if job.flow.batch is None else "a batch"
            raise LightjobsError(
                f"a job of {job.handler} has {what}, for which jobs in PHP's form have no place; "
                "allowed with REDIS_JOB_FORMAT=hash"
            )
