"""The command check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click

from ..engines import connect
from ..engines.control import Engine
from ..engines.where import Where
from ..errors import LightjobsError
from ..execution import middleware_chain, registry
from ..model import Status
from ..schedule import loading as schedule
from ..schedule.schedulable import unschedulable
from ..settings.settings import examine
from ..text import escaped, shortened
from .output import json_option, print_json
from .variables import misspelled, wrong_options

EXAMINED_JOBS = 1000
"""How many waiting jobs `check` looks at for handlers that are not known here."""


@click.command("check")
@json_option
def check(as_json: bool) -> int:
    """Check settings, store, job modules and schedule. Prints every problem and warning; the exit
    status is 1 if there is a problem."""
    settings, wrong, warnings, unknown, store_is_known = examine()
    group = click.get_current_context().find_root().command
    assert isinstance(group, click.Group)
    problems = [*wrong, *unknown, *wrong_options(group)]
    warnings += misspelled(group, settings.engine, settings.database.driver)
    engine = None
    spread: list[str] = []
    try:
        if store_is_known:  # the default in place of a wrong value has problems of its own
            engine = connect(settings)
            problems += engine.problems()
            warnings += engine.warnings()
            spread = engine.spread()
    except LightjobsError as error:
        problems.append(str(error))
    try:
        middleware_chain.load(settings.middleware)
    except LightjobsError as error:
        problems.append(str(error))
    store_is_well = engine is not None and not problems
    problems += registry.examine(settings.modules) + registry.problems()
    if engine is not None and store_is_well:
        warnings += _unknown(engine, settings.unknown_after)
    try:
        entries = schedule.load()
        if entries and engine is not None and (reason := unschedulable(engine)) is not None:
            warnings.append(f"{schedule.FILE} has entries: {reason}")
    except LightjobsError as error:
        # The payloads of entries are checked by the settings, whose problems are listed already.
        if not str(error).endswith(tuple(wrong)):
            problems.append(str(error))
    if as_json:
        found = {"problems": problems, "warnings": warnings}
        print_json({**found, "shards": spread} if spread else found)
    else:
        _print(problems, warnings, spread, settings.engine)
    return 1 if problems else 0


def _unknown(engine: Engine, unknown_after: float) -> list[str]:
    """A warning for each handler among the oldest waiting jobs that is not known here."""
    waiting = engine.browse(Where(status=Status.NEW), limit=EXAMINED_JOBS)
    counts = Counter(job.handler for job in waiting if not registry.is_known(job.handler))
    return [
        f"{count} waiting job(s) have the handler {shortened(handler)!r}, which no Job class here "
        f"has: they wait for a worker that knows it, and fail after {unknown_after:g} s"
        for handler, count in sorted(counts.items())
    ]


def _print(
    problems: Sequence[str], warnings: Sequence[str], spread: Sequence[str], engine: str
) -> None:
    for line in spread:
        click.echo(escaped(line))
    for problem in problems:
        click.echo(f"problem: {escaped(problem)}")
    for warning in warnings:
        click.echo(f"warning: {escaped(warning)}")
    if not problems:
        jobs = sum(not handler.startswith("lightjobs.") for handler in registry.handlers())
        click.echo(f"all is well: engine {engine}, {jobs} job class(es)")
