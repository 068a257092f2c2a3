"""The plans of MariaDB and MySQL for our statements, with 100,000 jobs of all kinds: a claim reads
its index in order and locks only the rows that it takes."""

import re
from contextlib import suppress

import pytest

from lightjobs.engines.sql.groups import Place
from lightjobs.engines.sql.listing import Listing
from lightjobs.engines.sql.monitoring import SqlMonitoring
from lightjobs.engines.sql.mysql_claims import MysqlClaiming
from lightjobs.engines.sql.mysql_dialect import MYSQL
from lightjobs.engines.sql.statements import pyformat
from lightjobs.engines.sql.statements import where as condition
from lightjobs.engines.where import Where
from tests.support.servers.mysql import KINDS

from .server_plans import (
    GROUPED,
    LISTS,
    MARIADB_ROWS,
    PARAMETERS,
    PLACES,
    QUEUES,
    SETTLE,
    SETTLE_WITH_ERRORS,
    page_after,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("server plans")]


@pytest.fixture(scope="module", params=KINDS)
def mariadb(request):
    """A MariaDB or MySQL."""
    server = request.param()
    server.start()
    server.empty()
    server.query(MARIADB_ROWS)
    server.engine().register("w1", 1000)
    yield server
    server.close()


@pytest.fixture(
    params=[pytest.param("unknown", marks=pytest.mark.long), "analyzed", "nearly empty"]
)
def maria(request, mariadb):
    if request.param == "analyzed":
        mariadb.query("ANALYZE TABLE jobs")
    elif request.param == "nearly empty":
        mariadb.query("UPDATE mysql.innodb_table_stats SET n_rows = 3 WHERE table_name = 'jobs'")
        mariadb.query("FLUSH TABLE jobs")
    database = mariadb.database()
    database.ask("SELECT 1 FROM jobs LIMIT 1")  # reads the statistics
    yield database
    database.close()


def explained(database, sql, params):
    """EXPLAIN's rows, by column: MySQL has more of them than MariaDB."""
    cursor = database.execute(f"EXPLAIN FORMAT=TRADITIONAL {sql}", params)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def maria_plan(database, verb, which="", **params):
    """EXPLAIN's rows for `jobs`: (access type, key, rows, extra)."""
    rows = explained(database, pyformat(verb, MYSQL, which), {**PARAMETERS, **params})
    return [
        (row["type"], row["key"], int(str(row["rows"]).split()[0]), row["Extra"] or "")
        for row in rows
        if row["table"] == "jobs"
    ]


def test_mariadb_claims_by_index_in_order(maria):
    ((access, key, _rows, extra),) = maria_plan(maria, "claim")
    assert (access, key) == ("range", "jobs_claim")
    assert "filesort" not in extra
    assert "temporary" not in extra


def test_mariadb_locks_only_what_it_claims(maria, mariadb):
    with maria.transaction():
        maria.rows("claim", PARAMETERS)
        sql = "SELECT max(trx_rows_locked) FROM information_schema.innodb_trx"
        ((locks,),) = mariadb.query(sql)
    assert locks <= 2 * 100 + 5, "each row in the index and in the table"


@pytest.mark.parametrize(
    ("verb", "which"),
    [*((verb, "") for verb in SETTLE), *((verb, MYSQL.errors) for verb in SETTLE_WITH_ERRORS)],
)
def test_mariadb_settles_by_primary_key(maria, verb, which):
    ((access, key, rows, _extra),) = maria_plan(maria, verb, which)
    assert (access, key, rows) == ("eq_ref", "PRIMARY", 1)


@pytest.mark.parametrize("count", [1, 3, 100, 999, 1500])
def test_mariadb_names_the_worker_by_primary_key(maria, count):
    """And not through a list of ids in a table of its own, which MariaDB makes of 1,000 and more:
    in two orders of the rows, a claim and a settlement deadlock."""
    sql = pyformat("claimed", MYSQL)
    params = {"worker": "w1", "ids": list(range(1, count + 1))}
    rows = explained(maria, sql, params)
    assert [(row["table"], row["type"], row["key"]) for row in rows] == [
        ("jobs", "range", "PRIMARY")
    ]


@pytest.mark.parametrize("verb", ["held", "recover", "recover_fail"])
def test_mariadb_finds_the_jobs_of_a_worker_by_index(maria, verb):
    ((_access, key, rows, _extra),) = maria_plan(maria, verb)
    assert key.split("|")[0] == "jobs_held"
    assert rows < 1000


def test_mariadb_finds_the_next_priority_by_index_without_sorting(maria):
    sql = pyformat("next_priority", MYSQL, condition(("new",), "queue", "beyond"))
    (row,) = explained(maria, sql, {"queue": "q1", "beyond": 0})
    assert (row["key"], row["Extra"]) == ("jobs_claim", "Using where; Using index")


def handled(database):
    """How many rows this session has read."""
    rows = database.ask("SHOW SESSION STATUS LIKE 'Handler_read%'")
    return sum(int(value) for name, value in rows if not re.search("rnd", name))


def test_mariadb_looks_at_one_row_for_each_queue_and_priority(maria):
    for skip in ((), ("another",)):
        before = handled(maria)
        maria.look_for(QUEUES, skip)
        most = 3 * 4 * (5 + 1) + 10
        assert handled(maria) - before <= most, "two of the jobs, one of the paused queues"
    before = handled(maria)
    maria.due_in([f"empty{number}" for number in range(400)])
    assert handled(maria) - before <= 2 * 400 + 5
    assert set(SqlMonitoring(maria).latency()) == {"q0", "q1", "q2"}
    before = handled(maria)
    SqlMonitoring(maria).latency()
    assert handled(maria) - before <= 3 * 4 * 5


@pytest.fixture(params=PLACES)
def after(request):
    return page_after(request.param)


@pytest.mark.parametrize(("status", "queue"), LISTS)
def test_mariadb_lists_jobs_without_reading_many(maria, status, queue, after):
    before = handled(maria)
    assert len(Listing(maria).browse(Where(status=status, queue=queue), 51, after(status))) == 51
    if status == "new":
        assert handled(maria) - before < 10_000, "of 90,000"
    else:
        assert handled(maria) - before < 30_000, "10,000 have failed: they are counted and sorted"


def test_mariadb_looks_at_few_rows_for_groups_that_wait(maria, mariadb):
    mariadb.query(
        "INSERT INTO jobs (handler, queue, payload, status, attempts, group_key, scheduled_at)"
        " SELECT 'h', 'g', '{}', 'new', 0, CONCAT('g', seq MOD 1000),"
        " UTC_TIMESTAMP() - INTERVAL 1 HOUR FROM (SELECT id AS seq FROM jobs LIMIT 20000) AS n"
    )
    try:
        before = handled(maria)
        ((_place, _seconds, is_grouped),) = maria.look_for(["g"])
        assert is_grouped
        assert handled(maria) - before <= 3 * (5 + 1) + 10
        before = handled(maria)
        claiming, place = MysqlClaiming(maria, "w1"), Place("g", 0)
        assert len(claiming.names(place, "g100", None, 16)) == 16
        assert handled(maria) - before <= 2 * (16 * 20 + 100) + 100
        ((access, key, _rows, extra),) = maria_plan(maria, "group_found", ids=list(range(1, 101)))
        assert (access, key) == ("range", "PRIMARY")
        ((access, key, _rows, extra),) = maria_plan(maria, "group_jobs", **GROUPED, name="g7")
        assert (access, key) == ("range", "jobs_claim")
        assert "filesort" not in extra
    finally:
        mariadb.query("DELETE FROM jobs WHERE queue = 'g'")


class Undo(Exception):
    pass


def test_mariadb_lists_failures_without_reading_what_completed_later(maria):
    with suppress(Undo), maria.transaction():
        maria.execute("DELETE FROM jobs WHERE status = 'failed' AND id > 3000")
        maria.execute(
            "UPDATE jobs SET status = 'completed', failed_at = UTC_TIMESTAMP() WHERE status = 'new'"
        )
        for queue in (None, "q1"):
            before = handled(maria)
            assert len(Listing(maria).browse(Where(status="failed", queue=queue), 51, None)) == 51
            read = handled(maria) - before
            assert read < 3000, f"{queue}: 300 have failed; 90,000 completed later"
        raise Undo
