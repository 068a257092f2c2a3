"""The commands that write files into a project: init and create:job."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

import click
from dotenv import dotenv_values

from .. import current, env
from ..errors import SettingsError
from ..settings.config_files import TEMPLATES
from ..settings.settings import examine

_FILES = {
    ".env": "env.example",
    "config/jobs.py": "config/jobs.py",
    "config/database.py": "config/database.py",
    "config/redis.py": "config/redis.py",
    "config/schedule.py": "config/schedule.py",
    "app_jobs/__init__.py": "app_jobs/__init__.py",
    "app_jobs/process_payment.py": "app_jobs/process_payment.py",
}
"""The files that init writes and the template of each."""


@click.command("init")
def init() -> None:
    """Make the current directory a project. Writes .env, config/ and app_jobs/ with an example job,
    and creates the SQLite tables. Existing files are kept; if nothing sets JOB_ENGINE, the keys
    that are missing in .env are shown and added."""
    for name, template in _FILES.items():
        path = Path(name)
        if path.exists():
            click.echo(f"kept     {name}")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((TEMPLATES / template).read_text(encoding="utf-8"), encoding="utf-8")
        click.echo(f"created  {name}")
    env.forget()
    _add_missing_keys(Path(".env"))
    settings = current.settings()
    schema = current.engine().schema
    # The tables of a server are for migrate:up: it may hold other data than jobs.
    is_file = settings.database.driver == "sqlite"
    if schema is not None and is_file and schema.install():
        click.echo(f"migrated {settings.database.name}")
    click.echo("\nNext:")
    if schema is not None and not is_file:
        click.echo("  lightjobs migrate:up")
    click.echo("  lightjobs job:dispatch ProcessPayment '{\"payment\": 42}'")
    click.echo("  lightjobs job:work --stop-when-empty")


def _add_missing_keys(path: Path) -> None:
    """If nothing sets JOB_ENGINE, show the template's keys that are missing in the .env at `path`,
    then add them. A .env that names its database keeps it."""
    present = env.dotenv()  # raises SettingsError: a file that cannot be read is left alone
    if examine().settings.unset_in is None:
        return
    has_database = any(env.env(key) for key in ("DATABASE_URL", "DB_DRIVER", "DB_HOST", "DB_NAME"))
    wanted = dotenv_values(TEMPLATES / "env.example")
    lines = [
        f"{key}={value}"
        for key, value in wanted.items()
        if not present.get(key) and not (has_database and key.startswith("DB_"))
    ]
    click.echo("adding   these keys to .env:")
    for line in lines:
        click.echo(f"           {line}")
    with path.open("r+", encoding="utf-8") as file:
        text = file.read()
        ends = "" if not text or text.endswith("\n") else "\n"
        file.write(ends + "".join(f"{line}\n" for line in lines))
    env.forget()


@click.command("create:job")
@click.argument("name")
@click.option("--force", is_flag=True, help="Overwrite the file if it exists.")
def create_job(name: str, force: bool) -> None:
    """Write a new job class. NAME is the name of the class: SendInvoice is written to
    app_jobs/send_invoice.py."""
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name) or keyword.iskeyword(name):
        raise SettingsError(
            f"{name!r} cannot name a job; allowed: a class name such as SendInvoice"
        )
    module = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    path = Path("app_jobs") / f"{module}.py"
    if path.exists() and not force:
        raise SettingsError(f"{path} already exists; --force overwrites it")
    path.parent.mkdir(exist_ok=True)
    (path.parent / "__init__.py").touch()
    template = (TEMPLATES / "job.py.txt").read_text(encoding="utf-8")
    path.write_text(template.replace("__NAME__", name), encoding="utf-8")
    click.echo(f"created {path}")
