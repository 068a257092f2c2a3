"""What only a server can break: connections, versions, TLS, zones, transactions side by side."""

import json
import math
import threading
import time
from urllib.parse import quote

import pytest

from lightjobs.engines.sql import mysql, postgres
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.errors import LightjobsError, StoreUnavailable, UnknownWorker
from lightjobs.model import Done, Settlement, utc_text
from lightjobs.settings.database_settings import DatabaseSettings
from tests.support.environment import engine_of
from tests.support.servers.mysql import KINDS, MYSQL, SERVERS
from tests.support.servers.postgres import PostgresServer
from tests.support.waiting import wait_until

from .flows import grouped
from .support import drain, in_threads, push, unwaited, worker
from .test_sqlite import in_child


@pytest.fixture(params=["postgres", "mariadb", *MYSQL])
def server(request):
    return request.getfixturevalue(f"clean_{request.param}")


def test_postgresql_that_is_too_old_is_named_with_what_is_needed(clean_postgres, monkeypatch):
    monkeypatch.setattr(postgres, "LEAST_VERSION", 990000)
    engine = clean_postgres.engine()
    with pytest.raises(LightjobsError, match=r"PostgreSQL \d+; lightjobs needs 99 or later"):
        push(engine)
    assert "99 or later" in engine.problems()[0]


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("5.7.44-log", "MySQL 5.7.44-log; lightjobs needs 8.0.17 or later"),
        ("5.5.5-10.5.1-MariaDB", "needs 10.6 or later"),
        ("10.5.29-MariaDB-0+deb11u1", "needs 10.6 or later"),
        ("8.0.36", None),
        ("8.4.0-commercial", None),
        ("5.5.5-10.6.1-MariaDB", None),
        ("11.4.2-MariaDB", None),
    ],
)
def test_mysql_and_mariadb_are_told_apart_and_their_versions_checked(version, said):
    database = mysql.Mysql(DatabaseSettings(host="localhost", name="n"))
    if said is None:
        database._examine(version)
        return
    with pytest.raises(LightjobsError, match=said):
        database._examine(version)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [PostgresServer, *KINDS])
def test_tls_is_used_and_a_server_without_proof_is_refused(kind):
    server = kind(tls=True)
    server.start()
    try:
        server.empty()
        verified = server.settings._replace(tls="verify", tls_ca=str(server.certificate))
        signed = verified._replace(tls="verify-ca")
        for settings in (verified, signed, server.settings._replace(tls="on")):
            database = type(server.database())(settings)
            asked = {
                "postgres": "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
                "mysql": "SHOW SESSION STATUS LIKE 'Ssl_cipher'",
            }[server.dialect]
            assert database.ask(asked)[0][-1]
            assert SqlEngine(database).stats() == {}
            database.close()
        for tls in ("verify", "verify-ca"):
            stranger = type(server.database())(server.settings._replace(tls=tls))
            with pytest.raises(StoreUnavailable):
                SqlEngine(stranger).stats()
    finally:
        server.close()


@pytest.mark.parametrize("kind", ["mariadb", *MYSQL])
@pytest.mark.parametrize("password", ["pé", "p€ł💥"])
def test_mariadb_and_mysql_are_sent_a_password_as_they_have_it(request, kind, password):
    server = request.getfixturevalue(f"clean_{kind}")
    server.query("DROP USER IF EXISTS stranger@'%%'", ())
    server.query("CREATE USER stranger@'%%' IDENTIFIED BY %s", [password])
    server.query("GRANT ALL ON jobs.* TO stranger@'%%'", ())
    settings = server.settings._replace(user="stranger", password=password)
    database = mysql.Mysql(settings)
    assert database.ask("SELECT 1") == [(1,)]
    database.close()


def test_mariadb_waits_on_when_a_groups_jobs_are_claimed_between_its_two_looks(
    clean_mariadb, monkeypatch
):
    engine = clean_mariadb.engine()
    database = clean_mariadb.database()
    engine.push(grouped("g"))
    look_for = database.look_for

    def look_and_lose(queues):
        found = look_for(queues)
        assert len(engine.claim(worker(engine), queues, 10)) == 1
        return found

    monkeypatch.setattr(database, "look_for", look_and_lose)
    assert database.due_in(["q"])[0] == math.inf
    database.close()


def test_times_are_utc_whatever_the_servers_zone_is(server):
    assert server.query("SELECT CURRENT_TIMESTAMP")[0][0].strftime("%H:%M") != time.strftime(
        "%H:%M", time.gmtime()
    )
    engine = server.engine()
    (id,) = push(engine)
    (later,) = push(engine, due=4102444800.0)
    stored = engine.find(id)
    assert utc_text(time.time() - 5) < stored.created_at == stored.scheduled_at
    assert stored.created_at <= utc_text(time.time())
    assert engine.find(later).scheduled_at == "2100-01-01 00:00:00"
    assert [claim.id for claim in drain(engine)] == [id]
    stored = server.query("SELECT scheduled_at FROM jobs ORDER BY id DESC LIMIT 1")[0][0]
    assert str(stored) == "2100-01-01 00:00:00"


def test_parent_and_child_can_both_push_after_a_fork(server):
    engine = server.engine()
    push(engine)
    assert in_child(lambda: push(engine, 3)) == 0
    assert in_child(engine.close) == 0
    push(engine)
    assert engine.stats()["q"]["new"] == 5


def test_each_thread_has_a_connection_of_its_own(server):
    database = server.database()
    ask = {"postgres": "SELECT pg_backend_pid()", "mysql": "SELECT CONNECTION_ID()"}[server.dialect]
    found = in_threads(*[lambda: database.ask(ask)[0][0]] * 3)
    assert len(set(found)) == 3


def test_a_wrong_password_is_said_without_showing_it(server):
    database = type(server.database())(server.settings._replace(password="wr0ng"))
    (problem,) = SqlEngine(database).problems()
    assert "wr0ng" not in problem
    assert "password" in problem.lower()


def test_a_recovery_under_way_is_waited_for_by_the_claim_of_that_worker(server):
    """Or the claim would see the worker as it was, and its jobs would be nobody's."""
    engine, database = server.engine(), server.database()
    push(engine)
    name = worker(engine)
    told = []

    def claim():
        with pytest.raises(UnknownWorker) as caught:
            engine.claim(name, ["q"], 1)
        told.append(caught.value)

    thread = threading.Thread(target=claim)
    with database.transaction():
        database.run("unregister", {"worker": name})
        thread.start()
        time.sleep(0.3)
        assert not told
    thread.join()
    assert told
    assert engine.stats()["q"] == {**engine.stats()["q"], "new": 1, "queued": 0}


def test_a_claim_under_way_is_waited_for_by_the_recovery_of_that_worker(server):
    engine, database = server.engine(), server.database()
    push(engine)
    name = worker(engine)
    recovered = []
    thread = threading.Thread(target=lambda: recovered.append(engine.recover(name)))
    with database.transaction():
        if server.kind == "postgres":
            (row,) = database.claim(name, ["q"], 1, [])
        else:
            assert database.rows("registered", {"worker": name})
            (row,) = database.rows("claim", {"queue": "q", "priority": 0, "limit": 1})
            database.run("claimed", {"worker": name, "ids": [int(row[0])]})
        thread.start()
        time.sleep(0.3)
    thread.join()
    assert recovered == [1]
    assert engine.find(row[0]).recoveries == 1


def test_a_beat_is_not_held_up_by_a_claim(server):
    engine, database = server.engine(), server.database()
    name = worker(engine)
    if server.dialect == "mysql":
        pytest.skip("a share lock holds up a beat for the milliseconds of a claim")
    with database.transaction():
        database.claim(name, ["q"], 1, [])
        assert engine.beat([name], 30) == []


def test_what_another_claim_has_locked_is_passed_over(server):
    engine, database = server.engine(), server.database()
    ids = push(engine, 3)
    with database.transaction():
        lock = "SELECT id FROM jobs WHERE id = %(id)s FOR UPDATE"
        database.execute(lock, {"id": int(ids[0])})
        assert [claim.id for claim in drain(engine)] == ids[1:]
    assert [claim.id for claim in drain(engine)] == ids[:1]


def test_a_half_done_transaction_of_a_lost_connection_leaves_nothing(server):
    engine, database = server.engine(), server.database()
    push(engine)
    name = worker(engine)
    claim = engine.claim(name, ["q"], 1)[0]
    outcome = json.dumps([[claim.id, claim.fence]])

    def breaks():
        with database.transaction():
            assert database.run("settle_done", {"worker": name, "outcomes": outcome}) == 1
            server.kill_connections()
            time.sleep(0.05)
            database.rows("stats", {})

    with pytest.raises(StoreUnavailable):
        breaks()
    assert engine.held(name) == unwaited(claim)
    assert engine.settle(name, [Done(claim.id, claim.fence)]) == [Settlement.ACCEPTED]


def test_a_claim_that_finds_nothing_writes_nothing(clean_postgres):
    engine = clean_postgres.engine()
    name = worker(engine)
    push(engine, due=4102444800.0)
    with engine._db.transaction():
        assert engine.claim(name, ["q"], 5) == []
        assert engine._db.ask("SELECT pg_current_xact_id_if_assigned()") == [(None,)]


def test_a_table_of_mostly_dead_rows_is_vacuumed_by_the_workers(clean_postgres):
    """Autovacuum comes once a minute; a million jobs take less."""
    engine = clean_postgres.engine()
    before = vacuums(clean_postgres)
    push(engine, 100)
    engine.maintain()
    assert vacuums(clean_postgres) == before

    def vacuumed():  # the server's statistics lag behind
        push(engine, 5000)
        clean_postgres.query("DELETE FROM jobs")
        engine.maintain()
        return vacuums(clean_postgres) > before

    wait_until(vacuumed, 20, pause=0.3)


def vacuums(server):
    sql = "SELECT vacuum_count FROM pg_stat_user_tables WHERE relid = 'jobs'::regclass"
    return server.query(sql)[0][0]


@pytest.mark.parametrize("started", SERVERS)
def test_a_session_of_mariadb_or_mysql_is_set_whatever_init_connect_says(started):
    """With autocommit off, dispatch() returned ids of jobs that were never stored."""
    odd = (
        "SET autocommit=0, completion_type=1, sql_safe_updates=1, sql_mode='', time_zone='+05:30';"
        "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY; SET NAMES latin1"
    )
    with started(config=[f"--init-connect={odd}"]) as server:
        server.empty()
        engine = server.engine()
        (id,) = push(engine, payload='"€"')
        assert server.query("SELECT count(*) FROM jobs") == [(1,)]
        (claim,) = drain(engine)
        assert (claim.id, claim.payload) == (id, '"€"')
        assert server.query("SELECT status FROM jobs") == [("queued",)]
        engine.close()


def test_a_postgresql_session_is_set_whatever_the_role_has(clean_postgres):
    odd = {
        "default_transaction_isolation": ("serializable", "read committed"),
        "statement_timeout": ("50ms", "0"),
        "TimeZone": ("Asia/Kolkata", "UTC"),
        "extra_float_digits": ("-5", "1"),
        "enable_indexscan": ("off", "on"),
    }
    try:
        for name, (value, _ours) in odd.items():
            clean_postgres.query(f"ALTER ROLE lightjobs SET {name} = '{value}'")
        database = clean_postgres.database()
        for name, (_value, ours) in odd.items():
            assert database.ask(f"SHOW {name}") == [(ours,)]
        database.close()
    finally:
        clean_postgres.query("ALTER ROLE lightjobs RESET ALL")


def test_a_url_with_several_hosts_and_options_leads_to_the_host_that_fits(clean_postgres):
    server = clean_postgres
    found = server.settings
    options = "target_session_attrs=read-write&options=-c%20work_mem%3D3MB&channel_binding=prefer"
    address = f"{found.host}:1,{found.host}:{found.port}"
    login = f"{found.user}:{quote(found.password)}"
    url = f"postgresql://{login}@{address}/{found.name}?{options}"
    engine = engine_of({"JOB_ENGINE": "database", "DATABASE_URL": url, "DB_TLS": "off"})
    push(engine)
    assert server.query("SELECT count(*) FROM jobs") == [(1,)]
    assert engine._db.ask("SHOW work_mem") == [("3MB",)]
    engine.close()
