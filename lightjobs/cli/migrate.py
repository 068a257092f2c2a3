"""The commands that migrate the store's schema."""

from __future__ import annotations

import click

from .. import current
from .output import json_option, print_json, print_table


@click.command("migrate:up")
@click.option("--dry-run", is_flag=True, help="Only print the SQL; exit status 1 if there is any.")
def migrate_up(dry_run: bool) -> int:
    """Create or upgrade the tables."""
    engine = current.engine()
    names = [name for name, applied_at in engine.installed() if applied_at is None]
    steps = engine.install(dry_run)
    if dry_run:
        for sql in steps:
            click.echo(sql)
        return 1 if steps else 0
    for name in names[: len(steps)]:
        click.echo(f"migrated {name}")
    if not steps:
        click.echo("nothing to migrate")
    return 0


@click.command("migrate:down")
@click.option("--dry-run", is_flag=True, help="Only print the SQL; exit status 1 if there is any.")
def migrate_down(dry_run: bool) -> int:
    """Roll back the latest migration. Stop all workers first. The table `jobs` is left as Lightpack
    makes it and keeps its jobs; those that workers had claimed are waiting again."""
    engine = current.engine()
    applied = [name for name, applied_at in engine.installed() if applied_at is not None]
    steps = engine.uninstall(dry_run)
    if dry_run:
        for sql in steps:
            click.echo(sql)
        return 1 if steps else 0
    click.echo(f"rolled back {applied[-1]}" if steps else "nothing to roll back")
    return 0


@click.command("migrate:status")
@json_option
def migrate_status(as_json: bool) -> None:
    """List the migrations and when they were applied."""
    rows = current.engine().installed()
    if as_json:
        migrations = [{"name": name, "applied_at": at} for name, at in rows]
        print_json({"migrations": migrations})
    elif not rows:
        click.echo("this engine needs no migrations")
    else:
        print_table(
            ("MIGRATION", "APPLIED AT (UTC)"), [(name, at or "pending") for name, at in rows]
        )
