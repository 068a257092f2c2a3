"""The variables in the environment, for check: wrong values of options, and misspelled names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

import click

from ..env import SECRETS
from ..settings.config_files import TEMPLATES
from . import web

_OTHER_WORDS = {
    "DB_CONNECTION": "DB_DRIVER",
    "DB_DATABASE": "DB_NAME",
    "DB_USERNAME": "DB_USER",
    "DB_PASSWORD": "DB_PSWD",
    "DB_PASS": "DB_PSWD",
    "REDIS_USER": "REDIS_USERNAME",
    "REDIS_PASS": "REDIS_PASSWORD",
    "REDIS_DATABASE": "REDIS_DB",
}
"""What other programs call our variables. They may well be meant for those, so they are named only
where ours is not set."""

_OTHER_BEGINNINGS = {"JOB_WORK_": "JOB_", "LIGHTJOBS_": "JOB_", "VALKEY_": "REDIS_"}

_NEARNESS = 0.85
"""From which likeness, of 1, a name counts as misspelled. JOB_ENGIN has 0.95; REDIS_PORT_6379_TCP,
which Kubernetes sets, has 0.69."""


def wrong_options(commands: click.Group) -> Iterator[str]:
    """A sentence for each variable whose value its command would refuse."""
    for context, option in _options(commands):
        try:
            option.process_value(context, option.value_from_envvar(context))
        except click.BadParameter as error:
            yield f"{option.envvar} is {os.environ[str(option.envvar)]!r}: {error.message}"


def misspelled(commands: click.Group, engine: str, driver: str) -> Iterator[str]:
    """A sentence for each variable that looks like one of ours and is not. Those of stores count
    only where `engine` and `driver` use that store."""
    known = {str(option.envvar) for _context, option in _options(commands, unset=True)}
    known |= _in_config(engine, driver) | web.VARIABLES | {f"{key}_FILE" for key in SECRETS}
    own = _in_own_files()
    for name in sorted(os.environ):
        meant = None if name in known or name in own else _meant(name, known)
        if meant is not None:
            yield f"{name} is set, but lightjobs does not read it; did you mean {meant}?"


def _options(
    commands: click.Group, unset: bool = False
) -> Iterator[tuple[click.Context, click.Option]]:
    """The options of all commands whose variable is set, or all with `unset`."""
    root = click.Context(commands)
    for name in commands.list_commands(root):
        command = commands.get_command(root, name)
        assert command is not None
        context = click.Context(command, parent=root)
        for option in command.params:
            is_set = unset or bool(os.environ.get(str(getattr(option, "envvar", None))))
            if isinstance(option, click.Option) and is_set:
                yield context, option


def _in_config(engine: str, driver: str) -> set[str]:
    """The variables that the files in config/ read for this engine."""
    files = {"database": ["jobs", "database"], "redis": ["jobs", "redis"]}
    files["valkey"] = files["redis"]
    names: set[str] = set()
    for file in files.get(engine, ["jobs"]):
        text = (TEMPLATES / "config" / f"{file}.py").read_text(encoding="utf-8")
        names.update(re.findall(r'env\("(\w+)"', text))
    if driver == "sqlite":  # then the rest of DB_… may be of a database that holds no jobs
        of_file = {"DB_DRIVER", "DB_NAME", "DB_SYNCHRONOUS"}
        names = {name for name in names if not name.startswith("DB_") or name in of_file}
    return names


def _in_own_files() -> set[str]:
    """All words in the project's config/, which may read variables with names of its own."""
    words: set[str] = set()
    for path in Path("config").glob("*.py"):
        with suppress(OSError):
            words.update(re.findall(r"\w+", path.read_text(encoding="utf-8", errors="replace")))
    return words


def _meant(name: str, known: set[str]) -> str | None:
    """The variable that was probably meant by `name`."""
    other = _OTHER_WORDS.get(name)
    if other is not None:
        return other if other in known and not os.environ.get(other) else None
    for beginning, ours in _OTHER_BEGINNINGS.items():
        if name.startswith(beginning) and ours + name.removeprefix(beginning) in known:
            return ours + name.removeprefix(beginning)
    # DB_HOST2 may be another database of the program; GitLab sets CI_JOB_TIMEOUT.
    likely = [each for each in known if each[0] == name[0].upper()]
    near = get_close_matches(name.upper(), likely, 1, _NEARNESS)
    return near[0] if near and not name[-1].isdigit() else None
