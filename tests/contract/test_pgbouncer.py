"""Behind a connection pooler: what is done, what stays for others, and what is refused."""

import threading
import time
from contextlib import suppress

import psycopg
import pytest

from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.postgres import Postgres
from lightjobs.engines.where import Where
from lightjobs.errors import LightjobsError, StoreInDoubt, StoreUnavailable
from lightjobs.model import Done, Failed, Settlement, Slot
from tests.support.servers.pgbouncer import pgbouncer
from tests.support.waiting import wait_until

from .support import drain, in_threads, job, push, worker

LEFT = """
    SELECT name, setting FROM pg_settings WHERE source = 'session' AND name <> 'application_name'
    UNION ALL SELECT 'prepared', statement FROM pg_prepared_statements
    UNION ALL SELECT 'listening', pg_listening_channels()
    UNION ALL SELECT 'advisory lock', objid::text FROM pg_locks
    WHERE locktype = 'advisory' AND pid = pg_backend_pid()
"""
"""What a client leaves on a connection of the server for those who get it next."""


@pytest.fixture
def narrow(clean_postgres):
    """A pooler whose clients all share one connection of the server."""
    with pgbouncer(clean_postgres, size=1) as pooler:
        yield pooler


def use(engine):
    """Every kind of statement, often enough for psycopg to prepare some."""
    engine.schema.install()
    for _ in range(8):
        push(engine)
        push(engine, 3, due=time.time() + 100)
    name = worker(engine)
    assert not engine.wait(["other"], 0.15)
    assert engine.wait(["q"], 1)
    for claim in engine.claim(name, ["q"], 7):
        outcome = Failed(claim.id, claim.fence, "boom")
        assert engine.settle(name, [outcome]) == [Settlement.ACCEPTED]
    (claim,) = engine.claim(name, ["q"], 100)
    assert engine.settle(name, [Done(claim.id, claim.fence), Done(claim.id, 99)]) == [
        Settlement.ACCEPTED,
        Settlement.ACCEPTED,
    ]
    engine.hit("key", 1, 10)
    engine.schedule.push_slots([Slot("entry", 1.0, job("q"))])
    engine.pause_queue("q")
    engine.cancel_many(Where(status="failed"))
    engine.beat([name], 30)
    engine.recover(lease=30)
    engine.maintain()
    engine._db._vacuum_pooled()
    assert engine.stats()["q"]["new"] == 25


def test_nothing_stays_on_the_poolers_connections(narrow):
    with narrow.connect() as application:
        before = application.execute(LEFT).fetchall()
        engine = narrow.engine()
        use(engine)
        assert application.execute(LEFT).fetchall() == before
        engine.close()


def test_a_push_within_a_transaction_is_part_of_it(clean_pgbouncer):
    """It committed the transaction around it, and several schedulers stored the same slots."""
    engine = clean_pgbouncer.engine()
    with suppress(ZeroDivisionError), engine._db.transaction():
        push(engine)
        raise ZeroDivisionError
    assert engine.stats() == {}
    engine.close()


@pytest.mark.parametrize("prepare", [5, None], ids=["preparing", "plain"])
def test_a_callers_connection_leaves_nothing_there_either(narrow, prepare):
    engine = narrow.engine()
    with narrow.connect(prepare_threshold=prepare) as application:
        for _ in range(8):
            with application.transaction():
                push(engine.join(application))
                push(engine.join(application), 3)
    with narrow.connect() as application:
        assert application.execute(LEFT).fetchall() == []
    assert engine.stats()["q"]["new"] == 32
    engine.close()


def test_what_applications_leave_there_does_not_matter(narrow):
    """An application may set what it likes, and forget it on a connection of the pool."""
    odd = {
        "statement_timeout": "300ms",
        "lock_timeout": "300ms",
        "idle_in_transaction_session_timeout": "300ms",
        "default_transaction_isolation": "serializable",
        "extra_float_digits": "-5",
        "enable_indexscan": "off",
        "enable_seqscan": "on",
        "intervalstyle": "sql_standard",
        "bytea_output": "escape",
    }
    engine = narrow.engine()
    with narrow.connect() as application:
        for name, value in odd.items():
            application.execute(f"SET {name} = '{value}'")
        assert dict(application.execute(LEFT).fetchall()).keys() >= {"statement_timeout"}
        with engine._db.transaction():
            for name in ("statement_timeout", "extra_float_digits", "enable_seqscan"):
                assert engine._db.ask(f"SHOW {name}") != [(odd[name],)]
            time.sleep(0.4)
            engine._db.ask("SELECT pg_sleep(0.4)")
        use(engine)
        for name, value in odd.items():
            assert application.execute(f"SHOW {name}").fetchall() == [(value,)]
    engine.close()


def test_it_is_found_out_and_the_warning_says_so(clean_pgbouncer, clean_postgres):
    engine = clean_pgbouncer.engine()
    assert engine.problems() == []
    (warning,) = engine.warnings()
    assert "behind a connection pooler" in warning
    direct = clean_postgres.engine()
    assert direct.problems() == direct.warnings() == []


@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_the_setting_says_it_without_a_look(clean_postgres, mode):
    database = Postgres(clean_postgres.settings._replace(pooler=mode))
    engine = SqlEngine(database)
    assert bool(engine.warnings()) == (mode == "transaction")
    push(engine, 8)
    assert len(drain(engine)) == 8
    isolation = database.ask("SHOW enable_seqscan")
    assert isolation == [("off",)]
    with database._guarded() as session:
        bare = session.connection.execute("SHOW enable_seqscan").fetchall()
    assert bare == [("on" if mode == "transaction" else "off",)]
    engine.close()


def test_session_mode_works_whether_said_or_found_out(clean_postgres):
    with pgbouncer(clean_postgres, mode="session") as pooler:
        for said in (None, "session"):
            engine = SqlEngine(Postgres(pooler.settings._replace(pooler=said)))
            push(engine, 8)
            assert len(drain(engine)) == 8
            assert engine.problems() == []
            engine.close()


def test_statement_mode_is_refused_and_named(clean_postgres):
    with pgbouncer(clean_postgres, mode="statement") as pooler:
        engine = pooler.engine()
        with pytest.raises(LightjobsError, match=r"pool_mode .* is statement") as caught:
            push(engine)
        assert not isinstance(caught.value, StoreUnavailable)
        (problem,) = engine.problems()
        assert "allowed: transaction, session" in problem
        assert engine.warnings() == []


def test_an_idle_worker_is_woken_by_its_next_look(clean_pgbouncer):
    engine, other = clean_pgbouncer.engine(), clean_pgbouncer.engine()
    assert not engine.wait(["q"], 0)
    timer = threading.Timer(0.3, lambda: (push(other), other.close()))
    timer.start()
    began = time.monotonic()
    assert engine.wait(["q"], 10)
    assert time.monotonic() - began < 3
    timer.join()


def test_a_worker_without_a_pooler_is_notified_of_jobs_from_behind_it(
    clean_pgbouncer, clean_postgres
):
    engine, other = clean_postgres.engine(), clean_pgbouncer.engine()
    for count in (1, 3):
        seen = engine._db.changes(["q"])
        push(other, count)
        wait_until(lambda seen=seen: engine._db.pause(seen, ["q"], 1), 5)
    engine.close()


@pytest.mark.parametrize("wrong", [{"name": "nowhere"}, {"user": "nobody"}, {"password": "wr0ng"}])
def test_a_login_that_the_pooler_refuses_is_not_tried_for_long(clean_pgbouncer, wrong):
    """What is wrong with it stays wrong."""
    engine = SqlEngine(Postgres(clean_pgbouncer.settings._replace(**wrong)), enqueue_timeout=30)
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match="was not stored"):
        push(engine)
    assert time.monotonic() - began < 10
    assert len(engine.problems()) == 1


def test_a_pool_without_a_free_connection_leaves_no_doubt(narrow):
    """Whoever is told that a job is not stored may dispatch it again."""
    engine = SqlEngine(narrow.database(), enqueue_timeout=0.5)
    push(engine)
    with narrow.connect() as application:
        application.execute("BEGIN")
        for count in (1, 5):
            with pytest.raises(StoreUnavailable, match="was not stored") as caught:
                push(engine, count)
            assert not isinstance(caught.value, StoreInDoubt)
    assert engine.stats()["q"]["new"] == 1


def test_a_statement_that_fails_leaves_the_connection_usable(narrow, caplog):
    engine = narrow.engine()
    name = worker(engine)
    with pytest.raises(LightjobsError):
        engine.register(name, 30)
    with pytest.raises(LightjobsError):
        push(engine, queue="q" * 56)
    push(engine)
    assert len(drain(engine)) == 1
    assert not caplog.records
    with narrow.connect() as application:
        assert application.execute(LEFT).fetchall() == []


def test_many_clients_share_few_connections(clean_postgres):
    with pgbouncer(clean_postgres, size=2) as pooler:
        engine = pooler.engine()
        claimed = []

        def work():
            name = worker(engine)
            for _ in range(30):
                push(engine, 3)
                for claim in engine.claim(name, ["q"], 5):
                    claimed.append(claim.id)
                    engine.settle(name, [Done(claim.id, claim.fence)])
            engine.close()

        in_threads(*[work] * 6)
        claimed += [claim.id for claim in drain(engine)]
        assert len(claimed) == len(set(claimed)) == 6 * 90
        engine.close()


def test_a_restarted_pooler_is_connected_again(clean_postgres):
    with pgbouncer(clean_postgres) as pooler:
        engine = pooler.engine()
        push(engine)
        pooler.kill()
        with pytest.raises(StoreUnavailable):
            engine.stats()
        pooler.start()
        push(engine)
        assert engine.stats()["q"]["new"] == 2
        pooler.kill_connections()
        wait_until(lambda: push(engine) and True, 5)
        engine.close()


def test_a_migration_excludes_others_behind_a_pooler(clean_pgbouncer):
    clean_pgbouncer.reset()
    engine = clean_pgbouncer.engine()

    def install():
        engine.schema.install()
        engine.close()

    in_threads(*[install] * 4)
    assert all(applied for _name, applied in engine.schema.installed())
    with clean_pgbouncer.connect() as application:
        assert application.execute(LEFT).fetchall() == []
    engine.close()


def test_psycopg_would_have_prepared_them(clean_postgres):
    """What the tests above would find if the guards were taken out."""
    database = clean_postgres.database()
    for _ in range(8):
        database.rows("held", {"worker": "x"})
    assert database.ask("SELECT count(*) > 0 FROM pg_prepared_statements") == [(True,)]
    database.close()
    assert psycopg.Pipeline.is_supported()
