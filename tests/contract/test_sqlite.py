"""Promises that only SQLite could break."""

import os
import sqlite3
import threading
import time

import pytest

from lightjobs.engines.sql import file_watch
from lightjobs.engines.sql import sqlite as driver
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.sqlite import Sqlite
from lightjobs.engines.where import Where
from lightjobs.errors import LightjobsError, SchemaOutdated, StoreUnavailable
from lightjobs.execution.async_bridge import drive
from lightjobs.execution.executor import execute
from lightjobs.execution.run import Run
from lightjobs.model import Failed, NewJob
from lightjobs.settings.database_settings import DatabaseSettings
from tests.support.waiting import wait_until

from .support import claim_one, drain, job, push, worker


@pytest.fixture
def path(tmp_path):
    return tmp_path / "jobs.sqlite"


@pytest.fixture
def engine(path):
    made = SqlEngine(Sqlite(DatabaseSettings(name=str(path))))
    made.schema.install()
    yield made
    made.close()


def in_child(work):
    """Run `work` in a fork and return its exit status; 1 when it raised."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_parent_and_child_can_both_push_after_a_fork(engine):
    push(engine)
    assert in_child(lambda: push(engine, 3)) == 0
    push(engine)
    assert in_child(lambda: drain(engine) or os._exit(1)) == 0
    assert engine.stats()["q"]["queued"] == 5
    push(engine)
    assert len(drain(engine)) == 1


def test_closing_in_a_forked_child_leaves_the_parent_connected(engine):
    push(engine)
    assert in_child(engine.close) == 0
    push(engine)
    assert len(drain(engine)) == 2


def test_a_forked_child_has_a_connection_of_its_own(path):
    database = Sqlite(DatabaseSettings(name=str(path)))
    SqlEngine(database).schema.install()
    database.ask("CREATE TEMP TABLE of_this_connection (x)")

    def looks():
        with pytest.raises(SchemaOutdated):
            database.ask("SELECT * FROM of_this_connection")

    assert in_child(looks) == 0
    assert database.ask("SELECT * FROM of_this_connection") == []


def test_a_child_forked_while_another_thread_writes_can_push(path, monkeypatch):
    """SQLite keeps its locks in memory that fork() copies: the child could wait for ever."""
    monkeypatch.setattr(driver, "BUSY_SECONDS", 1.0)
    database = Sqlite(DatabaseSettings(name=str(path)))
    engine = SqlEngine(database)
    engine.schema.install()
    inside = threading.Event()

    def writes():
        with database.transaction():
            inside.set()
            time.sleep(0.2)

    thread = threading.Thread(target=writes)
    thread.start()
    inside.wait()
    assert in_child(lambda: push(engine)) == 0
    thread.join()
    assert engine.stats()["q"]["new"] == 1


def slow_look(engine, seconds, monkeypatch):
    """Start a thread that looks at the store for so long. Returns it once it does."""
    started, query = threading.Event(), driver.query
    monkeypatch.setattr(
        driver,
        "query",
        lambda name, *more: "SELECT slow()" if name == "slow" else query(name, *more),
    )

    def wait():
        started.set()
        time.sleep(seconds)
        return 0

    def look():
        engine._db._connection().create_function("slow", 0, wait)
        engine._db.look("slow", {})

    thread = threading.Thread(target=look)
    thread.start()
    assert started.wait(10)
    return thread


def test_a_long_look_holds_up_no_other_thread(engine, monkeypatch):
    thread = slow_look(engine, 2.0, monkeypatch)
    began = time.monotonic()
    push(engine)
    assert engine.stats()["q"]["new"] == 1
    assert claim_one(engine)
    assert time.monotonic() - began < 1.9
    assert thread.is_alive()
    thread.join()


def test_a_fork_waits_for_a_look(engine, monkeypatch):
    push(engine)
    thread = slow_look(engine, 0.5, monkeypatch)
    began = time.monotonic()
    assert in_child(lambda: push(engine)) == 0
    assert time.monotonic() - began > 0.3
    thread.join()
    assert in_child(lambda: engine.stats()) == 0
    assert engine.stats()["q"]["new"] == 2


@pytest.mark.parametrize("status", ["paused", "cancelled", "completed", "of a later version"])
def test_jobs_with_a_status_of_their_own_are_left_alone_and_counted(engine, path, status):
    (id,) = push(engine)
    other = sqlite3.connect(path)
    other.execute("UPDATE jobs SET status = ?", [status])
    other.commit()
    before = engine.find(id)
    assert engine.move("retry") == engine.move("retry", Where(job_id=id)) == 0
    assert (
        engine.purge(Where(status="failed")) == engine.purge(Where(status="failed", job_id=id)) == 0
    )
    assert drain(engine) == []
    assert engine.find(id) == before
    assert engine.stats()["q"][status] == 1


def test_a_forked_child_that_holds_the_lock_does_not_end_the_parents_transaction(engine, path):
    ready, done = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        own = sqlite3.connect(path, isolation_level=None)
        own.execute("BEGIN IMMEDIATE")
        os.write(ready[1], b"!")
        os.read(done[0], 1)
        own.execute("ROLLBACK")
        os._exit(0)
    os.read(ready[0], 1)
    timer = threading.Timer(0.2, lambda: os.write(done[1], b"!"))
    timer.start()
    assert len(push(engine)) == 1
    os.waitpid(pid, 0)
    timer.join()


def test_a_job_that_violates_the_table_stores_none_of_its_batch(engine):
    with pytest.raises(LightjobsError):
        engine.push([job(), NewJob("h", "q", None), job()])
    assert engine.stats() == {}


def test_a_lock_held_for_too_long_is_an_unavailable_store(tmp_path, monkeypatch):
    monkeypatch.setattr(driver, "BUSY_SECONDS", 0.1)
    path = tmp_path / "jobs.sqlite"
    engine = SqlEngine(Sqlite(DatabaseSettings(name=str(path))), enqueue_timeout=0.1)
    engine.schema.install()
    (id,) = push(engine)
    claim = claim_one(engine)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for call in (
        lambda: push(engine),
        lambda: push(engine, 2),
        lambda: drain(engine),
        lambda: engine.settle("w", [Failed(id, claim.fence, "x")]),
        lambda: engine.recover("w"),
    ):
        with pytest.raises(StoreUnavailable, match="locked"):
            call()
    other.execute("ROLLBACK")
    assert len(push(engine)) == 1
    assert engine.stats()["q"]["queued"] == 1


@pytest.mark.parametrize("waiting", [False, True])
def test_a_dispatch_waits_for_a_writer_that_hangs_only_until_its_deadline(path, waiting):
    """Also when another thread of the process waits for that writer."""
    engine = SqlEngine(Sqlite(DatabaseSettings(name=str(path))), enqueue_timeout=0.5)
    engine.schema.install()
    push(engine)
    writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    writer.execute("BEGIN IMMEDIATE")
    other = threading.Thread(target=engine.pause_queue, args=["other"])
    if waiting:
        other.start()
        time.sleep(0.1)
    begun = time.monotonic()
    with pytest.raises(StoreUnavailable, match="the job was not stored"):
        push(engine)
    assert 0.4 < time.monotonic() - begun < 4.5, "the default is 5 s"
    writer.execute("ROLLBACK")
    if waiting:
        other.join()
    assert len(push(engine)) == 1


def test_a_dispatch_with_little_time_leaves_statements_after_it_their_own(path):
    engine = SqlEngine(Sqlite(DatabaseSettings(name=str(path))), enqueue_timeout=0.2)
    engine.schema.install()
    writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable):
        push(engine)
    ends = threading.Timer(0.8, writer.execute, ["ROLLBACK"])
    ends.start()
    assert engine.pause_queue("q")
    ends.join()


def test_a_file_that_is_not_a_database_is_an_unavailable_store(path):
    path.write_text("this is not a database, " * 100)
    engine = SqlEngine(Sqlite(DatabaseSettings(name=str(path))))
    with pytest.raises(StoreUnavailable, match=path.name):
        push(engine)
    assert len(engine.problems()) == 1


def test_a_missing_database_names_the_command(tmp_path):
    engine = SqlEngine(Sqlite(DatabaseSettings(name=str(tmp_path / "none.sqlite"))))
    for call in (lambda: push(engine), lambda: drain(engine), engine.stats):
        with pytest.raises(SchemaOutdated, match="lightjobs migrate:up"):
            call()
    assert list(tmp_path.iterdir()) == []
    assert len(engine.problems()) == 1
    assert "lightjobs migrate:up" in engine.problems()[0]


def test_a_folder_that_cannot_be_made_is_a_lightjobs_error(tmp_path):
    (tmp_path / "file").touch()
    engine = SqlEngine(Sqlite(DatabaseSettings(name=str(tmp_path / "file" / "jobs.sqlite"))))
    with pytest.raises(LightjobsError):
        engine.schema.install()


def test_the_file_is_found_after_the_process_changed_its_folder(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path)
    engine = SqlEngine(Sqlite(DatabaseSettings(name="jobs.sqlite")))
    engine.schema.install()
    monkeypatch.chdir(tmp_path / "a")
    pushed = threading.Thread(target=lambda: push(engine))
    pushed.start()
    pushed.join()
    assert engine.stats()["q"]["new"] == 1
    assert list((tmp_path / "a").iterdir()) == []


def test_a_push_on_another_connection_soon_ends_a_wait(engine, path):
    other = SqlEngine(Sqlite(DatabaseSettings(name=str(path))))
    timer = threading.Timer(0.1, lambda: push(other))
    timer.start()
    assert engine.wait(["q"], 60)
    timer.join()
    assert wait_until(lambda: len(drain(engine)) == 1)


def test_an_idle_worker_looks_at_the_file_when_it_was_written_to(engine, path, monkeypatch):
    looks = []
    changes = engine._db.changes
    monkeypatch.setattr(engine._db, "changes", lambda *queues: looks.append(1) or changes(*queues))
    monkeypatch.setattr(file_watch, "TRUST_SECONDS", 60.0)
    assert not engine.wait(["q"], 0.3)
    assert len(looks) <= 4, "polling every 7 ms would be 43"
    other = SqlEngine(Sqlite(DatabaseSettings(name=str(path))))
    timer = threading.Timer(0.1, lambda: push(other))
    timer.start()
    started = time.monotonic()
    assert engine.wait(["q"], 60)
    assert time.monotonic() - started < 30
    timer.join()


@pytest.mark.parametrize("value", ["CAST(x'7B22FF' AS TEXT)", "x'7B22FF'", "12", "1.5"])
@pytest.mark.parametrize("column", ["payload", "options", "handler"])
def test_a_row_that_cannot_be_read_does_not_hold_up_the_queue(engine, path, column, value):
    """Whatever another program wrote: that job fails or is not claimed, and the others run."""
    bad, good = push(engine, 2)
    other = sqlite3.connect(path)
    other.execute(f"UPDATE jobs SET {column} = {value} WHERE id = ?", [bad])  # noqa: S608
    other.commit()
    claims = engine.claim(worker(engine), ["q"], 10)
    assert good in [claim.id for claim in claims]
    for claim in claims:
        if claim.id == bad:
            assert type(drive(execute(Run(claim))).outcome) is Failed


def test_the_id_of_a_job_deleted_by_hand_is_not_used_again(engine, path):
    ids = push(engine, 3)
    other = sqlite3.connect(path)
    other.execute("DELETE FROM jobs")
    other.commit()
    assert not set(push(engine, 3)) & set(ids)


def test_synchronous_full_is_what_was_asked_for(tmp_path):
    database = Sqlite(DatabaseSettings(name=str(tmp_path / "jobs.sqlite"), synchronous="full"))
    SqlEngine(database).schema.install()
    assert database.ask("PRAGMA synchronous") == [(2,)]
    assert database.ask("PRAGMA journal_mode") == [("wal",)]
