"""The commands that migrate the store's schema."""

from __future__ import annotations

import click

from .. import current
from .output import json_option, print_json, print_table


@click.command("migrate:up")
@click.option("--dry-run", is_flag=True, help="Only print the SQL; exit status 1 if there is any.")
def migrate_up(dry_run: bool) -> int:
    """Create or upgrade the tables."""
    schema = current.engine().schema
    steps = [] if schema is None else schema.install(dry_run)
    if dry_run:
        return _print(steps)
    for name, _sql in steps:
        click.echo(f"migrated {name}")
    if not steps:
        click.echo("nothing to migrate")
    return 0


@click.command("migrate:down")
@click.option("--dry-run", is_flag=True, help="Only print the SQL; exit status 1 if there is any.")
def migrate_down(dry_run: bool) -> int:
    """Roll back the latest migration. Stop all workers first. The table `jobs` is left as Lightpack
    makes it and keeps its jobs; those that workers had claimed are waiting again."""
    schema = current.engine().schema
    steps = [] if schema is None else schema.uninstall(dry_run)
    if dry_run:
        return _print(steps)
    for name, _sql in steps:
        click.echo(f"rolled back {name}")
    if not steps:
        click.echo("nothing to roll back")
    return 0


@click.command("migrate:status")
@json_option
def migrate_status(as_json: bool) -> None:
    """List the migrations and when they were applied."""
    schema = current.engine().schema
    rows = [] if schema is None else schema.installed()
    if as_json:
        migrations = [{"name": name, "applied_at": at} for name, at in rows]
        print_json({"migrations": migrations})
    elif not rows:
        click.echo("this engine needs no migrations")
    else:
        print_table(
            ("MIGRATION", "APPLIED AT (UTC)"), [(name, at or "pending") for name, at in rows]
        )


def _print(steps: list[tuple[str, str]]) -> int:
    for _name, sql in steps:
        click.echo(sql)
    return 1 if steps else 0
