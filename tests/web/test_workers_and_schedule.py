"""The pages of workers and of the schedule."""

import time

import pytest

from lightjobs.engines.where import Where
from lightjobs.model import Done, Failed, NewJob, Slot, Template
from lightjobs.notes.observed import Running

from .observed import add_worker

HEADERS = {"Origin": "http://localhost"}


def test_workers_are_shown_by_host_and_supervisor(visit, engine):
    add_worker(engine, "one", pid=11)
    add_worker(engine, "two", pid=12)
    add_worker(engine, "three", host="host-b", parent=200, pid=21)
    engine.register("old", 60)
    groups = visit("read").get("/api/workers").json["groups"]
    assert [(group["host"], group["parent"]) for group in groups] == [
        ("host-a", 100),
        ("host-b", 200),
        ("", 0),
    ]
    assert {row["pid"] for row in groups[0]["workers"]} == {11, 12}
    [old] = groups[2]["workers"]
    assert (old["name"], old["state"], old["running"]) == ("old", None, None)


def test_a_worker_of_another_version_and_a_silent_one_are_marked(visit, engine):
    for name in ("one", "two"):
        add_worker(engine, name)
    add_worker(engine, "other", version="9.9")
    add_worker(engine, "silent", lease=0.01)
    time.sleep(0.1)
    [group] = visit("read").get("/api/workers").json["groups"]
    rows = {row["name"]: row for row in group["workers"]}
    assert [name for name, row in rows.items() if row["other_version"]] == ["other"]
    assert [name for name, row in rows.items() if row["silent"]] == ["silent"]
    text = visit("read").get("/workers").text
    assert text.count("differs") == 1
    assert text.count("tag-silent") == 1


def test_a_run_can_be_cancelled_by_those_who_may(visit, engine):
    (job_id,) = engine.push([NewJob("A", "mail", "{}")])
    engine.register("w", 60)
    engine.claim("w", ["mail"], 1)
    run = Running(job_id, "A", "mail", 2, time.time() - 100)
    add_worker(engine, "one", running=(run,))
    page = visit("write").get("/workers").text
    assert f'value="{job_id}"' in page
    assert "attempt 2, for 1 min" in page
    assert f'value="{job_id}"' not in visit("read").get("/workers").text
    data = {"action": "cancel", "job": job_id}
    assert visit("read").post("/workers", data=data, headers=HEADERS).status_code == 403
    client = visit("write")
    assert client.post("/workers", data=data, headers=HEADERS).status_code == 303
    assert f"Job {job_id} is cancelled." in client.get("/workers").text
    assert engine.held("w") == []
    client.post("/workers", data=data, headers=HEADERS)
    assert "has ended already" in client.get("/workers").text
    assert client.post("/workers", data={"action": "cancel"}, headers=HEADERS).status_code == 400


# The schedule.


@pytest.fixture
def entry(engine):
    """An entry that is due in an hour."""
    engine.schedule.enroll(["report"], time.time() - 3600)
    job = NewJob("App\\Jobs\\Report", "reports", '{"a":1}')
    engine.schedule.describe(
        {"report": Template(job, "0 6 * * *", "Europe/Paris")}, {"report": time.time() + 3600}
    )
    return "report"


def rows(visit):
    return {row["name"]: row for row in visit("read").get("/api/schedule").json["entries"]}


def test_an_entry_is_shown_with_what_it_dispatches(visit, engine, entry):
    engine.schedule.enroll(["undescribed"], 1.0)
    found = rows(visit)
    assert found["report"]["expression"] == "0 6 * * *"
    assert found["report"]["zone"] == "Europe/Paris"
    assert (found["report"]["state"], found["report"]["queue"]) == ("open", "reports")
    assert found["undescribed"]["expression"] is None
    assert not found["undescribed"]["can_run"]
    text = visit("write").get("/schedule").text
    assert text.count(">Run now<") == 1


def test_an_entry_that_nobody_dispatches_is_overdue(visit, engine, entry):
    (template,) = (last.template for last in engine.schedule.slots(templates=True).values())
    engine.schedule.describe({entry: template}, {entry: time.time() - 120})
    assert rows(visit)[entry]["state"] == "overdue"
    engine.schedule.pause_entry(entry)
    assert rows(visit)[entry]["state"] == "paused"


def test_what_became_of_the_last_job_is_shown(visit, engine, entry):
    now = time.time()
    (job_id,) = engine.schedule.push_slots([Slot(entry, now, NewJob("A", "q", "{}"))])
    assert (rows(visit)[entry]["outcome"], rows(visit)[entry]["job"]) == ("waiting", job_id)
    engine.register("w", 60)
    (claim,) = engine.claim("w", ["q"], 1)
    assert rows(visit)[entry]["outcome"] == "running"
    engine.settle("w", [Failed(job_id, claim.fence, "E: no")])
    assert rows(visit)[entry]["outcome"] == "failed"
    (job_id,) = engine.schedule.push_slots([Slot(entry, now + 60, NewJob("A", "q", "{}"))])
    (claim,) = engine.claim("w", ["q"], 1)
    engine.settle("w", [Done(job_id, claim.fence, entry)])
    assert rows(visit)[entry]["outcome"] == "completed"


def post(client, **data):
    answer = client.post("/schedule", data=data, headers=HEADERS)
    return answer, client.get("/schedule").text


def test_an_entry_is_paused_resumed_and_run(visit, engine, entry):
    client = visit("write")
    assert "report is paused." in post(client, action="pause", entry=entry)[1]
    assert engine.schedule.slots()[entry].paused
    assert "report is resumed." in post(client, action="resume", entry=entry)[1]
    answer, text = post(client, action="run", entry=entry)
    assert answer.status_code == 303
    [job] = engine.browse(Where(status="new"))
    assert (job.handler, job.queue, job.payload) == ("App\\Jobs\\Report", "reports", '{"a":1}')
    assert f"dispatched as job {job.id}" in text


def test_an_entry_with_a_condition_asks_before_it_is_run(visit, engine, entry):
    job = NewJob("A", "q", "{}")
    engine.schedule.describe({entry: Template(job, "* * * * *", "UTC", True)}, {entry: None})
    client = visit("write")
    answer = client.post("/schedule", data={"action": "run", "entry": entry}, headers=HEADERS)
    assert answer.status_code == 200
    assert "whatever the condition says" in answer.text
    assert engine.browse(Where(status="new")) == []


def test_an_unknown_entry_is_named(visit, engine):
    engine.schedule.enroll(["old"], 1.0)
    for action in ("pause", "resume", "run"):
        data = {"action": action, "entry": "<none>"}
        answer = visit("write").post("/schedule", data=data, headers=HEADERS)
        assert answer.status_code == 400
        assert "&lt;none&gt;" in answer.text
    answer = visit("write").post(
        "/schedule", data={"action": "run", "entry": "old"}, headers=HEADERS
    )
    assert answer.status_code == 400
    assert "older version" in answer.text
