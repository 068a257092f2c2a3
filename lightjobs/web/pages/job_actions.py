"""What can be done to one job from its page."""

from __future__ import annotations

import json

from werkzeug.exceptions import BadRequest, NotFound

from ...engines.moves import MOVES
from ...engines.where import Where
from ...model import ENTRY_OPTION, SLOT_OPTION, NewJob, Stored
from ...text import shortened
from ...watching.shown_status import shown_status
from ...watching.ties import other_holder
from ..listing.rows import options_of
from ..listing.search import class_name
from ..page import Action, Done, Form, Question
from ..visit import Visit, findable
from .bulk import VERBS, carry_out, legal

AGAIN = "again"
"""Dispatching a copy. It is for jobs of every status."""

_OF_ONE_DISPATCH = ("trace", ENTRY_OPTION, SLOT_OPTION)
"""Options that a copy does not get: it belongs to no trace and no moment of the schedule."""


def find(visit: Visit, job_id: str) -> Stored:
    """The job with that id. Raises NotFound."""
    found = visit.engine.find(job_id) if findable(job_id) else None
    if found is None:
        raise NotFound("There is no such job. Completed and deleted jobs may be gone.")
    return found


def allowed(job: Stored) -> list[str]:
    """The actions for `job`."""
    moves = legal(job.status)
    return [*moves, AGAIN] if moves else []  # there are none for one that cannot be read


def dispatch_again(visit: Visit, form: Form, job: str) -> Done:
    """Push a copy of the job, due now."""
    found = find(visit, job)
    if AGAIN not in allowed(found):
        raise BadRequest("This job cannot be read, and so not be copied.")
    options = {
        name: value for name, value in options_of(found).items() if name not in _OF_ONE_DISPATCH
    }
    copy = NewJob(
        found.handler,
        found.queue,
        found.payload,
        priority=found.priority,
        options=json.dumps(options) if options else None,
    )
    [copied] = visit.engine.push([copy])
    return Done(
        message=f"This copy of job {shortened(found.id)} was dispatched.",
        count=1,
        which=f"job {shortened(found.id)} as {copied}",
        to=visit.url("job", job=copied),
    )


def _ask_again(visit: Visit, form: Form, job: str) -> Question:
    words = f"Dispatch a copy of job {_named(visit, find(visit, job))}? It is due at once."
    return Question(text=words, yes="Dispatch")


def _action(name: str) -> Action:
    def run(visit: Visit, form: Form, job: str) -> Done:
        found = find(visit, job)
        where = Where(job_id=found.id, status=found.status)
        count = carry_out(visit, name, where) if name in legal(found.status) else 0
        named, status = shortened(found.id), shown_status(found, visit.now)
        done = f"was {VERBS[name].done}" if count else _why_not(visit, found, name, status)
        return Done(
            message=f"Job {named} {done}.",
            count=count,
            which=f"job {named}",
            to=_after(visit, found, status),
        )

    def question(visit: Visit, form: Form, job: str) -> Question | None:
        found = find(visit, job)
        if not VERBS[name].asks or name not in legal(found.status):
            return None
        words = f"{VERBS[name].label} job {_named(visit, found)}?"
        if name == "cancel" and visit.engine.retention.cancelled == 0:
            words += " Cancelled jobs are not kept here."
        return Question(text=words, yes=VERBS[name].label)

    return Action(run=run, question=question)


def _why_not(visit: Visit, job: Stored, name: str, status: str) -> str:
    """Why `name` has changed nothing, in words that follow the job."""
    is_fresh = name in MOVES and MOVES[name].fresh and name in legal(job.status)
    holder = other_holder(visit.engine, job) if is_fresh else None
    if holder is None:
        return f"is {status}: that is not possible"
    key = shortened(holder.key, 255)
    return f"stays as it is: its key {key} is held by job {shortened(holder.job_id)}"


def _after(visit: Visit, job: Stored, status: str) -> str:
    """Where to go afterwards: to the job or, if it is gone, to the list that it was in."""
    if visit.engine.find(job.id) is not None:
        return visit.url("job", job=job.id)
    return visit.url("jobs", status=status)


def _named(visit: Visit, job: Stored) -> str:
    status = shown_status(job, visit.now)
    return f"{shortened(job.id)} ({shortened(class_name(job.handler))}, {status})"


ACTIONS = {
    **{name: _action(name) for name in VERBS},
    AGAIN: Action(run=dispatch_again, question=_ask_again),
}
LABELS = {**{name: verb.label for name, verb in VERBS.items()}, AGAIN: "Dispatch again"}
