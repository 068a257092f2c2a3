"""complete() as handlers see it: one worker, a SQLite file, the handler's own connection."""

import asyncio
import sqlite3
import threading
import time
from contextlib import closing

import pytest

from lightjobs import Job, JobContext, StaleClaim, current, job
from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.sqlite import Sqlite
from lightjobs.engines.sql.sqlite_turns import TURN
from lightjobs.engines.sync import SyncEngine
from lightjobs.engines.where import Where
from lightjobs.middleware import Middleware
from lightjobs.model import Retention
from lightjobs.settings.database_settings import DatabaseSettings
from tests.support.waiting import wait_until

from .working import Worker

told = []
kept = []


@pytest.fixture
def engine(configured, tmp_path):
    made = SqlEngine(Sqlite(DatabaseSettings(name=str(tmp_path / "own.sqlite"))))
    made.schema.install()
    current.use(made, configured)
    kept.clear()
    told.clear()
    with closing(connected()) as connection, connection:
        connection.execute("CREATE TABLE effects (n)")
    yield made
    for connection in kept:
        connection.close()
    made.close()


def connected():
    return sqlite3.connect("own.sqlite", check_same_thread=False)


def effects():
    with closing(connected()) as connection, connection:
        return [n for (n,) in connection.execute("SELECT n FROM effects")]


class Transfers(Job):
    attempts = 2
    ending = "commit"

    def handle(self):
        connection = connected()
        kept.append(connection)
        connection.execute("INSERT INTO effects VALUES (1)")
        self.complete(connection=connection)
        getattr(self, self.payload["then"])(connection)

    def commits(self, connection):
        connection.commit()

    def commits_and_lingers(self, connection):
        connection.commit()
        until = time.monotonic() + 2.2
        while time.monotonic() < until:
            time.sleep(0.02)
            assert not self.context.cancelled

    def rolls_back(self, connection):
        connection.rollback()

    def raises(self, connection):
        connection.rollback()
        raise OSError("no")

    def raises_after_commit(self, connection):
        connection.commit()
        raise OSError("too late")

    def forgets(self, connection):
        pass

    def is_cancelled(self, connection):
        connection.rollback()
        assert current.engine().cancel(self.context.id)
        self.complete(connection=connection)

    def onSuccess(self):
        told.append("success")

    def onFailure(self):
        told.append("failure")


class TransfersAsync(Transfers):
    async def handle(self):
        super().handle()
        await asyncio.sleep(self.payload.get("sleep", 0))


def worked(engine, concurrency=1):
    return Worker(engine, concurrency=concurrency).run()


@pytest.mark.parametrize("keeps", [False, True], ids=["drops", "keeps"])
@pytest.mark.parametrize("kind", [Transfers, TransfersAsync])
def test_a_committed_completion_counts_as_accepted_and_calls_the_hook(engine, kind, keeps):
    engine.retention = Retention(completed=None if keeps else 0.0)
    kind().dispatch({"then": "commits"})
    worker = worked(engine)
    assert told == ["success"]
    assert effects() == [1]
    assert worker.lines.lost_ids == []
    assert engine.stats().get("default", {}).get("completed", 0) == keeps
    assert sum(engine.stats().get("default", {}).values()) == keeps


def test_a_completion_that_was_rolled_back_is_settled_as_any_other(engine):
    Transfers().dispatch({"then": "rolls_back"})
    worked(engine)
    assert (told, effects(), engine.stats()) == (["success"], [], {})


def test_a_handler_that_raises_after_a_rollback_is_tried_again(engine):
    Transfers().dispatch({"then": "raises"})
    worked(engine)
    assert (told, effects()) == (["failure"], [])
    (failed,) = engine.browse(Where(status="failed"))
    assert failed.attempts == 2


def test_a_handler_that_raises_after_its_commit_does_not_run_again(engine):
    Transfers().dispatch({"then": "raises_after_commit"})
    worker = worked(engine)
    assert (told, effects(), engine.stats()) == ([], [1], {})
    assert len(worker.lines.lost_ids) == 1


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_transaction_left_open_fails_the_run_and_holds_up_nobody(engine, concurrency):
    Transfers().dispatch({"then": "forgets"})
    Transfers().dispatch({"then": "commits"})
    worked(engine, concurrency)
    assert sorted(told) == ["failure", "success"]
    assert effects() == [1]
    (failed,) = engine.browse(Where(status="failed"))
    assert "the transaction of complete() was still open" in failed.exception


def test_a_transaction_left_open_is_ended_while_another_thread_waits_for_its_lock(engine):
    """That one waits for the file in its turn, ten seconds long: whoever has it must get past."""
    engine.register("w", 30)
    Transfers().dispatch({"then": "forgets"})
    (claim,) = engine.claim("w", ["default"], 1)
    connection = connected()
    kept.append(connection)
    connection.execute("INSERT INTO effects VALUES (1)")
    joined = engine.join(connection)
    joined.complete(claim.id, claim.fence)
    claims = []
    other = threading.Thread(target=lambda: claims.append(engine.claim("w", ["default"], 1)))
    other.start()
    wait_until(is_taken)
    assert joined.abandon()
    other.join()
    assert claims == [[]], "it has not given up before the lock was free"
    assert effects() == []


def is_taken():
    """Whether some thread is at the database file, or waits for it, in its turn."""
    if not TURN.acquire(blocking=False):
        return True
    TURN.release()
    return False


def test_a_cancelled_run_cannot_complete_and_leaves_nothing(engine):
    engine.retention = Retention(cancelled=None)
    Transfers().dispatch({"then": "is_cancelled"})
    worked(engine)
    assert (told, effects()) == ([], [])
    assert engine.stats()["default"]["cancelled"] == 1


def test_a_run_that_has_completed_is_not_told_that_it_was_cancelled(engine):
    Transfers().dispatch({"then": "commits_and_lingers"})
    worked(engine)
    assert told == ["success"]


def test_a_function_completes_through_its_context(engine):
    @job("transfers")
    def transfers(context: JobContext, n: int) -> None:
        connection = connected()
        connection.execute("INSERT INTO effects VALUES (?)", (n,))
        context.complete(connection=connection)
        with pytest.raises(StaleClaim):
            context.complete(connection=connection)
        connection.commit()
        connection.close()

    transfers.dispatch(7)
    worked(engine)
    assert (effects(), engine.stats()) == ([7], {})


@pytest.mark.parametrize("commits", [True, False])
def test_functions_are_dispatched_using_a_connection(engine, commits):
    @job("greets")
    def greets(connection: str) -> None: ...

    with closing(connected()) as connection, connection:
        bound = greets.using(connection).setQueue("q")
        assert bound.dispatch(connection="a parameter of its own") == "1"
        assert bound.dispatchMany([{"connection": "b"}]) == ["2"]
        assert engine.stats() == {}
        connection.commit() if commits else connection.rollback()
    assert engine.stats().get("q", {}).get("new", 0) == 2 * commits
    greets.setQueue("plain").dispatch("c")  # using() answered a copy
    assert engine.stats()["plain"]["new"] == 1


@pytest.mark.parametrize("commits", [True, False])
def test_jobs_are_dispatched_on_a_connection(engine, commits):
    with closing(connected()) as connection, connection:
        connection.execute("INSERT INTO effects VALUES (1)")
        assert Transfers().dispatch({"then": "commits"}, connection=connection) == "1"
        payloads = [{"then": "commits"}] * 6000
        ids = Transfers().setQueue("q").dispatchMany(payloads, connection=connection)
        assert Transfers.dispatchMany(payloads[:1], connection=connection) == ["6002"]
        assert (len(set(ids)), engine.stats()) == (6000, {})
        connection.commit() if commits else connection.rollback()
    assert engine.stats().get("q", {}).get("new", 0) == 6000 * commits
    assert effects() == [1] * commits


def test_on_push_is_called_before_the_callers_commit(engine, configured):
    pushed = []

    class Watches(Middleware):
        def on_push(self, job_id, job):
            pushed.append(job_id)

    current.use(engine, configured._replace(middleware=(Watches,)))
    with closing(connected()) as connection, connection:
        Transfers().dispatch({"then": "commits"}, connection=connection)
        assert pushed == ["1"]
        connection.rollback()


def test_where_no_worker_runs_the_job_there_is_nothing_to_complete(configured, tmp_path):
    class Completes(Job):
        def handle(self):
            self.complete(connection=object())
            return "done"

    current.use(SyncEngine(), configured)
    assert Completes().dispatchSync() == "done"
    assert Completes().dispatch()


def test_in_memory_the_job_completes_when_its_run_ends(configured):
    class Completes(Job):
        def handle(self):
            self.complete(connection=object())
            assert engine.find(self.context.id) is not None

    engine = MemoryEngine()
    current.use(engine, configured)
    id = Completes().dispatch()
    worked(engine)
    assert engine.find(id) is None
    assert engine.browse(Where(status="failed")) == []
