"""The command job:verify."""

from __future__ import annotations

import click

from ..engines.consistency import FAULTS, Finding
from ..text import escaped
from .output import json_option, print_json
from .persistent import persistent_engine

_MOST_NAMES = 10
"""How many names a line shows."""


@click.command("job:verify")
@click.option("--fix", is_flag=True, help="Mend what is found.")
@json_option
def job_verify(fix: bool, as_json: bool) -> int:
    """Find what does not agree in the store, or mend it. Compares jobs, sets, counters and workers.
    Safe while workers run: what they are just doing is neither reported nor changed. The exit
    status is 1 if there is something wrong that has not been mended."""
    store = persistent_engine().consistency
    found = [] if store is None else store.verify(fix)
    left = sum(len(finding.names) - finding.mended for finding in found)
    if as_json:
        print_json({"fix": fix, "faults": [_as_dict(finding) for finding in found]})
    elif not found:
        click.echo("all is well: jobs, sets, counters and workers agree")
    else:
        for finding in found:
            click.echo(_line(finding))
        if left and not fix:
            click.echo("lightjobs job:verify --fix mends this")
    return 1 if left else 0


def _as_dict(finding: Finding) -> dict[str, object]:
    return {
        "kind": finding.kind,
        "count": len(finding.names),
        "mended": finding.mended,
        "names": finding.names,
    }


def _line(finding: Finding) -> str:
    wrong, mending = FAULTS[finding.kind]
    names = ", ".join(map(escaped, finding.names[:_MOST_NAMES]))
    if len(finding.names) > _MOST_NAMES:
        names += ", …"
    mended = f"; {mending}: {finding.mended:,}" if finding.mended else ""
    return f"{finding.kind}: {len(finding.names):,} {wrong}: {names}{mended}"
