import time

import pytest

from lightjobs.engines.where import Where
from lightjobs.model import Done, NewJob, Retention, utc_text
from lightjobs.web.listing import scan

from .jobs import BEARER, LATER, SAME, fail, fields


def store(engine, status, number):
    """Store jobs of that status, a word that people see."""
    if status == "failed":
        fail(engine, *["E: x"] * number)
        return
    engine.push([NewJob("App\\Jobs\\Pay", "mail", "{}")] * number)
    if status == "cancelled":
        engine.move("cancel")
        return
    engine.register("w", 60)
    claims = engine.claim("w", ["mail"], number)
    if status == "completed":
        engine.settle("w", [Done(claim.id, claim.fence) for claim in claims])


def count(engine, status, **where):
    return engine.count(Where(status=status, **where))


def test_chosen_jobs_are_retried_at_once_and_stay_chosen_by_their_status(visit, engine):
    [one, two, three] = fail(engine, "E: x", "E: x", "E: x")
    client = visit()
    form = {"action": "retry", "id": [one, two]}
    for times in (2, 0):  # a repeated POST changes nothing
        answer = client.post("/jobs?status=failed&queue=mail", data=form, headers=SAME)
        assert (answer.status_code, answer.headers["Location"]) == (
            303,
            "/jobs?status=failed&queue=mail",
        )
        told = client.get(answer.headers["Location"]).text
        assert f"{times} failed jobs put back to be retried." in told
    assert [job.id for job in engine.browse(Where(status="failed"))] == [three]


def test_all_jobs_that_fit_are_counted_first_and_named_in_words(visit, engine, caplog):
    caplog.set_level("INFO", logger="lightjobs.web")
    fail(engine, *["TimeoutError: x"] * 3)
    fail(engine, "E: x")
    fail(engine, "TimeoutError: x", handler="Other")
    client = visit()
    address = "/jobs?status=failed&handler=App%5CJobs%5CPay&exception=TimeoutError"
    asked = client.post(address, data={"action": "retry", "all": "yes"}, headers=SAME)
    assert "Retry 3 failed jobs of Pay with TimeoutError?" in asked.text
    assert count(engine, "failed") == 5
    answer = client.post(address, data=fields(asked.text), headers=SAME)
    assert answer.status_code == 303
    assert count(engine, "failed") == 2
    assert "which='failed jobs of Pay with TimeoutError' count=3" in caplog.text


@pytest.mark.parametrize(
    ("status", "action"), [("failed", "retry"), ("cancelled", "rerun"), ("completed", "rerun")]
)
def test_many_jobs_may_be_spread_over_ten_minutes(visit, engine, status, action):
    engine.retention = Retention(completed=None, cancelled=None)
    store(engine, status, 40)
    client = visit()
    address = f"/jobs?status={status}"
    form = {"action": action, "all": "yes"}
    asked = client.post(address, data=form, headers=SAME)
    assert 'type="checkbox" name="spread" value="yes">' in asked.text
    answer = client.post(address, data={**fields(asked.text), "spread": "yes"}, headers=SAME)
    assert ", spread over 10 minutes." in client.get(answer.headers["Location"]).text
    dues = {job.scheduled_at for job in engine.browse(Where(status="new"))}
    assert len(dues) > 20
    assert max(dues) <= utc_text(time.time() + 601)


def test_what_is_not_spread_is_due_at_once(visit, engine):
    store(engine, "failed", 5)
    client = visit()
    form = {"action": "retry", "all": "yes"}
    asked = client.post("/jobs?status=failed", data=form, headers=SAME)
    client.post("/jobs?status=failed", data=fields(asked.text), headers=SAME)
    dues = [job.scheduled_at for job in engine.browse(Where(status="new"))]
    assert len(dues) == 5
    assert max(dues) <= utc_text(time.time())


@pytest.mark.parametrize("action", ["delete", "requeue", "cancel"])
def test_only_what_runs_again_can_be_spread(visit, engine, action):
    status = {"delete": "failed", "requeue": "running", "cancel": "running"}[action]
    store(engine, status, 3)
    form = {"action": action, "all": "yes", "spread": "yes"}
    client = visit()
    asked = client.post(f"/jobs?status={status}", data=form, headers=SAME)
    assert "Spread" not in asked.text
    sure = {**fields(asked.text), "spread": "yes"}
    answer = client.post(f"/jobs?status={status}", data=sure, headers=SAME)
    assert answer.status_code == 303
    assert "spread" not in client.get(answer.headers["Location"]).text


def test_that_jobs_are_to_be_spread_is_remembered_when_the_number_was_wrong(visit, engine):
    fail(engine, "E: x", "E: x")
    form = {"action": "retry", "all": "yes", "spread": "yes"}
    asked = visit().post("/jobs?status=failed", data=form, headers=SAME)
    assert 'name="spread" value="yes" checked>' in asked.text
    assert "spread" not in fields(asked.text)


def test_the_api_spreads_jobs(visit, engine):
    fail(engine, *["E: x"] * 40)
    form = {"action": "retry", "all": True, "spread": True}
    answer = visit().post("/api/jobs?status=failed", json=form, headers=BEARER)
    assert answer.json == {
        "message": "40 failed jobs put back to be retried, spread over 10 minutes.",
        "count": 40,
    }
    assert len({job.scheduled_at for job in engine.browse(Where(status="new"))}) > 20


def test_words_choose_jobs_and_are_not_told_to_the_log(visit, engine, caplog):
    caplog.set_level("INFO", logger="lightjobs.web")
    fail(engine, "E: x", payload='{"card": 4711}')
    fail(engine, "E: x")
    client = visit()
    address = "/jobs?status=failed&q=payload:4711"
    asked = client.post(address, data={"action": "delete", "all": "yes"}, headers=SAME)
    assert "Delete 1 failed job with payload 4711?" in asked.text
    client.post(address, data=fields(asked.text), headers=SAME)
    assert count(engine, "failed") == 1
    assert "4711" not in caplog.text
    assert "which='failed jobs with payload …' count=1" in caplog.text


def test_a_search_for_many_says_that_there_may_be_more(visit, engine, monkeypatch):
    monkeypatch.setattr("lightjobs.web.pages.bulk.MOST_SCANNED", 10)
    monkeypatch.setattr(scan, "MOST_SCANNED", 10)
    fail(engine, *["E: x"] * 15)
    client = visit()
    address = "/jobs?status=failed&q=handler:Pay"
    asked = client.post(address, data={"action": "retry", "all": "yes"}, headers=SAME)
    assert "Retry 10 failed jobs with handler Pay? They are found among the first 10" in asked.text
    client.post(address, data=fields(asked.text), headers=SAME)
    assert count(engine, "failed") == 5


def test_what_fails_after_the_question_is_left_alone(visit, engine):
    fail(engine, "E: x")
    client = visit()
    form = {"action": "retry", "all": "yes", "before": "1000000000", "sure": "yes"}
    for query in ("", "&q=handler:Pay"):
        client.post(f"/jobs?status=failed{query}", data=form, headers=SAME)
        assert count(engine, "failed") == 1
    asked = client.post("/jobs?status=failed", data={"action": "retry", "all": "1"}, headers=SAME)
    assert int(fields(asked.text)["before"]) > 1_700_000_000


def test_waiting_and_delayed_jobs_are_told_apart(visit, engine):
    engine.push([NewJob("A", "mail", "{}")] * 2 + [NewJob("A", "mail", "{}", LATER)] * 3)
    client = visit()
    address = "/jobs?status=delayed"
    asked = client.post(address, data={"action": "delete", "all": "yes"}, headers=SAME)
    assert "Delete 3 delayed jobs?" in asked.text
    client.post(address, data=fields(asked.text), headers=SAME)
    assert (count(engine, "new"), engine.stats()["mail"]["delayed"]) == (2, 0)


def test_many_are_deleted_only_if_their_number_is_typed(visit, engine):
    fail(engine, *["E: x"] * 1001)
    client = visit()
    form = {"action": "delete", "all": "yes"}
    asked = fields(client.post("/jobs?status=failed", data=form, headers=SAME).text)
    again = client.post("/jobs?status=failed", data={**asked, "typed": "1000"}, headers=SAME)
    assert "This is not what was asked for." in again.text
    assert count(engine, "failed") == 1001
    client.post("/jobs?status=failed", data={**asked, "typed": "1,001"}, headers=SAME)
    assert count(engine, "failed") == 0


@pytest.mark.parametrize("is_kept", [True, False])
def test_cancelling_asks_and_says_if_that_deletes(visit, engine, is_kept):
    engine.retention = Retention(cancelled=None if is_kept else 0)
    [job_id] = engine.push([NewJob("A", "mail", "{}", LATER)])
    form = {"action": "cancel", "id": job_id}
    asked = visit().post("/jobs?status=delayed", data=form, headers=SAME).text
    assert "Cancel 1 delayed job?" in asked
    assert ("Cancelled jobs are not kept here." in asked) != is_kept
    time.sleep(max(0.0, int(fields(asked)["before"]) - time.time()))  # the answer takes a while
    visit().post("/jobs?status=delayed", data=fields(asked), headers=SAME)
    assert count(engine, "new") == 0
    assert count(engine, "cancelled") == is_kept


def test_the_api_acts_without_a_question(visit, engine):
    fail(engine, "E: x", "E: x")
    address, sent = "/api/jobs?status=failed&queue=mail", {"action": "retry", "all": True}
    answer = visit().post(address, json=sent, headers=BEARER)
    assert answer.json == {
        "message": "2 failed jobs in the queue mail put back to be retried.",
        "count": 2,
    }


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("status=failed", {"action": "retry"}),
        ("status=failed", {"action": "retry", "all": "no"}),
        ("status=failed", {"action": "cancel", "all": "yes"}),
        ("status=running", {"action": "delete", "all": "yes"}),
        ("status=nope", {"action": "retry", "all": "yes"}),
        ("status=failed", {"action": "retry", "all": "yes", "before": "x"}),
        ("status=failed", {"action": "retry", "all": "yes", "before": "9" * 30}),
        ("status=failed", {"action": "retry", "id": ["1"] * 1001}),
        ("status=failed&q=" + "a" * 501, {"action": "retry", "all": "yes"}),
    ],
)
def test_a_wrong_choice_changes_nothing(visit, engine, query, form):
    fail(engine, "E: x")
    for path, headers in (("/jobs", SAME), ("/api/jobs", BEARER)):
        answer = visit().post(f"{path}?{query}", data={"sure": "yes", **form}, headers=headers)
        assert answer.status_code == 400
        assert "Traceback" not in answer.text
    assert count(engine, "failed") == 1


def test_ids_that_are_none_change_nothing(visit, engine):
    fail(engine, "E: x")
    form = {"action": "retry", "id": ["x", "999", "\0", "\udfff", "9" * 100]}
    answer = visit().post("/api/jobs?status=failed", json=form, headers=BEARER)
    assert answer.json["count"] == 0


@pytest.mark.parametrize("status", ["waiting", "running", "failed", "paused"])
def test_only_legal_actions_are_offered(visit, engine, status):
    engine.push([NewJob("A", "q", "{}")])
    engine.register("w", 60)
    if status == "running":
        engine.claim("w", ["q"], 1)
    elif status == "failed":
        fail(engine, "E: x")
    elif status == "paused":
        engine.move("pause")
    text = visit().get(f"/jobs?status={status}").text
    offered = {
        "waiting": {"pause", "cancel", "delete"},
        "running": {"requeue", "cancel"},
        "failed": {"retry", "delete"},
        "paused": {"resume", "cancel", "delete"},
    }[status]
    for name in ("retry", "rerun", "resume", "pause", "requeue", "cancel", "delete"):
        assert (f'name="action" value="{name}"' in text) == (name in offered)
    assert 'name="action"' not in visit("read").get(f"/jobs?status={status}").text
