"""`make docs-reference`: brings docs/reference/ up to date with the code, other pages with the
figures of docs/benchmarks.md, and docs/deploy/ with the recipes of `lightjobs deploy:print`.

A part of a page between `<!-- generated: KIND NAME -->` and `<!-- end -->` is written by this
script. Commands and options come from click. Of settings and metrics the names, places, labels and
defaults come from the code, while the page keeps what they mean: only a new row begins with the
words of the code.
"""

from __future__ import annotations

import importlib
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from lightjobs import cli
from lightjobs.cli import web
from lightjobs.engines.memory import MemoryEngine
from lightjobs.metrics.families import Family
from lightjobs.metrics.runs import RunMetrics
from lightjobs.metrics.store import StoreMetrics
from lightjobs.settings.config_files import TEMPLATES
from lightjobs.workers.vitals import Vitals
from scripts import docs_classes
from scripts.docs_tables import rows, table

DOCS = Path(__file__).parents[1] / "docs"
PAGES = (
    "reference/commands.md",
    "reference/settings.md",
    "reference/metrics.md",
    "reference/classes.md",
    "choosing-an-engine.md",
    "compared.md",
)

PART = re.compile(r"(<!-- generated: (\w+) (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)

GROUPS = ("job", "batch", "schedule", "migrate")
"""The beginnings of commands that are a part of the page each."""
MONITORING = ("web", "top", "worker:list", "metrics", "health")

SEE = {
    "job:work": "[Run workers](../how-to/workers.md)",
    "job:dispatch": "[Write and dispatch jobs](../how-to/jobs.md)",
    "job:move": "[Move jobs to another engine](../how-to/move.md)",
    "job:cancel": "[Cancel](../how-to/control.md#cancel)",
    "job:pause": "[Pause and resume](../how-to/control.md#pause-and-resume)",
    "job:resume": "[Pause and resume](../how-to/control.md#pause-and-resume)",
    "job:cleanup": "[Retention and cleanup](../how-to/control.md#retention-and-cleanup)",
    "job:verify": "[Verify the store](../how-to/verify.md)",
    "job:unlock": "[Free a key](../how-to/control.md#free-the-key-of-a-unique-job)",
    "job:recover": "[Share a queue with PHP](../how-to/php-redis.md)",
    "batch:cancel": "[Batches by hand](../how-to/control.md#batches)",
    "batch:retry": "[Batches by hand](../how-to/control.md#batches)",
    "schedule:work": "[Dispatch jobs on a schedule](../how-to/schedule.md)",
    "web": "[The web page](../web.md)",
    "metrics": "[Monitor queues and workers](../how-to/monitoring.md)",
    "health": "[Probes](../how-to/monitoring.md#probes)",
    "migrate:up": "[Keep jobs in a database](../how-to/databases.md)",
    "torture": "[Torture the store](../how-to/torture.md)",
    "deploy:print": "[Deploy](../how-to/deploy.md)",
}
"""Where more is said about a command."""

CODE = re.compile(
    r"(?<![\w`/])("
    r"--[a-z][a-z-]*"  # an option
    r"|[A-Z]+(?:_[A-Z]+)+"  # a variable
    r"|(?:job|batch|schedule|migrate|worker|create|deploy):[a-z]+"  # a command
    r"|/(?:metrics|live|ready)\b"
    r"|[\w/]+\.py|app_jobs/|config/|\.env\b"
    r")"
)


class Setting(NamedTuple):
    """A key of a file in config/."""

    variable: str
    key: str
    meaning: str
    default: str


def main() -> int:
    for page in PAGES:
        path = DOCS / page
        path.write_text(generated(path.read_text(encoding="utf-8")), encoding="utf-8")
    shutil.rmtree(DOCS / "deploy", ignore_errors=True)
    # Copies, because links are not kept by every file system and archive.
    shutil.copytree(TEMPLATES / "deploy", DOCS / "deploy")
    return 0


def generated(text: str) -> str:
    """The text of a page with its parts written anew."""

    def write(part: re.Match[str]) -> str:
        begin, kind, name, old, end = part.groups()
        return f"{begin}\n{MAKERS[kind](name, old).strip()}\n\n{end}"

    return PART.sub(write, text)


def names() -> list[str]:
    """All commands."""
    return list(cli._COMMANDS)


def group_of(name: str) -> str:
    """The part of the page that has the command."""
    if name in MONITORING:
        return "monitoring"
    beginning = name.partition(":")[0]
    return beginning if beginning in GROUPS else "project"


def commands(group: str, old: str) -> str:
    """The commands of a group."""
    return "\n\n".join(command(name) for name in names() if group_of(name) == group)


def command(name: str) -> str:
    """A command's heading, usage, description and options."""
    importlib.import_module(f"lightjobs.cli.{cli._COMMANDS[name]}")
    found = cli._Commands().get_command(click.Context(cli.cli), name)
    assert found is not None
    context = click.Context(found, info_name=name)
    usage = " ".join(["lightjobs", name, *found.collect_usage_pieces(context)]).strip()
    parts = [f"### {name}", f"`{usage}`", *described(found.help or "")]
    options = [each for each in found.params if isinstance(each, click.Option) and not each.hidden]
    if options:
        head = ("option", "what it does", "default", "environment")
        parts.append(table(head, (option(each) for each in options)))
    if name in SEE:
        parts.append(f"See {SEE[name]}.")
    return "\n\n".join(parts)


def option(option: click.Option) -> Iterator[str]:
    """The cells of an option."""
    choices = option.type.choices if isinstance(option.type, click.Choice) else ()
    value = "" if option.is_flag or choices else f" {option.metavar or 'N'}"
    yield f"`{option.opts[-1]}{value}`"
    allowed = [f"Allowed: {', '.join(f'`{each}`' for each in choices)}."] if choices else []
    yield " ".join([*described(option.help or ""), *allowed])
    default = "" if option.is_flag else plain(option.default)
    yield f"`{default}`" if default else ""
    yield f"`{option.envvar}`"


def plain(value: object) -> str:
    """A default as it is typed; "" for none."""
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if isinstance(value, int | str) else ""


def described(help: str) -> list[str]:
    """The paragraphs of a help text, with what is code marked as such."""
    paragraphs = re.split(r"\n\s*\n", help.replace("\b\n", ""))
    return [CODE.sub(r"`\1`", " ".join(each.split())) for each in paragraphs if each.strip()]


def settings(name: str, old: str) -> str:
    """The keys of `config/<name>.py`, or what the page reads besides its options."""
    kept = rows(old)
    if name == "web":
        head = ("variable", "meaning", "default")
        return table(
            head, ([f"`{each}`", *kept.get(each, ["", ""])[-2:]] for each in sorted(web.VARIABLES))
        )
    return table(
        ("variable", "in the file", "meaning", "default"),
        (
            [
                f"`{each.variable}`",
                f"`{each.key}`",
                kept[each.variable][2] if each.variable in kept else each.meaning,
                each.default,
            ]
            for each in keys(name)
        ),
    )


def keys(file: str) -> Iterator[Setting]:
    """The keys of a file in config/ that the environment sets. A comment above a key says what it
    means, one behind it what its default is."""
    section = ""
    comments: list[str] = []
    for line in (TEMPLATES / f"config/{file}.py").read_text(encoding="utf-8").splitlines():
        if found := re.match(r"\s+# (.*)", line):
            comments.append(found[1])
            continue
        if found := re.match(r'\s+"(\w+)": \{', line):
            section = f"{found[1]}."
        if found := re.match(r'\s+"(\w+)": env\("(\w+)".*?\),(?:\s+# (.*))?', line):
            yield Setting(found[2], section + found[1], " ".join(comments), found[3] or "")
        comments.clear()


def metrics(name: str, old: str) -> str:
    """The metrics of `lightjobs metrics`, or those of a worker."""
    families: Sequence[Family]
    if name == "store":
        families = StoreMetrics(MemoryEngine()).families()
    else:
        families = RunMetrics("memory").families(Vitals())
    kept = rows(old)
    return table(
        ("metric", "type", "labels", "meaning"),
        (
            [
                f"`{shown}`",
                family.kind,
                ", ".join(f"`{label}`" for label in family.labels),
                kept[shown][3] if shown in kept else family.help,
            ]
            for family in families
            for shown in [family.name + ("_total" if family.kind == "counter" else "")]
        ),
    )


def figures(name: str, old: str) -> str:
    """What docs/benchmarks.md says of lightjobs on each engine, or of all queues on Redis."""
    if name == "peers":
        head, *found = measured("redis")
        shown = [head.index(each) for each in ("", *PEERS)]
        return table(
            ("", *PEERS),
            ([row[n] for n in shown] for row in found if not row[0].startswith("*")),
        )
    lines = []
    for title, of in ENGINES.items():
        head, *found = measured(of)
        (ours,) = (row for row in found if row[0] == "lightjobs")
        lines.append([title, *(ours[head.index(each)] for each in COLUMNS)])
    return table(("", *COLUMNS), lines)


def measured(name: str) -> list[list[str]]:
    """The cells of a table of docs/benchmarks.md, its head first."""
    text = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    part = text.split(f"<!-- table: {name} -->")[1].split("<!-- end -->")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    del lines[1]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def classes(name: str, old: str) -> str:
    """Classes and functions with their docstrings."""
    return docs_classes.topic(name)


COLUMNS = (
    "drain, 1 process, jobs/s",
    "enqueue one by one, jobs/s",
    "enqueue in bulk, jobs/s",
)
"""What is shown of each engine."""
PEERS = ("drain, 1 process, jobs/s", "drain, 2 processes, jobs/s", "enqueue one by one, jobs/s")
"""What is shown of each queue."""
ENGINES = {
    "SQLite": "sqlite",
    "PostgreSQL": "postgresql",
    "MariaDB": "mariadb",
    "Redis": "redis",
}

MAKERS: dict[str, Callable[[str, str], str]] = {
    "commands": commands,
    "settings": settings,
    "metrics": metrics,
    "figures": figures,
    "classes": classes,
}

if __name__ == "__main__":
    sys.exit(main())
