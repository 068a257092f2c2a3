"""worker:list, and the jobs of a worker."""

import json
import re

import pytest

from lightjobs import current
from lightjobs.model import HandBack, NewJob
from tests.support.notes import PAY, note_worker

from .commands import PROJECT_THAT_FAILS


def test_workers_are_listed_with_what_they_run(call, ready):
    note_worker(current.engine(), "w1", host="host\x1b[31m")
    current.engine().register("php", 30.0)
    lines = call("worker:list")[1].splitlines()
    titles = "WORKER STATE LAST BEAT HOST PID QUEUES BUSY MEMORY VERSION UP RUNS"
    assert lines[0].split() == titles.split()
    assert lines[1].split()[:2] == ["php", "-"]
    assert re.search(r"\b\ds ago\b", lines[2])
    for part in ("working", "host\\x1b[31m", "mail,idle", "1/2", "50 MB", "1h 1m"):
        assert part in lines[2]
    assert re.search(re.escape(f"{PAY} #9 for 1m ") + r"\d+s$", lines[2])


def test_a_silent_worker_is_marked(call, ready):
    note_worker(current.engine(), "w1", lease=1.0)
    assert "silent" in call("worker:list")[1]


def test_workers_as_json_have_their_shape(call, ready):
    note_worker(current.engine(), "w1")
    (worker,) = json.loads(call("worker:list", "--json")[1])["workers"]
    assert worker.keys() == {"name", "silent", "silent_for", "lease_left", "note"}
    assert worker["note"]["running"][0]["id"] == "9"
    assert worker["note"]["queues"] == ["mail", "idle"]
    current.engine().register("x", 30.0)
    both = json.loads(call("worker:list", "--json")[1])["workers"]
    assert [each["note"] is None for each in both] == [False, True]


def test_no_workers_are_said_to_be_none(call, ready):
    assert call("worker:list")[:2] == (0, "no workers\n")


@pytest.mark.parametrize("command", ["worker:list", "job:stats"])
def test_commands_that_look_import_nothing_of_the_project(call, ready, project, command):
    project(PROJECT_THAT_FAILS)
    assert call(command)[::2] == (0, "")


@pytest.mark.parametrize("engine", ["memory", "sync", "null"])
def test_without_a_store_that_others_see_they_say_so(call, monkeypatch, engine):
    monkeypatch.setenv("JOB_ENGINE", engine)
    status, _out, err = call("worker:list")
    assert (status, "nothing to look at" in err) == (2, True)


def test_listed_jobs_can_be_those_of_a_worker(call, ready):
    note_worker(current.engine(), "w1")
    engine = current.engine()
    first, _ = engine.push([NewJob(PAY, "q", "{}"), NewJob(PAY, "q", "{}")])
    (claim,) = engine.claim("w1", ["q"], 1)
    jobs = json.loads(call("job:list", "--worker=w1", "--json")[1])["jobs"]
    assert [job["id"] for job in jobs] == [first]
    current.engine().settle("w1", [HandBack(claim.id, claim.fence)])
    assert call("job:list", "--worker=w1")[1] == "no jobs held by w1\n"
