"""job:list."""

import json

import pytest

from lightjobs import current
from lightjobs.engines.where import Where
from lightjobs.model import Done, Failed, NewJob, Retention

HANDLER = "App\\Jobs\\ProcessPayment"


@pytest.fixture
def listed(call, ready):
    """A project with a job of each status, in one queue, and its ids by status."""
    call("job:stats")
    engine = current.engine()
    engine.retention = Retention(completed=None, cancelled=None)
    engine.register("w", 30)

    def push(queue="q", **fields):
        (id,) = engine.push([NewJob(HANDLER, queue, '{"a": 1}', **fields)])
        return id

    ids = {}
    for status, outcome in (("completed", Done), ("failed", Failed)):
        ids[status] = push()
        (claim,) = engine.claim("w", ["q"], 1)
        more = ["boom"] if outcome is Failed else []
        engine.settle("w", [outcome(claim.id, claim.fence, *more)])
    ids["running"] = push()
    engine.claim("w", ["q"], 1)
    ids["cancelled"], ids["paused"] = push(), push()
    engine.cancel(ids["cancelled"])
    engine.pause(ids["paused"])
    ids["waiting"] = push()
    ids["delayed"] = push(due=4_000_000_000.0)
    return ids


STATUSES = ("running", "waiting", "delayed", "paused", "failed", "cancelled", "completed")
STORED = {"running": "queued", "waiting": "new", "delayed": "new"}


def test_all_jobs_are_listed_by_the_status_that_people_are_shown(call, listed):
    jobs = json.loads(call("job:list", "--json")[1])["jobs"]
    assert [(job["status"], job["id"]) for job in jobs] == [(s, listed[s]) for s in STATUSES]
    assert [job["stored_status"] for job in jobs] == [STORED.get(s, s) for s in STATUSES]
    assert {job["payload"]["a"] for job in jobs} == {1}
    lines = call("job:list")[1].splitlines()
    assert lines[0].split() == ["ID", "STATUS", "QUEUE", "HANDLER", "ATTEMPTS", "DUE", "(UTC)"]
    assert [line.split()[1] for line in lines[1:]] == list(STATUSES)


@pytest.mark.parametrize("status", STATUSES)
def test_one_status_is_listed(call, listed, status):
    (job,) = json.loads(call("job:list", f"--status={status}", "--json")[1])["jobs"]
    assert job["id"] == listed[status]


def test_the_list_is_filtered_and_bounded(call, listed):
    assert call("job:list", "--queue=other")[1] == "no jobs of other\n"
    none = call("job:list", "--status=failed", "--handler=App\\Jobs\\No")[1]
    assert none == "no failed jobs for App\\Jobs\\No\n"
    assert len(json.loads(call("job:list", "--queue=q", "--json")[1])["jobs"]) == 7
    assert len(json.loads(call("job:list", "--limit=3", "--json")[1])["jobs"]) == 3


@pytest.mark.parametrize("status", ["new", "queued", "all"])
def test_stored_and_other_words_are_refused_with_what_is_allowed(call, ready, status):
    code, _out, err = call("job:list", f"--status={status}")
    assert (code, "waiting" in err) == (2, True)


def test_a_delayed_job_is_found_behind_many_that_wait(call, ready):
    call("job:stats")
    engine = current.engine()
    engine.push([NewJob(HANDLER, "q", "{}") for _ in range(1200)])
    (late,) = engine.push([NewJob(HANDLER, "q", "{}", 4_000_000_000.0)])
    found = json.loads(call("job:list", "--status=delayed", "--limit=2", "--json")[1])["jobs"]
    assert [job["id"] for job in found] == [late]
    assert current.engine().count(Where(status="new")) == 1201
