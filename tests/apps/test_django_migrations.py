"""The tables of lightjobs, by Django's migrations."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lightjobs
from lightjobs.engines.sql.dialect import HELPERS, Dialect
from lightjobs.engines.sql.postgres_dialect import POSTGRES
from lightjobs.engines.sql.statements import migrations

from .shop import Shop, on_postgres

DJANGOS = Path(lightjobs.__file__).parent / "contrib" / "django" / "migrations"
SQLITE = {"ENGINE": "django.db.backends.sqlite3"}


def ours(dialect: Dialect = POSTGRES) -> list[str]:
    return [name for name, _sql in migrations(dialect)]


def test_the_latest_migration_of_djangos_stands_for_our_latest():
    """A migration that is added to ours needs one of Django's, or projects would not get it."""
    latest = max(DJANGOS.glob("0*.py")).read_text()
    assert re.findall(r'MakeTables\("(\w+)"\)', latest) == ours()[-1:]


@pytest.mark.slow
@pytest.mark.parametrize("first", ["django", "lightjobs"])
def test_migrate_and_migrate_up_agree_whichever_comes_first(clean_postgres, tmp_path, first):
    clean_postgres.reset()
    shop = Shop(tmp_path, on_postgres(clean_postgres))
    if first == "lightjobs":
        assert shop.manage("lightjobs", "migrate:up").split()[1::2] == ours()
    shop.manage("migrate")
    applied = clean_postgres.query("SELECT name FROM job_migrations ORDER BY name")
    assert [name for (name,) in applied] == ours()
    assert shop.manage("lightjobs", "migrate:up") == "nothing to migrate\n"
    shop.manage("migrate", "lightjobs", "zero", "--verbosity=0")
    shop.manage("migrate", "--verbosity=0")  # once more, over the tables that are there
    assert "No changes detected" in shop.manage("makemigrations", "--check")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "count"),
    [("redis", 0), ("database", 1), pytest.param("memory", 1, marks=pytest.mark.long)],
)
def test_a_database_that_holds_no_jobs_gets_no_tables(tmp_path, engine, count):
    database = {**SQLITE, "NAME": str(tmp_path / "shop.sqlite")}
    shop = Shop(tmp_path, database, {"engine": engine})
    shop.manage("migrate", "--verbosity=0")
    code = "from django.db import connection as c; print('jobs' in c.introspection.table_names())"
    assert shop.shell(code) == str(bool(count))


@pytest.mark.slow
def test_the_tables_are_where_the_environment_places_them(clean_postgres, tmp_path):
    clean_postgres.reset()
    shop = Shop(tmp_path, on_postgres(clean_postgres))
    shop.environment |= {"DB_SCHEMA": "queue", "DB_TABLE_PREFIX": "shop_"}
    tables = "SELECT table_schema, table_name FROM information_schema.tables"
    try:
        shop.manage("migrate", "--verbosity=0")
        names = {name for schema, name in clean_postgres.query(tables) if schema == "queue"}
        assert names == {"jobs", *(f"shop_{name}" for name in HELPERS)}
        assert ("public", "jobs") not in clean_postgres.query(tables)
        shop.shell(
            "from django.db import transaction\n"
            "with transaction.atomic():\n"
            "    Order.objects.create(number=1)\n"
            "    jobs.Ship().dispatch({'order': 1})\n"
        )
        assert shop.work("--stop-when-empty").wait() == 0
        assert clean_postgres.query("SELECT 1 FROM shop_order WHERE shipped AND told")
    finally:
        shop.close()
        clean_postgres.query("DROP SCHEMA IF EXISTS queue CASCADE")
        clean_postgres.reset()
