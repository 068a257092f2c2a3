"""The command deploy:print."""

from __future__ import annotations

import os
import pwd
import re
import sys
from pathlib import Path

import click

from ..errors import SettingsError
from ..settings.config_files import TEMPLATES
from ..text import shortened
from .filters import queues

_RECIPES = TEMPLATES / "deploy"
_KINDS = ("systemd", "supervisor", "docker", "kubernetes", "procfile")

_PLAIN = re.compile(r"[\w./:@+-]+", re.ASCII)
"""What may stand in all these files without quotes."""


@click.command("deploy:print")
@click.argument("kind", type=click.Choice(_KINDS))
@click.argument("file", required=False)
@click.option(
    "--queue",
    help="Queues of the worker, separated by commas.",
    default="default",
    show_default=True,
    callback=queues,
    metavar="NAMES",
)
@click.option("--user", help="User of the processes; you, unless given.", metavar="NAME")
@click.option(
    "--image", help="Name of the image; that of the folder, unless given.", metavar="NAME"
)
def deploy_print(
    kind: str, file: str | None, queue: tuple[str, ...], user: str | None, image: str | None
) -> None:
    """Print recipes that run lightjobs in production. They are filled in with the folder of this
    project, its user and queues, and the interpreter of this command. FILE prints one file alone,
    such as lightjobs@.service."""
    folder = Path.cwd()
    recipes = {path.name: path for path in sorted((_RECIPES / kind).iterdir())}
    if file is not None and file not in recipes:
        raise click.UsageError(f"there is no file {shortened(file)!r}; allowed: {_listed(recipes)}")
    known = {
        "/srv/shop/.venv/bin/lightjobs": _plain("program", _program()),
        "/srv/shop": _plain("folder", str(folder)),
        "shop-user": _plain("user", user or _user()),
        "shop-image": _plain("image", image or _image(folder)),
        "--queue=default": "--queue=" + ",".join(_plain("queue", name) for name in queue),
    }
    for name, path in recipes.items():
        if file is None and len(recipes) > 1:
            click.echo(f"# ---------- {name} ----------")
        if file in (None, name):
            click.echo(_filled(path.read_text(encoding="utf-8"), known), nl=False)


def _filled(text: str, known: dict[str, str]) -> str:
    """`text` with the words of the recipes replaced; where one begins like another, the longer one
    counts, because it comes first in `known`."""
    words = "|".join(map(re.escape, known))
    return re.sub(words, lambda found: known[found[0]], text)


def _listed(recipes: dict[str, Path]) -> str:
    return ", ".join(recipes)


def _plain(what: str, value: str) -> str:
    if not _PLAIN.fullmatch(value):
        raise SettingsError(
            f"the {what} {shortened(value)!r} would need quotes, which differ from file to file; "
            "allowed: letters, digits and ./:@+-_"
        )
    return value


def _program() -> str:
    return str(Path(sys.executable).with_name("lightjobs"))


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _image(folder: Path) -> str:
    return re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-") or "jobs"
