"""Text is kept as it is, whatever the server's character sets are."""

import json

import psycopg
import pytest

from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.postgres import Postgres
from lightjobs.errors import PayloadError
from lightjobs.model import Done, Failed, Release, Settlement, Slot
from lightjobs.notes.attempt_errors import ERRORS_LENGTH, LOST, AttemptError, error_line
from lightjobs.notes.run_notes import RESULT_BYTES, result_text
from lightjobs.payloads.encoding import decode
from lightjobs.workers.refused import settle
from tests.support.servers.mysql import SERVERS

from .support import claim_one, drain, fail, job, push, worker

TEXT = "“quoted” – naïve, Ελλάδα, 日本, 💥"  # noqa: RUF001 - the dash is meant


@pytest.fixture(scope="module", params=SERVERS)
def latin_mariadb(request):
    """A MariaDB or MySQL whose defaults are those of MySQL 5.7."""
    config = ["--character-set-server=latin1", "--collation-server=latin1_swedish_ci"]
    with request.param(config=config) as server:
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


def test_errors_are_kept(engine):
    (id,) = push(engine)
    name = worker(engine)
    for _ in range(2):
        claim = claim_one(engine, name)
        engine.settle(name, [Release(claim.id, claim.fence, 0.0, 1, TEXT, line(TEXT))])
    claim_one(engine, name)
    engine.recover(name)
    assert [error.text for error in engine.find(id).errors] == [LOST, TEXT, TEXT]


@pytest.fixture
def short_statements(latin_mariadb, engine):
    """Lets the server take the shortest statements that can be set."""
    ((before,),) = latin_mariadb.query("SELECT @@global.max_allowed_packet")
    latin_mariadb.query("SET GLOBAL max_allowed_packet = 1048576")
    engine.close()  # a new connection has the new limit
    yield
    latin_mariadb.query("SET GLOBAL max_allowed_packet = %s", [before])


@pytest.mark.usefixtures("short_statements")
def test_errors_of_many_jobs_fit_the_shortest_statement(engine):
    ids = push(engine, 200)
    name = worker(engine)
    error = line('"' * 1990)
    claims = engine.claim(name, ["q"], 200)
    outcomes = [Failed(claim.id, claim.fence, "E", error) for claim in claims]
    assert engine.settle(name, outcomes) == [Settlement.ACCEPTED] * 200
    assert all(len(engine.find(id).errors) == 1 for id in ids)


@pytest.mark.usefixtures("short_statements")
def test_results_of_many_jobs_fit_the_shortest_statement(engine):
    ids = push(engine, 12)
    name = worker(engine)
    value = '"' * (RESULT_BYTES // 2 - 1)
    result = result_text(json.dumps(value), name, 1.0, 1.0)
    claims = engine.claim(name, ["q"], 12)
    outcomes = [Done(claim.id, claim.fence, None, result, 60.0) for claim in claims]
    assert engine.settle(name, outcomes) == [Settlement.ACCEPTED] * 12
    assert {engine.find(id).result.value for id in ids} == {value}


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


@pytest.fixture(params=["LATIN1", "SQL_ASCII"])
def odd_postgres(request, clean_postgres):
    """An engine on a PostgreSQL database of that encoding, and how to read from it as another."""
    name = f"jobs_{request.param.lower()}"
    clean_postgres.query(f"DROP DATABASE IF EXISTS {name}")
    clean_postgres.query(
        f"CREATE DATABASE {name} OWNER lightjobs ENCODING '{request.param}' TEMPLATE template0"
        " LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    engine = SqlEngine(Postgres(clean_postgres.settings._replace(name=name)))
    engine.schema.install()
    yield engine
    engine.close()


@pytest.fixture
def text(odd_postgres):
    """What that database can hold."""
    ((encoding,),) = odd_postgres._db.ask("SHOW server_encoding")
    return "naïve" if encoding == "LATIN1" else TEXT


def test_postgresql_of_another_encoding_keeps_what_it_can(odd_postgres, text):
    engine = odd_postgres
    (id,) = fail(engine, exception=text)
    assert engine.find(id).exception == text
    ids = push(engine, queue=text) + push(engine, 3, queue=text)
    assert engine.wait([text], 1)
    assert [(claim.id, claim.queue) for claim in drain(engine, [text])] == [
        (id, text) for id in ids
    ]
    assert engine.hit("any “key” at all", 1, 10) == 0
    engine.schedule.enroll([text], 1.0)
    (id,) = engine.schedule.push_slots([Slot(text, 2.0, job(text))])
    assert engine.schedule.slots()[text][:2] == (2.0, id)


def test_an_outcome_that_it_cannot_hold_is_reduced_and_fails_no_other(odd_postgres, caplog):
    engine = odd_postgres
    push(engine, 4)
    name = worker(engine)
    first, second, third, fourth = engine.claim(name, ["q"], 4)
    outcomes = [
        Done(first.id, first.fence),
        Failed(second.id, second.fence, TEXT),
        Failed(third.id, third.fence, "boom"),
        Release(fourth.id, fourth.fence, 2e9, 1, TEXT),
    ]
    settled = settle(engine, name, outcomes)
    assert [settlement for _outcome, settlement in settled] == [Settlement.ACCEPTED] * 4
    kept = engine.find(second.id).exception
    assert kept in (TEXT, TEXT.encode("ascii", "backslashreplace").decode())
    assert len(caplog.records) == 2 * (kept != TEXT)
    retried = engine.find(fourth.id)
    assert (retried.status, retried.exception) == ("new", kept)
    assert engine.find(third.id).exception == "boom"


def line(text, attempt=1):
    return error_line(AttemptError(attempt, 1000.0, 0.5, "w", "error", text))


def test_an_error_that_it_cannot_hold_is_reduced_and_costs_no_attempt(odd_postgres):
    engine = odd_postgres
    push(engine, 2)
    name = worker(engine)
    first, second = engine.claim(name, ["q"], 2)
    outcomes = [
        Failed(first.id, first.fence, TEXT, line(TEXT)),
        Release(second.id, second.fence, 2e9, 1, TEXT, line(TEXT)),
    ]
    settled = settle(engine, name, outcomes)
    assert [settlement for _outcome, settlement in settled] == [Settlement.ACCEPTED] * 2
    for claim, status in ((first, "failed"), (second, "new")):
        stored = engine.find(claim.id)
        (error,) = stored.errors
        assert (stored.status, error.text) == (status, stored.exception)


def test_errors_that_are_cut_within_a_character_can_be_read(odd_postgres):
    """A database without an encoding counts bytes."""
    engine = odd_postgres
    (id,) = push(engine)
    name = worker(engine)
    for attempt in range(12):
        claim = claim_one(engine, name)
        text = "é" * (1000 + attempt % 2)
        error = line(text + "x" * (attempt % 2), attempt)
        engine.settle(name, [Release(claim.id, claim.fence, 0.0, 1, "E", error)])
    found = engine.find(id).errors
    assert [each.attempt for each in found] == list(range(11, 11 - len(found), -1))
    assert len(found) >= ERRORS_LENGTH // 2200


def test_a_job_dispatched_on_a_connection_without_an_encoding_wakes_a_worker(clean_postgres):
    engine = clean_postgres.engine()
    with psycopg.connect(
        **{"host": clean_postgres.host, "port": clean_postgres.port, "dbname": "jobs"},
        **{"user": "lightjobs", "password": "s3cret", "client_encoding": "SQL_ASCII"},
    ) as connection:
        push(engine.join(connection), 3, queue=TEXT)
    assert len(drain(engine, [TEXT])) == 3


@pytest.mark.parametrize("odd_postgres", ["SQL_ASCII"], indirect=True)
def test_bytes_of_another_encoding_fail_their_own_job_alone(odd_postgres):
    """A database without an encoding takes any bytes, for example PHP's."""
    engine, database = odd_postgres, odd_postgres._db
    odd, _good = push(engine, 2)
    raw = 'UPDATE jobs SET payload = E\'{"n": "na\\\\357ve"}\' WHERE id = %(id)s'
    database.execute("SET client_encoding = 'SQL_ASCII'")
    database.execute(raw, {"id": int(odd)})
    database.close()
    first, second = drain(engine)
    with pytest.raises(PayloadError):
        decode(first.payload)
    assert decode(second.payload) == {}
    assert engine.find(odd).status == "queued"
