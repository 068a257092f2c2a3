"""The plans of PostgreSQL for our statements, with 100,000 jobs of all kinds: a claim reads its
index in order and touches only the rows that it takes."""

import pytest

from lightjobs.engines.sql.postgres_dialect import POSTGRES
from lightjobs.engines.sql.statements import pyformat
from lightjobs.engines.sql.statements import where as condition
from tests.support.servers.postgres import PostgresServer

from .server_plans import (
    GROUPED,
    LISTS,
    PARAMETERS,
    PLACES,
    POSTGRES_ROWS,
    QUEUES,
    SETTLE,
    SETTLE_WITH_ERRORS,
    listed,
    page_after,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("server plans")]


@pytest.fixture(scope="module")
def postgres():
    server = PostgresServer(config=["autovacuum=off"])  # the statistics are the tests'
    server.start()
    server.empty()
    server.query(POSTGRES_ROWS)
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


@pytest.fixture(
    params=["unknown", "analyzed", pytest.param("empty", marks=pytest.mark.long), "nearly empty"]
)
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

    def plan(verb, which="", **params):
        sql = pyformat(verb, POSTGRES, which)
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
    assert {n.get("Index Name") for n in of_jobs(plan)} == {
        *("jobs_claim", "jobs_grouped", "jobs_pkey", None)
    }
    found = [n for n in of_jobs(plan) if n.get("Index Name") == "jobs_pkey"]
    assert [read(n) for n in found] == [100]


def test_postgres_claims_jobs_by_their_ids(postgres_plan):
    plan = postgres_plan("claimed", ids=list(range(1, 400, 4)))
    found = [n for n in of_jobs(plan) if "Scan" in n["Node Type"]]
    assert {n["Index Name"] for n in found} == {"jobs_pkey"}
    assert sum(map(read, found)) <= 2 * 100


@pytest.mark.parametrize(
    ("verb", "most"),
    [
        ("group_places", 4),
        ("group_heads", 2 * 100 + 2),
        ("group_jobs", 3 * 5),
        ("group_running", 2 * 3),
        ("group_due", 2 * 3),
        ("nothing", 2),
        ("claim_turns", 4 + 21 + 2 * 100),
    ],
)
@pytest.mark.parametrize("known", ["unknown", "few"])
def test_postgres_steps_from_group_to_group_in_an_index(postgres, planned, verb, most, known):
    forget_statistics(postgres, *{"unknown": (-1, 0), "few": (5, 1370)}[known])
    database = postgres.database()
    database.execute(f"SET plan_cache_mode = {planned}")
    database.execute("BEGIN")
    database.execute(
        "INSERT INTO jobs (handler, queue, payload, status, attempts, group_key, scheduled_at)"
        " SELECT 'h', 'g', '{}', CASE WHEN i <= 3000 THEN 'queued' ELSE 'new' END, 0,"
        " 'g' || i % 1000, now() AT TIME ZONE 'UTC' - interval '1 hour'"
        " FROM generate_series(1, 20000) AS i"
    )
    sql = pyformat(verb, POSTGRES)
    explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}"
    ((found,),) = database.execute(explain, {**PARAMETERS, **GROUPED}).fetchall()
    database.execute("ROLLBACK")
    database.close()
    scans = of_jobs(list(nodes(found[0]["Plan"])))
    assert not [n for n in scans if n["Node Type"] in ("Seq Scan", "Bitmap Heap Scan")]
    scans = [n for n in scans if "Scan" in n["Node Type"]]
    allowed = {"jobs_claim", "jobs_grouped", "jobs_running"}
    if verb == "claim_turns":
        allowed.add("jobs_pkey")
        assert found[0]["Plan"]["Actual Rows"] == 5 * 17  # all that five groups have
    assert {n["Index Name"] for n in scans} <= allowed
    assert sum(map(read, scans)) <= most


def test_postgres_finds_nothing_to_claim_without_reading_delayed_jobs(postgres_plan):
    whole, *_ = postgres_plan("claim", queues=["empty", "q0"], priorities=[0, -2])
    assert whole["Shared Hit Blocks"] + whole["Shared Read Blocks"] < 20


def test_postgres_looks_at_one_row_for_each_queue_and_priority(postgres_plan):
    found = of_jobs(postgres_plan("due"))
    assert {n["Index Name"] for n in found} == {"jobs_claim", "jobs_grouped"}
    looks = len(QUEUES) * (1 + 5)
    assert sum(n["Actual Rows"] * n["Actual Loops"] for n in found) <= looks


def test_postgres_looks_once_at_a_queue_without_jobs(postgres_plan):
    whole, *_ = postgres_plan("due", queues=[f"empty{number}" for number in range(400)])
    assert whole["Shared Hit Blocks"] + whole["Shared Read Blocks"] < 400 * 5


@pytest.mark.parametrize(
    ("verb", "which"),
    [*((verb, "") for verb in SETTLE), *((verb, POSTGRES.errors) for verb in SETTLE_WITH_ERRORS)],
)
def test_postgres_settles_by_primary_key(postgres_plan, verb, which):
    """With the statistics of a table that was nearly empty, jobs that were joined with their
    outcomes met all outcomes each: 46 s for 12,000."""
    plan = postgres_plan(verb, which)
    found = [n for n in of_jobs(plan) if "Scan" in n["Node Type"]]
    assert [n.get("Index Name") for n in found] == ["jobs_pkey"]
    assert [read(n) for n in found] == [99], "the jobs of the outcomes and no others"


def test_postgres_finds_jobs_whose_time_is_over_by_their_index(postgres_plan):
    plan = postgres_plan("kept_over")
    assert [n.get("Index Name") for n in of_jobs(plan)] == ["jobs_kept"]


def test_postgres_notes_progress_by_primary_key(postgres_plan):
    plan = postgres_plan("note_progress", fence=1, progress="{}")
    assert [n["Index Name"] for n in of_jobs(plan) if "Scan" in n["Node Type"]] == ["jobs_pkey"]


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


@pytest.fixture(params=PLACES)
def after(request):
    return page_after(request.param)


@pytest.mark.parametrize(("status", "queue"), LISTS)
def test_postgres_lists_jobs_without_reading_many(postgres, planned, status, queue, after):
    for statistics in ("analyzed", "unknown"):
        postgres.query("ANALYZE jobs")
        if statistics == "unknown":
            forget_statistics(postgres, -1, 0)
        database = postgres.database()
        database.execute(f"SET plan_cache_mode = {planned}")
        sql, params = listed(database, status, queue, after(status))
        ((found,),) = database.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params).fetchall()
        database.close()
        scans = of_jobs(list(nodes(found[0]["Plan"])))
        indexes = {"jobs_claim", "jobs_grouped"} if status == "new" else {"jobs_ended"}
        assert {scan["Index Name"] for scan in scans} == indexes
        places = 3 * (4 if status == "new" else 1)
        assert sum(map(read, scans)) <= places * (51 + 40), statistics


@pytest.mark.parametrize("statistics", ["analyzed", "unknown"])
def test_postgres_reads_failures_in_the_order_of_their_index(postgres, statistics, after):
    postgres.query("ANALYZE jobs")
    if statistics == "unknown":
        forget_statistics(postgres, -1, 0)
    place = after("failed")
    params = {"queue": "q1", "limit": 500}
    if place is not None:
        params |= {"after": place.moment, "after_id": int(place.id)}
    which = condition(("failed",), "queue", *(["after"] if place is not None else []))
    database = postgres.database()
    sql = pyformat("failures", POSTGRES, which)
    ((found,),) = database.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params).fetchall()
    database.close()
    scans = of_jobs(list(nodes(found[0]["Plan"])))
    assert {scan["Index Name"] for scan in scans} == {"jobs_ended"}
    assert sum(map(read, scans)) <= 500 + 40


def test_postgres_looks_at_a_few_rows_for_the_latency(postgres_plan):
    found = of_jobs(postgres_plan("latency"))
    assert {n["Index Name"] for n in found} == {"jobs_claim", "jobs_grouped"}
    assert sum(map(read, found)) <= 3 + 3 * (4 + 4), "each queue, and each of its priorities twice"
