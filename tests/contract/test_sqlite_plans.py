"""SQLite's plans for our statements: a scan of `jobs` would slow every worker down."""

import sqlite3

import pytest

from lightjobs.engines.sql.sqlite_dialect import SQLITE
from lightjobs.engines.sql.statements import migrations, query, where

PARAMETERS = {
    "worker": "w",
    "tied": 1,
    "queue": "q",
    "priority": 0,
    "beyond": 0,
    "limit": 100,
    "spread": 600,
    "now": "2026-01-01 00:00:00",
    "us": 0,
    "unix": 0.0,
    "lease": 30.0,
    "id": 1,
    "queues": '["q1", "q2"]',
    "outcomes": "[[1, 1, 1, 1, 1]]",
    "exception": "x",
    **{"head": "a", "middle": "b", "tail": "c"},
    "status": "failed",
    "before": None,
    "after": "",
    "after_id": 1,
    "first": "",
    "all": True,
    "handler": "h",
    "ids": "[1, 2]",
    "fence": 1,
    "progress": "{}",
    **{"after": "", "until": None, "name": "a", "groups": '["a"]', "quota": 10},
}


@pytest.fixture(params=["empty", "analyzed", "analyzed when nearly empty"])
def database(request):
    if request.param == "analyzed when nearly empty" and sqlite3.sqlite_version_info > (3, 41):
        reason = "newer versions scan a table that ANALYZE saw with few rows"
        request.applymarker(pytest.mark.xfail(reason=reason, strict=False))
    connection = sqlite3.connect(":memory:")
    for _name, sql in migrations(SQLITE):
        connection.executescript(sql)
    if request.param != "empty":
        count = {"analyzed": 2000}.get(request.param, 20)
        connection.execute(
            """
            INSERT INTO jobs (handler, queue, payload, status, attempts, worker)
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
            SELECT 'h', 'q' || (i % 3), '{}',
                   CASE i % 10 WHEN 0 THEN 'failed' WHEN 1 THEN 'queued' ELSE 'new' END, 0,
                   CASE i % 10 WHEN 1 THEN 'w' END
            FROM n
            """,
            (count,),
        )
        connection.execute("ANALYZE")
    yield connection
    connection.close()


def plan(database, name, which=""):
    sql = query(name, SQLITE, which)
    used = {key: value for key, value in PARAMETERS.items() if f":{key}" in sql}
    lines = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {sql}", used)]
    # What newer versions say besides: that a search ends at its first row, and that an index whose
    # condition answers the rest is enough.
    lines = [line.replace("SEARCH jobs EXISTS ", "SEARCH jobs ") for line in lines]
    return [line.replace("COVERING INDEX jobs_claim", "INDEX jobs_claim") for line in lines]


def assert_no_scan_of_jobs(lines):
    assert not [line for line in lines if line.startswith("SCAN jobs") and "INDEX" not in line]


def test_a_look_for_due_jobs_reads_the_first_of_each_queue_and_priority(database):
    lines = plan(database, "due")
    text = "\n".join(lines)
    assert "SEARCH jobs USING INDEX jobs_claim (queue=? AND priority=? AND group_key=?)" in text
    assert "SEARCH jobs USING INDEX jobs_claim (queue=?)" in text
    assert "SEARCH jobs USING INDEX jobs_grouped (queue=?)" in text
    assert "TEMP B-TREE" not in text
    assert "SCAN jobs" not in text


@pytest.mark.parametrize("name", ["grouped", "group_due"])
def test_whether_jobs_of_groups_wait_is_one_look_at_their_index(database, name):
    text = "\n".join(plan(database, name))
    assert "SEARCH jobs USING INDEX jobs_grouped (queue=?" in text
    assert "TEMP B-TREE" not in text
    assert "jobs_claim" not in text


def test_groups_are_stepped_through_in_their_index(database):
    text = "\n".join(plan(database, "group_heads"))
    assert "SEARCH jobs USING INDEX jobs_claim (queue=? AND priority=? AND group_key>?)" in text
    assert "SEARCH job USING INTEGER PRIMARY KEY (rowid=?)" in text
    assert "INDEX jobs_running (queue=? AND group_key=?)" in text
    assert "TEMP B-TREE" not in text
    assert "SCAN job" not in text


def test_the_first_jobs_of_a_group_are_read_from_their_index_in_its_order(database):
    *search, sort = plan(database, "group_jobs")
    text = "\n".join(search)
    assert "INDEX jobs_claim (queue=? AND priority=? AND group_key=?" in text
    assert "SEARCH job USING INTEGER PRIMARY KEY (rowid=?)" in text
    assert "TEMP B-TREE" not in text
    assert sort == "USE TEMP B-TREE FOR ORDER BY"  # only of what has been found


def test_the_running_jobs_of_a_group_are_counted_by_index(database):
    text = "\n".join(plan(database, "group_running"))
    assert "INDEX jobs_running (queue=? AND group_key=?)" in text


def test_the_first_due_jobs_are_read_from_their_index_in_its_order(database):
    lines = plan(database, "claim")
    text = "\n".join(lines)
    assert "INDEX jobs_claim (queue=? AND priority=?" in text
    assert "TEMP B-TREE" not in text
    assert_no_scan_of_jobs(lines)
    assert "SCAN" not in text


@pytest.mark.parametrize(
    ("name", "which"),
    [
        *((f"settle_{name}", "") for name in ("done", "completed", "kept", "hand_back", "expired")),
        *(
            (name, which)
            for name in ("settle_release", "settle_failed")
            for which in ("", SQLITE.errors)
        ),
    ],
)
def test_settling_finds_jobs_by_primary_key(database, name, which):
    lines = plan(database, name, which)
    assert "SEARCH jobs USING INTEGER PRIMARY KEY (rowid=?)" in lines
    assert not [line for line in lines if line.startswith("SCAN jobs")]


@pytest.mark.parametrize("name", ["held", "recover", "recover_fail"])
def test_jobs_that_a_worker_holds_are_found_by_index(database, name):
    assert "jobs_held (worker=?)" in "\n".join(plan(database, name))


def test_jobs_whose_time_is_over_are_found_by_their_index(database):
    lines = plan(database, "kept_over")
    assert lines == ["SEARCH jobs USING INDEX jobs_kept (kept_until<?)"]


@pytest.mark.parametrize("name", ["find", "settled", "note_progress"])
def test_one_job_is_found_by_primary_key(database, name):
    assert plan(database, name) == ["SEARCH jobs USING INTEGER PRIMARY KEY (rowid=?)"]


@pytest.mark.parametrize("name", ["fresh", "purge", "browse_ended"])
@pytest.mark.parametrize("filters", [(), ("queue",), ("queue", "before")])
def test_ended_jobs_are_found_without_reading_the_waiting_ones(database, name, filters):
    lines = plan(database, name, where(("failed",), *filters))
    assert "jobs_ended (status=?" in "\n".join(lines)
    assert_no_scan_of_jobs(lines)


@pytest.mark.parametrize("name", ["cancel", "pause", "purge", "count"])
def test_waiting_jobs_of_a_queue_are_found_by_their_index(database, name):
    lines = plan(database, name, where(("new",), "queue"))
    assert "jobs_claim (queue=?" in "\n".join(lines)
    assert_no_scan_of_jobs(lines)


@pytest.mark.parametrize(
    "name", ["fresh", "cancel", "pause", "resume", "requeue", "purge", "count"]
)
def test_a_verb_on_one_job_finds_it_by_primary_key(database, name):
    lines = plan(database, name, where(("new", "paused", "queued"), "id"))
    assert "USING INTEGER PRIMARY KEY (rowid=?)" in "\n".join(lines)
    assert_no_scan_of_jobs(lines)


def test_jobs_cancelled_while_running_are_found_by_their_worker(database):
    assert "jobs_cut (worker=?)" in "\n".join(plan(database, "let_all_go"))


def test_counting_reads_indexes_only(database):
    assert_no_scan_of_jobs(plan(database, "stats"))


def test_the_next_queue_with_a_status_is_one_look_at_an_index(database):
    text = "\n".join(plan(database, "next_queue", where(("failed",))))
    assert text.count("SEARCH jobs USING COVERING INDEX jobs_ended (status=? AND queue>?)") == 1


def test_the_next_priority_of_a_queue_is_one_look_at_an_index(database):
    text = "\n".join(plan(database, "next_priority", where(("new",), "queue", "beyond")))
    assert text == "SEARCH jobs USING INDEX jobs_claim (queue=? AND priority>?)"


@pytest.mark.parametrize("name", ["count", "purge", "fresh"])
def test_jobs_that_ended_long_ago_are_found_by_when_they_ended(database, name):
    text = "\n".join(plan(database, name, where(("failed",), "queue", "before")))
    assert "INDEX jobs_ended (status=? AND queue=? AND failed_at<?)" in text


@pytest.mark.parametrize("name", ["browse_new_steps", "latency"])
def test_all_queues_waiting_jobs_are_looked_at_by_their_index(database, name):
    for filters in ((), ("handler",), ("after",), ("queue", "after")):
        lines = plan(database, name, where(("new",), *filters))
        text = "\n".join(lines)
        assert "SEARCH jobs USING INDEX jobs_claim (queue=? AND priority=? AND group_key=?" in text
        assert "SEARCH jobs USING INDEX jobs_grouped (queue=? AND priority=?" in text
        assert_no_scan_of_jobs(lines)


@pytest.mark.parametrize("filters", [(), ("handler",), ("after",), ("exception",)])
def test_jobs_that_ended_are_listed_queue_by_queue_in_the_order_of_their_index(database, filters):
    lines = plan(database, "browse_ended_steps", where(("failed",), *filters))
    text = "\n".join(lines)
    assert "INDEX jobs_ended (status=? AND queue=?" in text
    assert "SCAN jobs" not in text
    assert text.count("USE TEMP B-TREE") == 1, "for what is left of each queue"


@pytest.mark.parametrize("filters", [("queue",), ("queue", "after")])
def test_failures_are_read_in_the_order_of_their_index(database, filters):
    text = "\n".join(plan(database, "failures", where(("failed",), *filters)))
    assert "SEARCH jobs USING INDEX jobs_ended (status=? AND queue=?" in text
    assert "TEMP B-TREE" not in text


@pytest.mark.parametrize("status", ["failed", "new"])
def test_jobs_named_by_ids_are_found_by_primary_key(database, status):
    for name in ("browse", "browse_ended", "count", "purge", "cancel", "fresh"):
        text = "\n".join(plan(database, name, where((status,), "ids")))
        assert "INTEGER PRIMARY KEY (rowid=?)" in text
        assert "SCAN jobs" not in text
