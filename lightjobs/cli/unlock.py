"""The command job:unlock."""

from __future__ import annotations

from collections.abc import Iterator

import click

from .. import current
from ..errors import LightjobsError, UnknownHandler
from ..execution import registry
from ..model import stored_key
from ..text import escaped
from .output import json_option, print_json
from .persistent import persistent_engine


@click.command("job:unlock")
@click.argument("key")
@json_option
def job_unlock(key: str, as_json: bool) -> int:
    """Free the key of a unique job by hand. Another job can take it then. KEY is what job:show
    tells, or a class name, a colon and what uniqueKey returns. The job that held the key stays."""
    unique = persistent_engine().unique
    held = next((found for each in _stored(key) if (found := unique.unlock(each))), None)
    if as_json:
        print_json({"key": key, "held": None if held is None else held._asdict()})
        return 1 if held is None else 0
    if held is None:
        raise LightjobsError(f"no job holds the key {key}")
    click.echo(escaped(f"freed {held.key}, which job {held.job_id} held"))
    return 0


def _stored(key: str) -> Iterator[str]:
    """What `key` may be in the store: as it is, and with the handler of the class that it names."""
    handler, colon, rest = key.partition(":")
    yield stored_key(handler, rest) if colon else key
    if colon and not registry.as_stored(handler):
        try:
            registry.load(current.settings().modules)
            yield stored_key(registry.stored(handler), rest)
        except UnknownHandler:
            return
