"""Cleaning up one queue, with the words of `job:cleanup`."""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import BadRequest

from ...engines.cleanup_plan import GROUPS, step
from ...text import shortened
from ..formatting import plural
from ..page import TYPED_FROM, Action, Done, Form, Question
from ..visit import Visit

ACTIONS = ("nothing", "rerun", "remove", "remove older than")
"""What can be chosen for each group; the last one goes with the field `age`."""


def question(visit: Visit, form: Form, queue: str) -> Question:
    """What will be done to how many jobs. Nothing is changed."""
    chosen: dict[str, Any] = _chosen(form)
    counts = visit.engine.cleanup(queue=queue, dry_run=True, **chosen)
    parts = [
        f"{group}: {_action(group, chosen[group])} {plural(count, 'job')}"
        for group, count in counts.items()
    ]
    removed = sum(n for group, n in counts.items() if chosen[group].startswith("remove"))
    return Question(
        text=f"Clean up the queue {shortened(queue)}? {'; '.join(parts)}.",
        yes="Clean up",
        typed=str(removed) if removed > TYPED_FROM else None,
    )


def clean(visit: Visit, form: Form, queue: str) -> Done:
    """Clean up `queue`, as the form says."""
    chosen: dict[str, Any] = _chosen(form)
    counts = visit.engine.cleanup(queue=queue, **chosen)
    done = ", ".join(
        f"{plural(n, f'{group} job')} ({chosen[group]})" for group, n in counts.items()
    )
    words = ", ".join(f"{group}={action}" for group, action in chosen.items())
    return Done(
        message=f"Cleaned up: {done}.",
        count=sum(counts.values()),
        which=f"queue {queue}, {words}",
    )


def _chosen(form: Form) -> dict[str, str]:
    """What is to be done to each group. Raises BadRequest."""
    chosen = {}
    for group in GROUPS:
        action = form.get(group, "nothing").strip()
        if action == ACTIONS[-1]:
            action = f"{action} {form.get('age', '').strip()}"
        try:
            step(group, action)
        except ValueError as error:
            raise BadRequest(str(error)) from None
        if action != "nothing":
            chosen[group] = action
    if not chosen:
        raise BadRequest("Nothing is chosen.")
    return chosen


def _action(group: str, action: str) -> str:
    """What is really done: jobs that run are cancelled, not removed."""
    return action.replace("remove", "cancel") if group == "processing" else action


CLEANUP = Action(run=clean, question=question)
