"""check"""

from __future__ import annotations

import click

from .. import registry
from ..engines import connect
from ..errors import LightjobsError
from ..schedule import loading as schedule
from ..settings import examine
from ..text import escaped
from .output import json_option, print_json


@click.command("check")
@json_option
def check(as_json: bool) -> int:
    """Check settings, store and job modules; print every problem, exit 1 if there is one."""
    settings, problems = examine()
    try:
        engine = connect(settings)
        problems += engine.problems()
    except LightjobsError as error:
        problems.append(str(error))
    problems += registry.examine(settings.modules)
    try:
        schedule.load()
    except LightjobsError as error:
        problems.append(str(error))
    if as_json:
        print_json({"problems": problems})
    else:
        for problem in problems:
            click.echo(f"problem: {escaped(problem)}")
        if not problems:
            jobs = len(registry.handlers())
            click.echo(f"all is well: engine {settings.engine}, {jobs} job class(es)")
    return 1 if problems else 0
