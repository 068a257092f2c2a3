"""Commands that act on several jobs, each given by its id."""

from __future__ import annotations

from collections.abc import Callable

import click

from .. import current
from ..errors import LightjobsError
from ..model import Stored
from ..text import escaped
from .output import print_json

ids_argument = click.argument("ids", metavar="[ID]...", nargs=-1)
needed_ids_argument = click.argument("ids", metavar="ID...", nargs=-1, required=True)


def act_on_each(
    ids: tuple[str, ...],
    act: Callable[[str], bool],
    done: str,
    not_done: str,
    as_json: bool,
    *,
    counted: bool = False,
    why: Callable[[Stored], str | None] = lambda job: None,
) -> int:
    """Call `act` for each job and print the results, in JSON with their number if `counted`; then
    the number alone tells what became of a single job. Returns the exit status. If `act` refuses a
    job, that is 1 with `as_json`; otherwise LightjobsError is raised, after all jobs are done. It
    gives the reason that `why` knows, or else the job's status."""
    changed = {job_id: act(job_id) for job_id in ids}
    if as_json:
        count = {"count": sum(changed.values())} if counted else {}
        print_json(count if counted and len(changed) == 1 else {**count, "jobs": changed})
        return 0 if all(changed.values()) else 1
    for job_id, was_done in changed.items():
        if was_done:
            click.echo(f"job {escaped(job_id)} {done}")
    refused = [job_id for job_id, was_done in changed.items() if not was_done]
    if refused:
        raise LightjobsError("\n".join(_why_not(job_id, not_done, why) for job_id in refused))
    return 0


def _why_not(job_id: str, not_done: str, why: Callable[[Stored], str | None]) -> str:
    job = current.engine().find(job_id)
    if job is None:
        return f"there is no job {job_id}"
    return f"job {job_id} {not_done}: {why(job) or f'it is {job.status}'}"
