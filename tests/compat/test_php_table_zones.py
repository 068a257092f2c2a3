"""Times are UTC whatever the zones of the server and of PHP's sessions are; and the traps that a
Lightpack application sets itself, which the docs name."""

from __future__ import annotations

import time

import pytest

from lightjobs.model import NewJob, utc_text

HANDLER = "App\\Jobs\\Work"
SERVER_OFFSET = 5.5 * 3600
"""Of the zone in sql_servers."""


@pytest.fixture
def careless(table):
    """A PHP whose sessions have the server's zone and character set: Lightpack's default."""
    return table.peer(session="")


def is_about(text, moment, seconds=5):
    return utc_text(moment - seconds) <= text <= utc_text(moment + seconds)


def test_the_server_is_in_another_zone(table):
    ((now,),) = table.server.query("SELECT CAST(NOW() AS char)")
    assert is_about(now, time.time() + SERVER_OFFSET)


def test_what_a_careless_php_dispatches_and_fails_is_in_utc(table, careless):
    job_id = careless("dispatch", handler=HANDLER, payload={"note": "é💥"})
    stored = table.engine.find(job_id)
    assert is_about(stored.created_at, time.time())
    assert is_about(stored.scheduled_at, time.time())
    assert careless("claim")["payload"] == {"note": "é💥"}
    careless("fail", id=job_id, text="boom")
    assert is_about(table.engine.find(job_id).failed_at, time.time())


def test_a_careless_php_claims_when_a_job_is_due(table, careless):
    table.engine.push([NewJob(HANDLER, "default", "{}", time.time() + 60)])
    (due,) = table.engine.push([NewJob(HANDLER, "default", '{"note":"é💥"}')])
    claimed = careless("claim")
    assert claimed["id"] == due
    assert careless("claim") is None


def test_what_a_careless_php_claimed_is_recovered_by_its_age(table, careless):
    careless("dispatch", handler=HANDLER, payload={})
    careless("claim")
    assert table.engine.lightpack.recover_php(time.time() - 60) == 0
    assert table.engine.lightpack.recover_php(time.time() + 1) == 1


# The traps


def test_what_a_careless_php_retries_is_due_in_the_servers_zone(table, careless):
    job_id = careless("dispatch", handler=HANDLER, payload={})
    careless("claim")
    careless("fail", id=job_id, text="boom")
    assert careless("retry", id=job_id) == 1
    assert is_about(table.engine.find(job_id).scheduled_at, time.time() + SERVER_OFFSET)
    assert careless("claim") is None


def test_what_a_careless_php_says_is_garbled_when_it_is_not_ascii(table, careless):
    if table.server.query("SELECT @@global.character_set_server") != [("latin1",)]:
        pytest.skip("from 11.6 on, MariaDB's own character set is utf8mb4")
    job_id = careless("dispatch", handler=HANDLER, payload={})
    careless("claim")
    careless("fail", id=job_id, text="Überraschung")
    assert "Überraschung" not in table.engine.find(job_id).exception


def test_a_php_whose_date_timezone_is_east_of_utc_claims_too_early(table):
    table.engine.push([NewJob(HANDLER, "default", "{}", time.time() + 3600)])
    assert table.php("claim") is None
    assert table.peer(zone="Asia/Kolkata")("claim")


def test_a_php_whose_date_timezone_is_west_of_utc_claims_too_late(table):
    table.engine.push([NewJob(HANDLER, "default", "{}", time.time() - 3600)])
    assert table.peer(zone="America/New_York")("claim") is None
    assert table.php("claim")
