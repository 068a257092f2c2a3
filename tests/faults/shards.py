"""Jobs for shards, and a look at them of which some may be away."""

from __future__ import annotations

from lightjobs.engines.control import Engine
from lightjobs.errors import StoreUnavailable
from lightjobs.model import NewJob

HANDLER = "App\\Jobs\\Work"


def jobs(count: int, start: int = 0, **payload: float) -> list[NewJob]:
    more = "".join(f',"{name}":{value}' for name, value in payload.items())
    return [NewJob(HANDLER, "default", f'{{"n":{n}{more}}}') for n in range(start, start + count)]


def stats(engine: Engine) -> dict[str, dict[str, int]] | None:
    """The counts; None while a shard is away."""
    try:
        return engine.stats()
    except StoreUnavailable:
        return None
