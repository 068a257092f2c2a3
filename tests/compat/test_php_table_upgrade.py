"""A table that Lightpack's own migration made, with rows, upgraded while PHP goes on with it."""

from __future__ import annotations

import time

import pytest

from lightjobs.model import Status

HANDLER = "App\\Jobs\\Work"
LIGHTPACKS = (
    "id, handler, queue, payload, status, attempts, exception, created_at, scheduled_at, failed_at"
)


@pytest.fixture
def upgraded(table):
    """The table, and the ids of PHP's jobs: one that waits, is delayed, is failed, is claimed."""
    table.server.reset()
    php = table.php
    php("migrate")
    ids = {}
    for name in ("claimed", "failed"):
        ids[name] = php("dispatch", handler=HANDLER, payload={"n": name})
        assert php("claim")["id"] == ids[name]
    php("fail", id=ids["failed"], text="Card declined")
    ids["delayed"] = php("dispatch", handler=HANDLER, payload={"n": 1}, delay="+1 hour")
    ids["waiting"] = php("dispatch", handler=HANDLER, payload={"n": "café"})
    before = rows(table)
    done = table.project.cli("migrate:up")
    assert done.returncode == 0, done.stderr
    assert rows(table) == before
    yield table, ids
    table.server.reset()


def rows(table):
    return table.server.query(f"SELECT {LIGHTPACKS} FROM jobs ORDER BY id")  # noqa: S608


def test_php_goes_on_with_the_upgraded_table(upgraded):
    table, ids = upgraded
    assert table.php("claim")["id"] == ids["waiting"]
    table.php("release", id=ids["waiting"], queue="default", delay="+30 seconds")
    table.php("done", id=ids["claimed"])
    assert table.php("retry") == 1
    fresh = table.php("dispatch", handler=HANDLER, payload={"n": 2}, queue="Ünïcode " * 3)
    assert table.php("claim")["id"] == ids["failed"]
    assert table.php("claim")["id"] == fresh
    assert table.php("claim") is None


@pytest.mark.slow
def test_python_goes_on_with_the_upgraded_table(upgraded):
    table, ids = upgraded
    table.project.drain()
    assert table.project.runs("end") == {"café": 1}
    statuses = {name: getattr(table.engine.find(id), "status", None) for name, id in ids.items()}
    assert statuses == {
        "waiting": None,
        "delayed": Status.NEW,
        "failed": Status.FAILED,
        "claimed": Status.QUEUED,
    }
    assert table.project.cli("job:retry", ids["failed"]).returncode == 0
    table.project.drain()
    assert table.project.runs("end") == {"café": 1, "failed": 1}


def test_what_php_had_claimed_before_the_upgrade_is_put_back_by_its_age_since(upgraded):
    table, ids = upgraded
    assert table.engine.lightpack.recover_php(time.time() - 60) == 0
    assert table.engine.lightpack.recover_php(time.time() + 1) == 1
    assert table.engine.find(ids["claimed"]).status == Status.NEW


def test_taken_back_the_table_is_as_lightpack_made_it_and_php_goes_on(upgraded):
    table, ids = upgraded
    while "touched_at" in columns(table):
        assert table.project.cli("migrate:down").returncode == 0
    assert columns(table) == LIGHTPACKS.split(", ")
    assert table.php("claim")["id"] == ids["waiting"]
    assert table.php("dispatch", handler=HANDLER, payload={"n": 3})


def columns(table):
    return [row[0] for row in table.server.query("SHOW COLUMNS FROM jobs")]
