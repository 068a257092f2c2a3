"""Text is kept as it is, whatever the server's character sets are."""

import pytest

from lightjobs.model import Slot
from tests.support.servers.mariadb import mariadb_server

from .support import claim_one, drain, fail, job, push

TEXT = "“quoted” – naïve, Ελλάδα, 日本, 💥"  # noqa: RUF001 - the dash is meant


@pytest.fixture(scope="module")
def latin_mariadb():
    """A MariaDB whose defaults are those of MySQL 5.7."""
    config = ["--character-set-server=latin1", "--collation-server=latin1_swedish_ci"]
    with mariadb_server(config=config) as server:
        server.query("ALTER DATABASE jobs CHARACTER SET latin1")
        server.empty()
        yield server


@pytest.fixture
def engine(latin_mariadb):
    latin_mariadb.empty()
    engine = latin_mariadb.engine()
    yield engine
    engine.close()


def test_an_exception_is_kept(engine):
    """JSON_TABLE's columns have the server's character set unless they name one."""
    ids = fail(engine, 2, exception=TEXT)
    assert [engine.find(id).exception for id in ids] == [TEXT, TEXT]


def test_a_queue_a_payload_and_a_rate_limit_are_kept(engine):
    push(engine, queue=TEXT, payload=f'"{TEXT}"')
    assert engine.pause_queue(TEXT)
    assert engine.paused_queues() == [TEXT]
    assert drain(engine, [TEXT]) == []
    assert engine.resume_queue(TEXT)
    claim = claim_one(engine, queue=TEXT)
    assert (claim.queue, claim.payload) == (TEXT, f'"{TEXT}"')
    assert engine.hit(TEXT, 1, 100) == 0
    assert engine.hit(TEXT, 1, 100) > 0


def test_an_entry_of_the_schedule_is_kept(engine):
    schedule = engine.schedule
    schedule.enroll(["other " + TEXT], 5.0)
    for due in (1.0, 2.0):
        (id,) = schedule.push_slots([Slot(TEXT, due, job())])
        last = schedule.slots()
        assert last[TEXT][:2] == (due, id)
        assert last["other " + TEXT].due == 5.0
    assert schedule.push_slots([Slot(TEXT, 2.0, job())]) == [None]
    assert schedule.pause_entry(TEXT)
    assert schedule.resume_entry(TEXT, 3.0)
