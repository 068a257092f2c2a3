"""What can be done to jobs of one status: to those that were chosen, or to all that fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from werkzeug.exceptions import BadRequest

from ...engines.moves import MOVES, PURGEABLE
from ...engines.where import Where
from ...model import Stored
from ...text import shortened
from ...watching.shown_status import SHOWN
from ..formatting import plural
from ..listing.scan import MOST_SCANNED, scan
from ..listing.selection import Selection, selection
from ..page import TYPED_FROM, Action, Done, Form, Question
from ..visit import Visit, findable

SPREAD = 600
"""Seconds over which many jobs that run again may be spread: a service that was away until now
would be flooded."""

MOST_IDS = 1000
"""How many jobs may be named one by one."""


class Verb(NamedTuple):
    """How an action is told."""

    label: str
    done: str
    asks: bool
    """Whether it is asked about also for single jobs: what it does cannot be undone."""


VERBS: Mapping[str, Verb] = {
    "retry": Verb("Retry", "put back to be retried", asks=False),
    "rerun": Verb("Run again", "put back to run again", asks=False),
    "resume": Verb("Resume", "resumed", asks=False),
    "pause": Verb("Pause", "paused", asks=False),
    "requeue": Verb("Requeue", "put back in the queue", asks=True),
    "cancel": Verb("Cancel", "cancelled", asks=True),
    "delete": Verb("Delete", "deleted", asks=True),
}
"""The moves that people may make, and deleting."""


@dataclass(frozen=True, slots=True)
class Target:
    """The jobs that an action is for."""

    where: Where
    """With a status."""
    status: str
    """In the words that people see."""
    named: str
    """Which jobs these are, in words that follow the status; "" where they were chosen."""
    logged: str | None = None
    """The same for the log, if it must not be told all that was typed."""
    note: str = ""
    """What the visitor should know besides."""
    is_all: bool = False
    """Whether these are all jobs that fit, not chosen ones."""


def legal(stored_status: str) -> list[str]:
    """The actions for jobs with that status."""
    sources = {name: move.sources for name, move in MOVES.items()} | {"delete": PURGEABLE}
    return [name for name in VERBS if stored_status in sources[name]]


def labels(stored_status: str) -> dict[str, str]:
    """The same with the words of their buttons."""
    return {name: VERBS[name].label for name in legal(stored_status)}


def actions(
    target: Callable[[Visit, Form], Target], names: Iterable[str] = tuple(VERBS)
) -> dict[str, Action]:
    """The actions `names` of a page, for the jobs that `target` finds in a form."""
    return {name: _action(name, target) for name in names}


def _action(name: str, target: Callable[[Visit, Form], Target]) -> Action:
    def run(visit: Visit, form: Form) -> Done:
        found = _legal(name, target(visit, form))
        spread = SPREAD if _may_spread(name, found) and _says_yes(form, "spread") else 0
        count = carry_out(visit, name, found.where, spread)
        spread_out = ", spread over 10 minutes" if spread else ""
        place = {"after": None, "back": None, "seen": None} if found.is_all else {}
        return Done(
            message=f"{_jobs(count, found)}{found.named} {VERBS[name].done}{spread_out}.",
            count=count,
            which=f"{found.status} jobs{found.named if found.logged is None else found.logged}",
            to=visit.here(**place),
        )

    def question(visit: Visit, form: Form) -> Question | None:
        found = _legal(name, target(visit, form))
        if not (found.is_all or VERBS[name].asks):
            return None
        count = visit.engine.count(found.where)
        if not count:
            return None
        words = f"{VERBS[name].label} {_jobs(count, found)}{found.named}?"
        deletes = name == "delete" or (name == "cancel" and visit.engine.retention.cancelled == 0)
        if deletes and name == "cancel":
            words += " Cancelled jobs are not kept here."
        return Question(
            text=f"{words} {found.note}".strip(),
            yes=VERBS[name].label,
            typed=str(count) if deletes and count > TYPED_FROM else None,
            may_spread=_may_spread(name, found) and count > 1,
            keep={"before": f"{found.where.before:.0f}"},
        )

    return Action(run=run, question=question)


def _may_spread(name: str, target: Target) -> bool:
    """Whether the jobs may be many, and are due at once otherwise."""
    return target.is_all and name in MOVES and MOVES[name].fresh


def carry_out(visit: Visit, name: str, where: Where, spread: int = 0) -> int:
    """Do it, and return the number of jobs. Those that run again are due within `spread`
    seconds."""
    if name == "delete":
        return visit.engine.purge(where)
    if name == "cancel":
        return visit.engine.cancel_many(where)
    if spread:
        return visit.engine.move(name, where, spread=spread)
    return visit.engine.move(name, where)  # an engine of the project's own may know no spread


def before(visit: Visit, form: Form) -> float:
    """The time before which jobs must have ended, or been created if they have not: that of the
    question, so that one which fails again meanwhile is not retried in a circle. Stored times are
    in whole seconds, and the jobs of this one are still among them: the visitor has seen them."""
    given = form.get("before", "")
    if not given:
        return math.floor(visit.now) + 1.0
    if not (given.isascii() and given.isdecimal() and len(given) < 12):
        raise BadRequest(f"before is {given[:20]!r}; allowed: unix seconds")
    return float(given)


def of_list(visit: Visit, form: Form) -> Target:
    """The jobs of the list at this address: those whose ids are in the form or, with `all`, all
    that fit. Raises BadRequest."""
    chosen, moment = selection(visit), before(visit, form)
    ids = [job_id for job_id in form.getlist("id") if findable(job_id)]
    if len(ids) > MOST_IDS:
        raise BadRequest(f"{len(ids):,} ids are given; allowed: up to {MOST_IDS:,}")
    if ids:
        where = Where(ids=tuple(ids), status=SHOWN[chosen.status], before=moment)
        shown = ", ".join(map(shortened, ids[:20])) + (", …" if len(ids) > 20 else "")
        return Target(where, chosen.status, "", logged=f" {shown}")
    if not _says_yes(form, "all"):
        raise BadRequest("No job is chosen.")
    return _all(visit, chosen, moment)


def _all(visit: Visit, chosen: Selection, moment: float) -> Target:
    named, logged = chosen.described(), chosen.described(to_log=True)
    if (where := chosen.whole) is not None:
        return Target(where.of(before=moment), chosen.status, named, logged, is_all=True)
    where = chosen.where.of(before=moment)
    return searched(visit, chosen.status, where, chosen.fits or (lambda job: True), named, logged)


def searched(
    visit: Visit,
    status: str,
    where: Where,
    fits: Callable[[Stored], bool],
    named: str,
    logged: str | None = None,
) -> Target:
    """The jobs that fit, among the first MOST_SCANNED with the status `status`, a word that people
    see."""
    found = scan(visit.engine, status, where, None, MOST_SCANNED, fits)
    ids = Where(ids=tuple(job.id for job in found.jobs), status=SHOWN[status], before=where.before)
    note = (
        ""
        if found.last is None
        else (
            f"They are found among the first {plural(found.scanned, status + ' job')}; "
            "for those behind, do this again."
        )
    )
    return Target(ids, status, named, logged, note, is_all=True)


def _says_yes(form: Form, name: str) -> bool:
    return form.get(name, "").lower() in ("yes", "true", "1")


def _legal(name: str, target: Target) -> Target:
    if name not in legal(status := str(target.where.status)):
        raise BadRequest(
            f"{name} is not for jobs whose stored status is {status}; "
            f"allowed: {', '.join(legal(status))}"
        )
    return target


def _jobs(count: int, target: Target) -> str:
    return plural(count, f"{target.status} job")
