"""The options that select the jobs a command acts on."""

from __future__ import annotations

import click

from .. import current
from ..engines.where import Where
from ..errors import UnknownHandler
from ..execution import registry
from ..model import QUEUE_NAMES, is_queue
from ..settings.duration import ago
from ..text import escaped, shortened


def checked_queue(ctx: click.Context, param: click.Parameter, name: str | None) -> str | None:
    """A click callback that returns the queue's name. Raises click.BadParameter for a name that no
    queue can have."""
    if name is not None and not is_queue(name):
        raise click.BadParameter(f"{shortened(name)!r} is not {QUEUE_NAMES}", ctx, param)
    return name


def queues(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...]:
    """A click callback that returns the names of queues that are separated by commas; none for
    None. Raises click.BadParameter for a name that no queue can have."""
    names = [] if value is None else [name.strip() for name in value.split(",")]
    return tuple(dict.fromkeys(str(checked_queue(ctx, param, name)) for name in names))


queue_option = click.option(
    "--queue", help="Only jobs in this queue.", metavar="NAME", callback=checked_queue
)
handler_option = click.option(
    "--handler", help="Only jobs with this class name or stored handler.", metavar="NAME"
)
older_option = click.option(
    "--older-than",
    help='Only jobs that ended longer ago than this, such as "1 week". For jobs that have not '
    "ended, their creation counts.",
    metavar="AGE",
)


def where(
    job_id: str | None = None,
    queue: str | None = None,
    handler: str | None = None,
    older_than: str | None = None,
) -> Where:
    """The filter that the options of a command give. Raises click.BadParameter."""
    before = None if older_than is None else moment(older_than)
    return Where(
        job_id=job_id,
        queue=queue,
        handler=None if handler is None else stored_handler(handler),
        before=before,
    )


def moment(older_than: str) -> float:
    """The unix time that is `older_than` ago. Raises click.BadParameter."""
    try:
        return ago(older_than)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--older-than") from None


def stored_handler(name: str) -> str:
    """The stored handler for `name`, a class name or handler. Raises click.BadParameter."""
    if "*" in name:
        reason = "is not one handler; allowed: a class name or stored handler, without wildcards"
        raise click.BadParameter(f"{shortened(name)!r} {reason}", param_hint="--handler")
    try:
        if not registry.as_stored(name):
            registry.load(current.settings().modules)
        return registry.stored(name)
    except UnknownHandler as error:
        raise click.BadParameter(escaped(str(error)), param_hint="--handler") from None


def described(which: Where) -> str:
    """The filters as words that follow "jobs"; "" if there are none."""
    parts = []
    if which.queue is not None:
        parts.append(f" of {escaped(which.queue)}")
    if which.handler is not None:
        parts.append(f" for {escaped(which.handler)}")
    if which.before is not None:
        parts.append(" that old")
    if which.exception is not None:
        parts.append(f" with {escaped(which.exception)}")
    if which.worker is not None:
        parts.append(f" held by {escaped(which.worker)}")
    if which.batch is not None:
        parts.append(f" of the batch {escaped(which.batch)}")
    return "".join(parts)
