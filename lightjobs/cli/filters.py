"""The options that say which jobs a command touches."""

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
    """The name of a queue that a command was given. Raises click.BadParameter."""
    if name is not None and not is_queue(name):
        raise click.BadParameter(f"{shortened(name)!r} is not {QUEUE_NAMES}", ctx, param)
    return name


queue_option = click.option(
    "--queue", help="Only this queue.", metavar="NAME", callback=checked_queue
)
handler_option = click.option(
    "--handler", help="Only this job: its class name or stored handler.", metavar="NAME"
)
older_option = click.option(
    "--older-than", help='Only ended, or else created, before then: "1 week".', metavar="AGE"
)


def where(
    job_id: str | None = None,
    queue: str | None = None,
    handler: str | None = None,
    older_than: str | None = None,
) -> Where:
    """What the options of one command say. Raises click.UsageError."""
    before = None if older_than is None else moment(older_than)
    return Where(
        job_id=job_id,
        queue=queue,
        handler=None if handler is None else stored_handler(handler),
        before=before,
    )


def moment(older_than: str) -> float:
    """The unix time that --older-than names. Raises click.BadParameter."""
    try:
        return ago(older_than)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--older-than") from None


def stored_handler(name: str) -> str:
    """The stored handler that --handler names. Raises click.BadParameter."""
    try:
        if not registry.as_stored(name):
            registry.load(current.settings().modules)
        return registry.stored(name)
    except UnknownHandler as error:
        raise click.BadParameter(escaped(str(error)), param_hint="--handler") from None


def described(which: Where) -> str:
    """The filters in words, to follow "jobs"; "" for none."""
    parts = []
    if which.queue is not None:
        parts.append(f" of {escaped(which.queue)}")
    if which.handler is not None:
        parts.append(f" for {escaped(which.handler)}")
    if which.before is not None:
        parts.append(" that old")
    return "".join(parts)
