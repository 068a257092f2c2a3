"""The commands that write files into a project: init and create:job."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

import click

from .. import current, env
from ..errors import SettingsError
from ..settings.config_files import TEMPLATES

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
    and creates the SQLite tables. Existing files are kept."""
    for name, template in _FILES.items():
        path = Path(name)
        if path.exists():
            click.echo(f"kept     {name}")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((TEMPLATES / template).read_text(encoding="utf-8"), encoding="utf-8")
        click.echo(f"created  {name}")
    env.forget()
    settings = current.settings()
    schema = current.engine().schema
    if schema is not None and schema.install():
        click.echo(f"migrated {settings.database.name}")
    click.echo("\nNext:\n  lightjobs job:dispatch ProcessPayment '{\"payment\": 42}'")
    click.echo("  lightjobs job:work --stop-when-empty")


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
