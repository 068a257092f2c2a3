"""The plans of PostgreSQL and MariaDB for our statements, with 100,000 jobs of all kinds: a claim
reads its index in order and touches only the rows that it takes."""

import json
import re

import pytest

from lightjobs.engines.sql.mysql_dialect import MYSQL
from lightjobs.engines.sql.postgres_dialect import POSTGRES
from lightjobs.engines.sql.statements import pyformat
from lightjobs.engines.sql.statements import where as condition
from tests.support.servers.mariadb import MariaServer
from tests.support.servers.postgres import PostgresServer

pytestmark = pytest.mark.slow

SETTLE = ["settle_done", "settle_completed", "settle_release", "settle_failed", "settle_hand_back"]
QUEUES = ["q0", "q1", "q2", "empty"]

POSTGRES_ROWS = """
INSERT INTO jobs
  (handler, queue, payload, status, attempts, priority, scheduled_at, worker, failed_at)
SELECT 'h', 'q' || i % 3, '{}',
  CASE WHEN i % 10 = 0 THEN 'failed' WHEN i % 1000 = 1 THEN 'queued' ELSE 'new' END, 0,
  i % 7 / 6 - i % 5 / 4,
  now() AT TIME ZONE 'UTC' + CASE WHEN i % 4 = 2 THEN interval '1 day' ELSE -interval '1 day' END,
  CASE WHEN i % 1000 = 1 THEN 'w' || i % 3 END,
  CASE WHEN i % 10 = 0 THEN now() END
FROM generate_series(1, 100000) AS i
"""
MARIADB_ROWS = """
INSERT INTO jobs
  (handler, queue, payload, status, attempts, priority, scheduled_at, worker, failed_at)
WITH RECURSIVE digits AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM digits WHERE n < 9)
SELECT 'h', CONCAT('q', seq MOD 3), '{}',
  CASE WHEN seq MOD 10 = 0 THEN 'failed' WHEN seq MOD 1000 = 1 THEN 'queued' ELSE 'new' END, 0,
  CAST(seq MOD 7 DIV 6 AS SIGNED) - CAST(seq MOD 5 DIV 4 AS SIGNED),
  UTC_TIMESTAMP() + INTERVAL CASE WHEN seq MOD 4 = 2 THEN 1 ELSE -1 END DAY,
  CASE WHEN seq MOD 1000 = 1 THEN CONCAT('w', seq MOD 3) END,
  CASE WHEN seq MOD 10 = 0 THEN UTC_TIMESTAMP() END
FROM (SELECT 1 + a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n AS seq
  FROM digits AS a, digits AS b, digits AS c, digits AS d, digits AS e) AS numbers
ORDER BY seq
"""
PARAMETERS = {
    "worker": "w1",
    "limit": 100,
    "queue": "q1",
    "priority": 0,
    "queues": ["q0", "q1", "q2", "empty"],
    "priorities": [0, 0, 0, 0],
    "place": 0,
    "id": 50_003,
    "ids": [3, 4, 5],
    "outcomes": json.dumps([[n, 1, "2026-01-01 00:00:00", 0, 1] for n in range(1, 100)]),
    "exception": "x",
    "status": "failed",
    "before": None,
}


@pytest.fixture(scope="module")
def postgres():
    server = PostgresServer(config=["autovacuum=off"])  # the statistics are the tests'
    server.start()
    server.empty()
    server.query(POSTGRES_ROWS)
    server.engine().register("w1", 1000)
    yield server
    server.close()


@pytest.fixture(scope="module")
def mariadb():
    server = MariaServer()
    server.start()
    server.empty()
    server.query(MARIADB_ROWS)
    server.engine().register("w1", 1000)
    yield server
    server.close()


def nodes(plan):
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def forget_statistics(postgres, rows, pages):
    """Leave what a table that was not analyzed has: how many rows and pages a vacuum saw; for -1
    and 0 there was none."""
    postgres.query("DELETE FROM pg_statistic WHERE starelid = 'jobs'::regclass")
    postgres.query(
        "UPDATE pg_class SET reltuples = %s, relpages = %s WHERE oid = 'jobs'::regclass",
        (rows, pages),
    )
    postgres.query(
        "UPDATE pg_class SET reltuples = %s WHERE oid IN"
        " (SELECT indexrelid FROM pg_index WHERE indrelid = 'jobs'::regclass)",
        (max(0, rows),),
    )


@pytest.fixture(params=["custom", "generic"])
def planned(request):
    """For the parameters at hand, or as prepared for any."""
    return {"custom": "force_custom_plan", "generic": "force_generic_plan"}[request.param]


@pytest.fixture(params=["unknown", "analyzed", "empty", "nearly empty"])
def postgres_plan(request, postgres, planned):
    """EXPLAIN ANALYZE's nodes for a verb, undone; without statistics, with them, and with those of
    a vacuum that saw the table while it had no jobs, or few, in many pages."""
    if request.param == "analyzed":
        postgres.query("ANALYZE jobs")
    else:
        rows, pages = {"unknown": (-1, 0), "empty": (0, 137), "nearly empty": (5, 1370)}[
            request.param
        ]
        forget_statistics(postgres, rows, pages)
    database = postgres.database()
    database.execute(f"SET plan_cache_mode = {planned}")

    def plan(verb, **params):
        sql = pyformat(verb, POSTGRES)
        explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}"
        database.execute("BEGIN")
        ((found,),) = database.execute(explain, {**PARAMETERS, **params}).fetchall()
        database.execute("ROLLBACK")
        return list(nodes(found[0]["Plan"]))

    yield plan
    database.close()


def of_jobs(plan):
    return [node for node in plan if node.get("Relation Name") == "jobs"]


def read(node):
    """How many rows a scan has read."""
    of_a_loop = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return of_a_loop * node["Actual Loops"]


def test_postgres_claims_by_index_in_order_and_locks_no_row_too_many(postgres_plan):
    plan = postgres_plan("claim")
    assert not [n for n in plan if n["Node Type"] in ("Sort", "Seq Scan", "Bitmap Heap Scan")]
    (lock,) = [n for n in plan if n["Node Type"] == "LockRows" and "jobs" in str(n["Plans"])]
    assert lock["Actual Rows"] * lock["Actual Loops"] == 100
    found = [n for n in of_jobs(plan) if n.get("Index Name") == "jobs_claim"]
    assert [n["Actual Rows"] * n["Actual Loops"] for n in found] == [100]
    assert {n.get("Index Name") for n in of_jobs(plan)} == {"jobs_claim", "jobs_pkey", None}
    found = [n for n in of_jobs(plan) if n.get("Index Name") == "jobs_pkey"]
    assert [read(n) for n in found] == [100]


def test_postgres_finds_nothing_to_claim_without_reading_delayed_jobs(postgres_plan):
    whole, *_ = postgres_plan("claim", queues=["empty", "q0"], priorities=[0, -2])
    assert whole["Shared Hit Blocks"] + whole["Shared Read Blocks"] < 20


def test_postgres_looks_at_one_row_for_each_queue_and_priority(postgres_plan):
    found = of_jobs(postgres_plan("due"))
    assert {n["Index Name"] for n in found} == {"jobs_claim"}
    looks = len(QUEUES) * (1 + 5)
    assert sum(n["Actual Rows"] * n["Actual Loops"] for n in found) <= looks


def test_postgres_looks_once_at_a_queue_without_jobs(postgres_plan):
    whole, *_ = postgres_plan("due", queues=[f"empty{number}" for number in range(400)])
    assert whole["Shared Hit Blocks"] + whole["Shared Read Blocks"] < 400 * 5


@pytest.mark.parametrize("verb", SETTLE)
def test_postgres_settles_by_primary_key(postgres_plan, verb):
    """With the statistics of a table that was nearly empty, jobs that were joined with their
    outcomes met all outcomes each: 46 s for 12,000."""
    plan = postgres_plan(verb)
    found = [n for n in of_jobs(plan) if "Scan" in n["Node Type"]]
    assert [n.get("Index Name") for n in found] == ["jobs_pkey"]
    assert [read(n) for n in found] == [99], "the jobs of the outcomes and no others"


@pytest.mark.parametrize("verb", ["held", "recover", "recover_fail"])
def test_postgres_finds_the_jobs_of_a_worker_by_index(postgres_plan, verb):
    params = {"limit": 3} if verb == "recover_fail" else {}
    found = [n for n in of_jobs(postgres_plan(verb, **params)) if "Scan" in n["Node Type"]]
    assert {n.get("Index Name") for n in found} == {"jobs_held"}


@pytest.mark.parametrize("verb", ["fresh", "resume", "cancel", "purge"])
@pytest.mark.parametrize("known", ["when there were few", "now"])
def test_postgres_changes_a_part_by_primary_key(postgres, verb, known):
    """Through the index on the status each row would be searched for in the part's list of ids:
    46 s for 12,000 jobs, when the last ANALYZE had seen the table without failed ones."""
    postgres.query("VACUUM ANALYZE jobs")
    if known != "now":
        postgres.query(
            "UPDATE pg_statistic SET stanumbers1 = NULL, stavalues1 = NULL, stakind1 = 0,"
            " stadistinct = 100000 WHERE starelid = 'jobs'::regclass AND staattnum ="
            " (SELECT attnum FROM pg_attribute"
            "  WHERE attrelid = 'jobs'::regclass AND attname = 'status')"
        )
    status = {"resume": "paused", "cancel": "new"}.get(verb, "failed")
    sql = pyformat(verb, POSTGRES, condition((status,)))
    database = postgres.database()
    database.execute("BEGIN")
    ((found,),) = database.execute(
        f"EXPLAIN (FORMAT JSON) {sql}", {**PARAMETERS, "limit": 5000}
    ).fetchall()
    database.execute("ROLLBACK")
    database.close()
    (change,) = [n for n in nodes(found[0]["Plan"]) if n["Node Type"] == "ModifyTable"]
    (scan,) = [n for n in change["Plans"] if n["Parent Relationship"] == "Outer"]
    assert scan["Index Name"] == "jobs_pkey"


@pytest.mark.parametrize("known", ["unknown", "analyzed"])
def test_postgres_finds_jobs_that_ended_long_ago_by_when_they_ended(postgres, known):
    postgres.query("VACUUM ANALYZE jobs")
    if known == "unknown":
        postgres.query("DELETE FROM pg_statistic WHERE starelid = 'jobs'::regclass")
    database = postgres.database()
    which = condition(("failed",), "queue", "before")
    params = {"queue": "q1", "before": "2026-01-01 00:00:00", "after": "q0"}
    explain = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)"
    for verb, filters in (("count", which), ("next_queue", condition(("failed",)))):
        sql = pyformat(verb, POSTGRES, filters)
        ((found,),) = database.execute(f"{explain} {sql}", params).fetchall()
        scans = of_jobs(list(nodes(found[0]["Plan"])))
        assert {scan["Index Name"] for scan in scans} == {"jobs_ended"}
        read = sum(n["Shared Hit Blocks"] + n["Shared Read Blocks"] for n in scans)
        assert read < 20, "10,000 have failed, in three queues, none of them so long ago"
    database.close()


def test_postgres_looks_at_one_row_for_the_next_priority(postgres):
    database = postgres.database()
    sql = pyformat("next_priority", POSTGRES, condition(("new",), "queue", "beyond"))
    params = {"queue": "q1", "beyond": 0}
    ((found,),) = database.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params).fetchall()
    (scan,) = of_jobs(list(nodes(found[0]["Plan"])))
    assert (scan["Index Name"], scan["Actual Rows"]) == ("jobs_claim", 1)
    database.close()


@pytest.fixture(params=["unknown", "analyzed", "nearly empty"])
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


def maria_plan(database, verb, **params):
    """EXPLAIN's rows for `jobs`: (access type, key, rows, extra)."""
    rows = explained(database, pyformat(verb, MYSQL), {**PARAMETERS, **params})
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


@pytest.mark.parametrize("verb", SETTLE)
def test_mariadb_settles_by_primary_key(maria, verb):
    ((access, key, rows, _extra),) = maria_plan(maria, verb)
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


def test_mariadb_looks_at_one_row_for_each_queue_and_priority(maria, mariadb):
    def handled():
        rows = maria.ask("SHOW SESSION STATUS LIKE 'Handler_read%'")
        return sum(int(value) for name, value in rows if not re.search("rnd", name))

    for skip in ((), ("another",)):
        before = handled()
        maria._look(QUEUES, skip)
        most = 2 * 4 * (5 + 1) + 10
        assert handled() - before <= most, "one of the jobs, one of the paused queues"
    before = handled()
    maria.due_in([f"empty{number}" for number in range(400)])
    assert handled() - before <= 2 * 400 + 5
