"""`/batches` and `/batches/<id>`, and what other pages show of ties between jobs."""

import re
import time

import pytest

from lightjobs.engines.where import Where
from lightjobs.model import Done, Failed, Flow, NewBatch, NewJob, Retention, Unique
from lightjobs.web.pages.batches import PAGE

from .jobs import BEARER, SAME, fields

HANDLER = "App\\Jobs\\Resize"
KEY = "App\\Jobs\\SyncCustomer:42"


def push_batch(engine, id="b1", count=3, queue="q", **others):
    new = NewBatch(id, **others)
    engine.batches.push(new, [NewJob(HANDLER, queue, "{}", flow=Flow(batch=id))] * count)


def settle(engine, count=1, queue="q", fails=False, batch="b1"):
    worker = f"w-{time.monotonic_ns()}"
    engine.register(worker, 60)
    for claim in engine.claim(worker, [queue], count):
        how = Failed(claim.id, claim.fence, "ValueError: boom")
        engine.settle(worker, [how if fails else Done(claim.id, claim.fence, batch=batch)])


def push_unique(engine):
    flow = Flow(Unique(KEY, "active", 3600.0), "bank-a")
    return engine.push([NewJob(HANDLER, "sync", "{}", flow=flow)])[0]


def held_by_another(engine):
    """A failed job, and the one that holds its key now."""
    failed = push_unique(engine)
    settle(engine, queue="sync", fails=True, batch=None)
    return failed, push_unique(engine)


def test_batches_are_listed_with_their_bars(visit, engine):
    push_batch(engine, name="album 7", count=4)
    settle(engine, 2)
    settle(engine, fails=True)
    [batch] = visit("read").get("/api/batches").json["batches"]
    shown = {name: batch[name] for name in ("id", "name", "state", "percent", "done", "failed")}
    assert shown == {
        **{"id": "b1", "name": "album 7", "state": "running"},
        **{"percent": 75, "done": 2, "failed": 1},
    }
    text = visit("read").get("/batches").text
    assert 'max="100" value="75"' in text
    assert '<a href="/batches/b1">' in text


def test_there_are_further_pages(visit, engine):
    for number in range(PAGE + 2):
        push_batch(engine, f"b{number:03}", 1, f"q{number}")
    first = visit("read").get("/api/batches").json
    assert len({batch["id"] for batch in first["batches"]}) == PAGE
    assert first["latest"] is None
    assert first["older"].startswith("/batches?after=b")
    second = visit("read").get("/api" + first["older"]).json
    assert len(second["batches"]) == 2
    assert second["older"] is None
    assert second["latest"] == "/batches"
    both = {batch["id"] for batch in first["batches"] + second["batches"]}
    assert len(both) == PAGE + 2
    assert "Older" in visit("read").get("/batches").text


def test_a_page_behind_a_batch_that_is_gone_is_the_first(visit, engine):
    push_batch(engine)
    assert len(visit("read").get("/api/batches?after=gone").json["batches"]) == 1


def test_a_batch_is_shown_with_those_in_it_and_its_failed_jobs(visit, engine):
    push_batch(engine, name="album 7")
    settle(engine)
    push_batch(engine, "inner", 1, "r", parent="b1")
    settle(engine, fails=True)
    client = visit("read")
    shown = client.get("/api/batches/b1").json
    assert (shown["row"]["running"], shown["row"]["failed"], shown["row"]["waiting"]) == (1, 1, 1)
    assert shown["row"]["called"] == ["catch"]
    assert [each["id"] for each in shown["inner"]] == ["inner"]
    text = client.get("/batches/b1").text
    assert "Batch album 7" in text
    link = re.search(r'href="(/jobs\?status=failed[^"]*)"', text)[1].replace("&amp;", "&")
    jobs = client.get("/api" + link).json
    assert (jobs["batch"], len(jobs["jobs"])) == ("b1", 1)
    assert '<a href="/batches/b1">b1</a>' in client.get("/batches/inner").text


@pytest.mark.parametrize("id", ["no", "a/b", "x" * 5000, "%00"])
def test_a_batch_that_is_not_there_is_not_found(visit, id):
    assert visit().get(f"/batches/{id}").status_code == 404
    answer = visit().post(f"/batches/{id}", data={"action": "retry"}, headers=SAME)
    assert answer.status_code == 404


def test_failed_jobs_of_a_batch_are_retried(visit, engine):
    push_batch(engine)
    settle(engine, 2, fails=True)
    client = visit("write")
    assert "Retry failed jobs" in client.get("/batches/b1").text
    answer = client.post("/batches/b1", data={"action": "retry"}, headers=SAME)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/batches/b1")
    text = client.get("/batches/b1").text
    assert "2 jobs of the batch put back to be retried." in text
    assert "Retry failed jobs" not in text
    assert engine.count(Where(status="failed")) == 0


def test_a_batch_is_cancelled_after_a_question(visit, engine):
    engine.retention = Retention(cancelled=None)
    push_batch(engine)
    settle(engine)
    push_batch(engine, "inner", 2, "r", parent="b1")
    client = visit("write")
    asked = client.post("/batches/b1", data={"action": "cancel"}, headers=SAME)
    assert "Cancel batch b1? 3 jobs of it have not ended." in asked.text
    assert engine.count(Where(status="cancelled")) == 0
    answer = client.post("/batches/b1", data=fields(asked.text), headers=SAME)
    assert answer.status_code == 303
    assert "4 jobs of the batch cancelled." in client.get("/batches/b1").text
    assert engine.batches.find("b1").cancelled_at is not None
    assert engine.batches.find("inner").cancelled_at is not None
    again = client.post("/api/batches/b1", json={"action": "cancel"}, headers=BEARER)
    assert again.json == {"message": "The batch has ended.", "count": 0}


def test_a_batch_with_many_jobs_is_not_dropped_by_a_click(visit, engine):
    engine.retention = Retention(cancelled=0)
    push_batch(engine, count=1001)
    asked = visit().post("/batches/b1", data={"action": "cancel"}, headers=SAME).text
    assert "Cancelled jobs are not kept here." in asked
    assert "type 1001:" in asked


def test_those_who_may_only_look_change_no_batch(visit, engine):
    push_batch(engine)
    settle(engine, fails=True)
    client = visit("read")
    assert '<form method="post"' not in client.get("/batches/b1").text
    for action in ("retry", "cancel"):
        answer = client.post("/batches/b1", data={"action": action, "sure": "yes"}, headers=SAME)
        assert answer.status_code == 403
    assert engine.batches.find("b1").failed == 1
    assert engine.batches.find("b1").waiting == 2


def test_a_job_shows_its_key_its_group_and_its_batch(visit, engine):
    flow = Flow(Unique(KEY, "active", 3600.0), "bank-a", None, "b1")
    [id] = engine.batches.push(NewBatch("b1"), [NewJob(HANDLER, "q", "{}", flow=flow)])
    shown = visit("read").get(f"/api/jobs/{id}").json
    ties = [shown[name] for name in ("unique_key", "key_held_by", "group", "batch")]
    assert ties == [KEY, None, "bank-a", "b1"]
    text = visit("read").get(f"/jobs/{id}").text
    assert KEY in text
    assert "held by" not in text
    assert '<a href="/batches/b1">b1</a>' in text


def test_a_job_shows_who_else_holds_its_key_and_why_it_is_not_retried(visit, engine):
    failed, holder = held_by_another(engine)
    client = visit("write")
    text = client.get(f"/jobs/{failed}").text
    assert f'held by job <a href="/jobs/{holder}">{holder}</a>' in " ".join(text.split())
    answer = client.post(f"/jobs/{failed}", data={"action": "retry"}, headers=SAME)
    assert answer.status_code == 303
    said = f"Job {failed} stays as it is: its key {KEY} is held by job {holder}."
    assert said in client.get(f"/jobs/{failed}").text
    assert engine.find(failed).status == "failed"


def test_a_queue_shows_the_groups_in_which_most_jobs_wait(visit, engine):
    for number in range(52):
        flow = Flow(group=f"tenant-{number:02}")
        engine.push([NewJob(HANDLER, "mail", "{}", flow=flow)] * (number % 3 + 1))
    engine.push([NewJob(HANDLER, "mail", "{}")])
    shown = visit("read").get("/api/queues/mail").json
    waiting = [group["waiting"] for group in shown["job_groups"]]
    assert (len(waiting), shown["more_groups"]) == (50, 3)
    assert waiting == sorted(waiting, reverse=True)
    text = visit("read").get("/queues/mail").text
    assert "tenant-02" in text
    assert "there are 3 more" in text


def test_a_queue_without_groups_has_no_table_of_them(visit, engine):
    engine.push([NewJob(HANDLER, "mail", "{}")])
    assert "Groups" not in visit("read").get("/queues/mail").text


def test_jobs_of_a_batch_are_retried_from_their_list(visit, engine):
    push_batch(engine)
    push_batch(engine, "b2", 1, "r")
    settle(engine, 3, fails=True)
    settle(engine, 1, "r", fails=True)
    client = visit("write")
    retry = {"action": "retry", "all": "yes"}
    asked = client.post("/jobs?status=failed&batch=b1", data=retry, headers=SAME).text
    assert "Retry 3 failed jobs of the batch b1?" in asked
    client.post("/jobs?status=failed&batch=b1", data=fields(asked), headers=SAME)
    assert engine.batches.find("b1").failed == 0
    assert engine.batches.find("b2").failed == 1
