"""Unique jobs, groups and batches, on the command line."""

import json
import threading
import time

import pytest

from lightjobs import current
from lightjobs.cli import run
from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.where import Where
from lightjobs.model import Done, Failed, Flow, NewBatch, NewJob, Retention, Step, Unique

HANDLER = "App\\Jobs\\SyncCustomer"
KEY = f"{HANDLER}:42"
SYNC_CUSTOMER = """
from lightjobs import Job

class SyncCustomer(Job):
    def handle(self): ...
"""
ESCAPE = "\x1b[31m"


@pytest.fixture
def engine():
    engine = MemoryEngine()
    engine.retention = Retention(cancelled=None)
    engine.register("w", 30)
    current.use(engine, current.settings())
    yield engine
    current.use(None)


@pytest.fixture
def call(engine, capsys):
    def command(*arguments):
        capsys.readouterr()
        status = run(list(arguments))
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return status, printed.out, printed.err

    return command


def push(engine, count=1, queue="q", **ties):
    return engine.push([NewJob(HANDLER, queue, "{}", flow=Flow(**ties))] * count)


def push_unique(engine, key=KEY, scope="active"):
    return push(engine, unique=Unique(key, scope, 3600.0))[0]


def push_batch(engine, id="b1", count=3, queue="q", **fields):
    new = NewBatch(id, **fields)
    engine.batches.push(new, [NewJob(HANDLER, queue, "{}", flow=Flow(batch=id))] * count)
    return id


def settle(engine, count=1, queue="q", outcome=Done):
    more = ["boom"] if outcome is Failed else []
    for claim in engine.claim("w", [queue], count):
        batch = engine.find(claim.id).batch
        fields = {"batch": batch} if outcome is Done else {}
        engine.settle("w", [outcome(claim.id, claim.fence, *more, **fields)])


def begin_inner(engine, count, **fields):
    """Let a part of b1 go on with a batch."""
    settle(engine, 1)
    push_batch(engine, "inner", count, "inner", parent="b1", **fields)


def fail_unique(engine):
    """A failed job whose key another job holds, and that job."""
    id = push_unique(engine)
    settle(engine, outcome=Failed)
    return id, push_unique(engine)


class TestUnlock:
    @pytest.mark.parametrize("key", [KEY, "SyncCustomer:42"])
    def test_a_key_is_freed_and_who_held_it_is_said(self, engine, call, project, key):
        project({"app_jobs/__init__.py": "", "app_jobs/sync_customer.py": SYNC_CUSTOMER})
        id = push_unique(engine)
        assert call("job:unlock", key)[:2] == (0, f"freed {KEY}, which job {id} held\n")
        assert engine.unique.holder(KEY) is None
        assert engine.find(id).status == "new"
        assert push_unique(engine) != id

    def test_a_key_that_nobody_holds_is_one_line_and_status_1(self, engine, call):
        status, out, err = call("job:unlock", f"App\\Jobs\\No:{ESCAPE}")
        assert (status, out) == (1, "")
        assert err == "lightjobs: no job holds the key App\\Jobs\\No:\\x1b[31m\n"
        assert call("job:unlock", "nothing")[0] == 1

    def test_as_json(self, engine, call):
        id = push_unique(engine)
        status, out, _err = call("job:unlock", KEY, "--json")
        held = json.loads(out)["held"]
        assert (status, held["key"], held["job_id"], held["scope"]) == (0, KEY, id, "active")
        status, out, _err = call("job:unlock", KEY, "--json")
        assert (status, json.loads(out)) == (1, {"key": KEY, "held": None})


class TestShow:
    def test_key_group_and_batch_are_told(self, engine, call):
        new = NewBatch("b1")
        flow = Flow(Unique(KEY, "active", 60.0), "bank", 2, "b1")
        (id,) = engine.batches.push(new, [NewJob(HANDLER, "q", "{}", flow=flow)])
        lines = [line.strip() for line in call("job:show", id)[1].splitlines()]
        assert f"unique_key  {KEY}" in lines
        assert "group  bank" in lines
        assert "batch  b1" in lines
        shown = json.loads(call("job:show", id, "--json")[1])
        assert (shown["unique_key"], shown["group"], shown["batch"]) == (KEY, "bank", "b1")
        assert shown["key_held_by"] is None

    def test_another_holder_of_its_key_is_told(self, engine, call):
        failed, holder = fail_unique(engine)
        assert f"unique_key  {KEY}, held by job {holder}\n" in call("job:show", failed)[1]
        assert json.loads(call("job:show", failed, "--json")[1])["key_held_by"] == holder
        assert "held by" not in call("job:show", holder)[1]

    def test_ties_are_escaped(self, engine, call):
        (id,) = push(engine, unique=Unique(ESCAPE, "active", 60.0), group=ESCAPE)
        assert call("job:show", id)[1].count("\\x1b[31m") == 2  # click drops what is not escaped


class TestRetry:
    def test_who_has_the_key_is_said(self, engine, call):
        failed, holder = fail_unique(engine)
        status, _out, err = call("job:retry", failed)
        assert status == 1
        assert err == (
            f"lightjobs: job {failed} cannot be retried: its key {KEY} is held by job {holder}\n"
        )
        assert engine.find(failed).status == "failed"
        settle(engine)
        assert call("job:retry", failed)[:2] == (0, f"job {failed} queued for retry\n")

    def test_a_job_that_has_not_failed_is_told_by_its_status(self, engine, call):
        _failed, holder = fail_unique(engine)
        assert "cannot be retried: it is new" in call("job:retry", holder)[2]


class TestGroups:
    def test_groups_are_counted(self, engine, call):
        push(engine, 3, group="big")
        push(engine, group=ESCAPE, queue="r")
        push(engine, 2)
        push(engine, queue="plain")
        engine.claim("w", ["q"], 1)
        rows = [line.split() for line in call("job:stats", "--groups", "--queue=q")[1].splitlines()]
        assert rows[0] == ["QUEUE", "GROUP", "WAITING", "RUNNING"]
        assert rows[1][:2] == ["q", "-"]
        assert rows[2][:2] == ["q", "big"]
        assert sum(int(row[2]) for row in rows[1:]) == 4
        assert sum(int(row[3]) for row in rows[1:]) == 1
        assert "\\x1b[31m" in call("job:stats", "--groups")[1]

    def test_groups_as_json(self, engine, call):
        push(engine, 3, group="big")
        push(engine, queue="plain")
        assert json.loads(call("job:stats", "--groups", "--json")[1]) == {
            "queues": {"q": [{"name": "big", "waiting": 3, "running": 0}]}
        }

    def test_no_groups(self, engine, call):
        push(engine)
        none = "no jobs that wait or run have a group\n"
        assert call("job:stats", "--groups")[:2] == (0, none)
        assert call("job:stats", "--groups", "--queue=no")[:2] == (0, none)

    def test_a_late_job_is_looked_for_without_groups(self, engine, call):
        assert call("job:stats", "--groups", "--fail-if-older=5m")[0] == 2


class TestBatches:
    def test_batches_are_listed_with_the_latest_first(self, engine, call):
        push_batch(engine, "a" * 24, 100_000, "big", name="x" * 191)
        time.sleep(0.01)
        push_batch(engine, "b" * 24, 4, name=f"album{ESCAPE}")
        settle(engine, 1)
        settle(engine, 1, outcome=Failed)
        lines = call("batch:list")[1].splitlines()
        assert lines[0].split() == ["ID", "NAME", "TOTAL", "DONE", "FAILED", "%", "AGE"]
        assert lines[1].split() == ["b" * 24, "album\\x1b[31m", "4", "1", "1", "50", "0s"]
        assert lines[2].startswith("a" * 24)
        assert max(map(len, lines)) <= 80
        found = json.loads(call("batch:list", "--limit=1", "--json")[1])["batches"]
        assert [batch["id"] for batch in found] == ["b" * 24]
        assert (found[0]["percent"], found[0]["state"], found[0]["waiting"]) == (50, "running", 2)

    def test_no_batches(self, call):
        assert call("batch:list")[:2] == (0, "no batches\n")

    def test_a_batch_is_shown_with_those_in_it(self, engine, call):
        push_batch(engine, name=f"album{ESCAPE}", catch=(Step((NewJob(HANDLER, "z", "{}"),)),))
        begin_inner(engine, 2, name=ESCAPE)
        settle(engine, 1, outcome=Failed)
        status, out, _err = call("batch:show", "b1")
        lines = [line.strip() for line in out.splitlines()]
        assert status == 0
        assert "name  album\\x1b[31m" in lines
        for line in ("state  running", "failed  1", "waiting  1", "running  1", "called  catch"):
            assert line in lines
        assert "progress  [#########---------------------] 33 %" in lines
        assert "inner  inner \\x1b[31m: waiting, 0 % of 2" in lines
        shown = json.loads(call("batch:show", "b1", "--json")[1])
        assert (shown["failed"], shown["called"]) == (1, ["catch"])
        assert [each["id"] for each in shown["inner"]] == ["inner"]
        assert "part_of  b1" in call("batch:show", "inner")[1]

    def test_a_batch_is_watched_until_it_has_ended(self, engine, call):
        push_batch(engine, count=2)
        settle(engine, 1)
        thread = threading.Timer(0.3, settle, (engine, 1))
        thread.start()
        status, out, _err = call("batch:show", "b1", "--watch")
        thread.join()
        assert status == 0
        assert "state  done" in out
        assert json.loads(call("batch:show", "b1", "--watch", "--json")[1])["done"] == 2

    def test_a_batch_is_cancelled_with_those_in_it(self, engine, call):
        push_batch(engine)
        begin_inner(engine, 3)
        assert call("batch:cancel", "b1")[:2] == (0, "5 jobs of batch b1 cancelled\n")
        assert engine.count(Where(status="cancelled")) == 5
        assert "state  cancelled" in call("batch:show", "b1")[1]
        status, _out, err = call("batch:cancel", "b1")
        assert (status, err) == (1, "lightjobs: batch b1 cannot be cancelled: it has ended\n")

    def test_failed_jobs_of_a_batch_are_retried(self, engine, call):
        push_batch(engine)
        begin_inner(engine, 1)
        push_batch(engine, "other", 1)
        settle(engine, 5, outcome=Failed)
        settle(engine, 1, "inner", outcome=Failed)
        assert call("batch:retry", "b1")[:2] == (0, "3 jobs of batch b1 queued for retry\n")
        assert engine.count(Where(status="failed", batch="other")) == 1
        settle(engine, 2)
        settle(engine, 1, "inner")
        assert json.loads(call("batch:retry", "b1", "--json")[1]) == {"count": 0}
        assert engine.batches.find("b1").done == 3

    @pytest.mark.parametrize("command", ["batch:show", "batch:cancel", "batch:retry"])
    def test_a_batch_that_is_not_there_is_one_line_and_status_1(self, call, command):
        status, out, err = call(command, ESCAPE)
        assert (status, out) == (1, "")
        assert err.startswith("lightjobs: there is no batch \\x1b[31m, or it ended")
        assert err.count("\n") == 1

    def test_jobs_are_listed_by_their_batch(self, engine, call):
        push_batch(engine)
        push(engine)
        jobs = json.loads(call("job:list", "--batch=b1", "--json")[1])["jobs"]
        assert [job["batch"] for job in jobs] == ["b1"] * 3
        assert call("job:list", "--batch=no")[1] == "no jobs of the batch no\n"
