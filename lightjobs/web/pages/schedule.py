"""`/schedule`: the entries of the schedule, as the scheduler has noted them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.exceptions import BadRequest

from ...engines.control import Engine
from ...model import LastSlot, Stored, Template
from ...text import shortened
from ...watching.expected import expected
from ...watching.shown_status import shown_status
from ..page import Action, Done, Form, Question
from ..visit import Visit

OVERDUE = 60.0
"""After how many seconds an entry that was not dispatched is overdue: no scheduler runs."""

MOST = 500
"""How many entries are shown."""

Row = dict[str, Any]


def view(visit: Visit) -> dict[str, Any]:
    """Each entry with its moments and what became of its last job."""
    slots = entries(visit)
    if slots is None:
        return {"entries": None, "more": 0}
    shown, late = list(slots.items())[:MOST], overdue(slots, visit.now)
    return {
        "entries": [_row(visit, name, last, name in late) for name, last in shown],
        "more": len(slots) - len(shown),
    }


def entries(visit: Visit) -> Mapping[str, LastSlot] | None:
    """What is noted of each entry, by name."""
    return visit.figure("slots", lambda: _sorted(visit.engine))


def _sorted(engine: Engine) -> dict[str, LastSlot]:
    return dict(sorted(engine.schedule.slots(templates=True).items()))


def overdue(slots: Mapping[str, LastSlot], now: float) -> set[str]:
    """The entries whose next moment has passed although nothing was dispatched."""
    return {name for name, due in expected(slots, now).items() if now - due > OVERDUE}


def outcome(visit: Visit, last: LastSlot) -> str | None:
    """The status of an entry's last job; None if there was none, or it is not known."""
    if last.job_id is None:
        return None
    if last.completed:
        return "completed"
    job = _job(visit, last.job_id)
    return None if job is None else shown_status(job, visit.now)


def _job(visit: Visit, job_id: str) -> Stored | None:
    return visit.figure(("job", job_id), lambda: visit.engine.find(job_id))


def _row(visit: Visit, name: str, last: LastSlot, is_late: bool) -> Row:
    template = last.template
    return {
        "name": name,
        "state": "paused" if last.paused else "overdue" if is_late else "open",
        "expression": template and template.expression,
        "zone": template and template.zone,
        "handler": template and template.job.handler,
        "queue": template and template.job.queue,
        "conditional": bool(template and template.conditional),
        "next": last.next,
        "last": last.job_due,
        "job": last.job_id,
        "outcome": outcome(visit, last),
        "can_run": template is not None,
    }


def pause(visit: Visit, form: Form) -> Done:
    """Pause the entry that the form names."""
    entry = _known(visit, form)
    changed = visit.engine.schedule.pause_entry(entry)
    return _done(entry, changed, "is paused" if changed else "is already paused")


def resume(visit: Visit, form: Form) -> Done:
    """Resume the entry that the form names."""
    entry = _known(visit, form)
    changed = visit.engine.schedule.resume_entry(entry, visit.now)
    return _done(entry, changed, "is resumed" if changed else "is not paused")


def run_now(visit: Visit, form: Form) -> Done:
    """Dispatch the job of the entry that the form names, at once. Its moments stay as they are."""
    entry = _known(visit, form)
    (job_id,) = visit.engine.push([_template(visit, entry).job._replace(due=None)])
    return _done(entry, True, f"was dispatched as job {job_id}")


def ask_run_now(visit: Visit, form: Form) -> Question | None:
    """Ask before a condition of the project is passed over."""
    entry = _known(visit, form)
    if not _template(visit, entry).conditional:
        return None
    return Question(
        text=f"{shortened(entry)} has a condition, which only the project's own code can check. "
        "Run it now, whatever the condition says?",
        yes="Run now",
    )


def _known(visit: Visit, form: Form) -> str:
    entry = form.get("entry", "")
    if entry not in visit.engine.schedule.slots():
        raise BadRequest(f"there is no entry {shortened(entry)!r} in the schedule")
    return entry


def _template(visit: Visit, entry: str) -> Template:
    last = visit.engine.schedule.slots(templates=True).get(entry)
    if last is None or last.template is None:
        raise BadRequest(
            f"what {shortened(entry)!r} dispatches is not noted: its scheduler is of an older "
            "version"
        )
    return last.template


def _done(entry: str, changed: bool, what: str) -> Done:
    return Done(message=f"{shortened(entry)} {what}.", count=int(changed), which=f"entry {entry}")


ACTIONS = {
    "pause": Action(run=pause),
    "resume": Action(run=resume),
    "run": Action(run=run_now, question=ask_run_now),
}
