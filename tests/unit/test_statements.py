"""Every SQL file can be read in every dialect that uses it."""

from __future__ import annotations

import re
from pathlib import Path

import pymysql
import pytest

from lightjobs.engines.delivery import ConnectionLost, Refused, Unsent
from lightjobs.engines.sql import statements
from lightjobs.engines.sql.dialect import HELPERS, with_tables
from lightjobs.engines.sql.mysql_dialect import MYSQL
from lightjobs.engines.sql.mysql_errors import kind_of
from lightjobs.engines.sql.postgres_dialect import POSTGRES
from lightjobs.engines.sql.server import ReadOnly
from lightjobs.engines.sql.sqlite_dialect import SQLITE
from lightjobs.errors import LoginRefused, StoreUnavailable

QUERIES = Path(statements.__file__).parent / "queries"
DIALECTS = [SQLITE, POSTGRES, MYSQL]
SETTLE = sorted(path.stem for path in (QUERIES / "mysql").glob("settle_*.sql"))


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_each_file_has_a_header_and_only_words_that_are_known(dialect):
    paths = [*QUERIES.glob("*.sql"), *(QUERIES / dialect.name).glob("*.sql")]
    assert len(paths) > 40
    for path in paths:
        assert path.read_text().startswith("-- "), path
        statement = statements.query(path.stem, dialect, "status = 'new'")
        statement = statement.replace("{collation}", "")  # only the server knows it
        statement = statement.replace("'{}'", "")  # the empty path in JSON of PostgreSQL
        assert "{" not in statement and "--" not in statement, path  # noqa: PT018


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_no_statement_names_a_table_without_its_schema_and_prefix(dialect):
    schema = "s" if dialect is POSTGRES else None
    placed = with_tables(dialect, schema, "p_")
    bare = re.compile(rf"(?<![\w.])({'|'.join(HELPERS)})\b(?!\.)")
    texts = {name: statements.query(name, placed, "TRUE") for name in statements.files(placed.name)}
    for suffix in (".sql", ".down.sql"):
        scripts = statements.migrations(placed, suffix)
        texts |= {
            f"{name}{suffix}": ";".join(statements.statements(text)) for name, text in scripts
        }
    for name, text in texts.items():
        code = re.sub(r"\bAS job_\w+", "", text)  # an alias, so that columns have the usual table
        assert not bare.search(code), name
        if schema:
            assert not re.search(r"\b(FROM|INTO|UPDATE|JOIN|TABLE|ON|'|COPY) *\(?jobs\b", code), (
                name
            )
            assert not re.search(r"DROP INDEX jobs_", code), name
        assert not re.search(r"INDEX (IF NOT EXISTS )?job_", code), name


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_an_unknown_word_is_an_error(dialect):
    with pytest.raises(KeyError, match="nowhere"):
        statements.query("count", dialect, "{nowhere}")


def test_all_dialects_have_the_same_migrations():
    names = [[name for name, _ in statements.migrations(dialect)] for dialect in DIALECTS]
    undone = [[name for name, _ in statements.migrations(d, ".down.sql")] for d in DIALECTS]
    assert names[0] == names[1] == names[2]
    assert undone[0] == undone[1] == undone[2] == names[0][1:]


def test_mysql_locks_no_json_table():
    """MySQL refuses that, error 3569. MariaDB, on which the tests run, allows it."""
    names = {path.stem for path in [*QUERIES.glob("*.sql"), *(QUERIES / "mysql").glob("*.sql")]}
    for name in names:
        statement = statements.query(name, MYSQL, "status = 'new'")
        is_locking = "FOR UPDATE" in statement or "LOCK IN SHARE MODE" in statement
        assert not (is_locking and "JSON_TABLE" in statement), name


@pytest.mark.parametrize("name", ["claimed", "note_slots", "lock_slots", *SETTLE])
def test_mysql_is_told_to_find_rows_by_primary_key(name):
    """Left to choose, MariaDB 11.8 goes by the status, and claims and settlements deadlock; earlier
    versions choose well by themselves, so a plan of theirs proves nothing."""
    assert "FORCE INDEX (PRIMARY)" in statements.query(name, MYSQL)


def test_mysql_is_told_the_engine_of_each_table():
    """A server's default may be MyISAM, whose keys are too short for our names."""
    for name, script in statements.migrations(MYSQL):
        for statement in statements.statements(script):
            assert "CREATE TABLE" not in statement or "ENGINE=InnoDB" in statement, name
            # The default may be compact, whose keys have 767 bytes.
            has_long_key = re.search(r"varchar\(255\)[^,]* PRIMARY KEY", statement)
            assert not has_long_key or "ROW_FORMAT=DYNAMIC" in statement, name


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [
        (ConnectionLost, (3032, 3100, 3101, 1047, 1053, 1129, 1135, 1152, 1160, 1030, 1206)),
        (Unsent, (2006, 4031)),
        (ReadOnly, (1290, 1792, 1836)),
        (LoginRefused, (1045, 1698, 1130, 1820, 1862, 3118, 4151)),
        (Refused, (1049, 3159)),
    ],
)
def test_a_mysql_server_that_is_away_is_waited_for(kind, numbers):
    for number in numbers:
        found = kind_of(pymysql.OperationalError(number, "away"))
        assert found is kind, number
        assert issubclass(found, StoreUnavailable)
