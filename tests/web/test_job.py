import json

import pytest

from lightjobs.model import Done, Failed, NewJob, Retention
from lightjobs.notes.attempt_errors import AttemptError, error_line
from lightjobs.notes.run_notes import Progress, progress_text, result_text
from lightjobs.web.options import Options

from .jobs import BEARER, LATER, SAME, fail, fields, retry

BIG = "12345678901234567890.10"


def push(engine, payload="{}", **changes):
    return engine.push([NewJob("App\\Jobs\\Pay", "mail", payload)._replace(**changes)])[0]


def test_a_job_that_is_not_there_is_told(visit):
    for path in ("/jobs/999", "/jobs/x", "/jobs/a/b", "/jobs/%00", "/jobs/" + "9" * 5000):
        answer = visit("read").get(path)
        assert answer.status_code == 404
        assert "There is no such job." in answer.text
    assert visit("read").get("/api/jobs/999").json["status"] == 404


def test_a_payload_is_shown_as_it_is_stored_without_its_secrets(visit, engine):
    job_id = push(engine, f'{{"n": {BIG}, "password": "s3cret", "n": 1}}')
    client = visit("read")
    text = client.get(f"/jobs/{job_id}").text
    assert BIG in text
    assert "s3cret" not in text
    assert "••••" in text
    answer = client.get(f"/api/jobs/{job_id}").json
    assert BIG in answer["payload"]
    assert "s3cret" not in answer["payload"]


def test_hidden_payloads_are_on_no_page(visit, engine):
    job_id = push(engine, '{"a": "findme"}')
    client = visit("read", Options(hide_payloads=True))
    assert "findme" not in client.get(f"/jobs/{job_id}").text
    assert client.get(f"/api/jobs/{job_id}").json["payload"] is None


def test_a_long_payload_is_folded_and_the_json_has_all_of_it(visit, engine):
    job_id = push(engine, json.dumps({"a": "x" * 300_000}))
    client = visit("read")
    text = client.get(f"/jobs/{job_id}").text
    assert "<details><summary>300,0" in text
    assert "This is the beginning" in text
    assert "x" * 300_000 in client.get(f"/api/jobs/{job_id}").json["payload"]
    assert "<details><summary>" not in client.get(f"/jobs/{push(engine)}").text


def test_the_timeline_tells_what_is_stored(visit, engine):
    [failed] = fail(engine, "TimeoutError: too late\nTraceback")
    steps = visit("read").get(f"/api/jobs/{failed}").json["timeline"]
    assert sorted(step["what"] for step in steps) == ["attempt 1", "created", "due", "failed"]
    [attempt] = [step for step in steps if step["what"] == "attempt 1"]
    assert attempt["worker"] == "host-a:1"
    assert attempt["seconds"] == 1.5
    assert attempt["error"] == "TimeoutError: too late"
    assert not any(step["is_next"] for step in steps)


@pytest.mark.parametrize("is_paused", [False, True])
def test_the_next_attempt_is_told(visit, engine, is_paused):
    job_id = retry(engine, "ValueError: x")
    if is_paused:
        engine.pause(job_id)
    *past, coming = visit("read").get(f"/api/jobs/{job_id}").json["timeline"]
    assert coming["what"].startswith("attempt 2")
    assert coming["is_next"]
    assert not any(step["is_next"] for step in past)
    assert '<li class="next">' in visit("read").get(f"/jobs/{job_id}").text


def test_a_running_job_says_who_runs_it(visit, engine):
    job_id = push(engine)
    engine.register("host-b:2", 60)
    engine.claim("host-b:2", ["mail"], 1)
    job = visit("read").get(f"/api/jobs/{job_id}").json
    assert (job["status"], job["stored_status"], job["worker"]) == ("running", "queued", "host-b:2")
    assert job["timeline"][-1]["what"] == "attempt 1 runs"
    assert "not known since when" in visit("read").get(f"/jobs/{job_id}").text


def test_the_last_error_is_whole_and_open_and_others_are_folded(visit, engine):
    job_id = retry(engine, "ValueError: first", due=1.0)
    engine.register("w", 60)
    long = "TimeoutError: " + "x" * 9000 + " end"
    [claim] = engine.claim("w", ["retried"], 1)
    assert claim.id == job_id
    line = error_line(AttemptError(2, 1_800_000_100.0, 2.0, "host-a:1", "timeout", long))
    engine.settle("w", [Failed(claim.id, claim.fence, long, line)])
    job = visit("read").get(f"/api/jobs/{job_id}").json
    assert [error["attempt"] for error in job["errors"]] == [2, 1]
    assert job["errors"][0]["text"] == long
    text = visit("read").get(f"/jobs/{job_id}").text
    assert text.count("<details open>") == 1
    assert "ValueError: first" in text


def test_options_are_told_and_those_of_the_trace_link_to_it(visit, engine):
    trace = "0af7651916cd43dd8448eb211c80319c"
    options = {
        "attempts": 5,
        "retryAfter": ["+1 minute", "+5 minutes"],
        "entry": "nightly",
        "trace": {"traceparent": f"00-{trace}-b7ad6b7169203331-01"},
    }
    links = {
        "Logs": "https://logs.example/?q={id}",
        "Trace": "https://trace.example/{trace_id}",
    }
    client = visit("read", Options(links=links))
    job_id = push(engine, options=json.dumps(options))
    job = client.get(f"/api/jobs/{job_id}").json
    assert job["options"] == {"next attempt after": "+1 minute, +5 minutes"}
    assert (job["most_attempts"], job["entry"], job["trace_id"]) == (5, "nightly", trace)
    text = client.get(f"/jobs/{job_id}").text
    assert f'href="https://trace.example/{trace}"' in text
    assert f'href="https://logs.example/?q={job_id}"' in text
    assert "https://trace.example" not in client.get(f"/jobs/{push(engine)}").text


@pytest.mark.parametrize(
    "options",
    [
        "",
        "{",
        "[]",
        "null",
        '{"attempts": "x", "trace": 7, "entry": {}}',
        '{"attempts": {"a": 1}, "trace": {"traceparent": ["x"]}}',
        '{"trace": {"traceparent": "00-x-y-z"}}',
    ],
)
def test_options_that_are_none_break_nothing(visit, engine, options):
    job_id = push(engine, options=options)
    assert visit("read").get(f"/jobs/{job_id}").status_code == 200
    assert visit("read").get("/jobs").status_code == 200


def test_how_long_an_ended_job_stays_is_told(visit, engine):
    engine.retention = Retention(failed=86_400)
    [failed] = fail(engine, "E: x")
    assert "for 1 d after its end" in visit("read").get(f"/jobs/{failed}").text
    assert "after its end" not in visit("read").get(f"/jobs/{push(engine, due=LATER)}").text


def test_a_job_is_retried_from_its_page(visit, engine):
    [failed] = fail(engine, "E: x")
    client = visit()
    for told in ("was put back to be retried", "is waiting: that is not possible"):
        answer = client.post(f"/jobs/{failed}", data={"action": "retry"}, headers=SAME)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/jobs/{failed}")
        assert f"Job {failed} {told}." in client.get(f"/jobs/{failed}").text
    assert engine.find(failed).status == "new"


@pytest.mark.parametrize(("action", "label"), [("delete", "Delete"), ("cancel", "Cancel")])
def test_a_job_is_deleted_or_cancelled_after_a_question(visit, engine, action, label):
    job_id, client = push(engine), visit()
    asked = client.post(f"/jobs/{job_id}", data={"action": action}, headers=SAME)
    assert f"{label} job {job_id} (Pay, waiting)?" in asked.text
    assert engine.find(job_id) is not None
    answer = client.post(f"/jobs/{job_id}", data=fields(asked.text), headers=SAME)
    assert answer.headers["Location"] == "/jobs?status=waiting"
    assert engine.find(job_id) is None


def test_a_job_is_paused_and_resumed(visit, engine):
    job_id, client = push(engine), visit()
    for action, status in (("pause", "paused"), ("resume", "new")):
        client.post(f"/jobs/{job_id}", data={"action": action}, headers=SAME)
        assert engine.find(job_id).status == status


def test_a_running_job_is_requeued_after_a_question(visit, engine):
    job_id, client = push(engine), visit()
    engine.register("w", 60)
    engine.claim("w", ["mail"], 1)
    asked = client.post(f"/jobs/{job_id}", data={"action": "requeue"}, headers=SAME)
    assert engine.find(job_id).status == "queued"
    client.post(f"/jobs/{job_id}", data=fields(asked.text), headers=SAME)
    assert engine.find(job_id).status == "new"


def test_a_job_is_dispatched_again_as_it_was(visit, engine):
    payload = '{"n": %s, "password": "s3cret"}' % BIG  # noqa: UP031
    options = {"attempts": 5, "trace": {"a": "b"}, "entry": "nightly", "slot": [1, 2, "UTC"]}
    job_id = push(engine, payload, priority=2, options=json.dumps(options), due=LATER)
    client = visit()
    asked = client.post(f"/jobs/{job_id}", data={"action": "again"}, headers=SAME)
    assert f"Dispatch a copy of job {job_id} (Pay, delayed)?" in asked.text
    answer = client.post(f"/jobs/{job_id}", data=fields(asked.text), headers=SAME)
    copy = engine.find(answer.headers["Location"].rpartition("/")[2])
    assert copy.id != job_id
    assert (copy.handler, copy.queue, copy.payload, copy.priority, copy.status) == (
        *("App\\Jobs\\Pay", "mail", payload, 2, "new"),
    )
    assert json.loads(copy.options) == {"attempts": 5}
    assert copy.scheduled_at < "2090"
    assert engine.find(job_id) is not None


def test_actions_of_a_job_that_is_gone_are_refused(visit, engine):
    for action in ("delete", "again", "retry"):
        answer = visit().post("/api/jobs/999", json={"action": action}, headers=BEARER)
        assert answer.status_code == 404


def test_those_who_may_only_look_have_no_buttons_for_a_job(visit, engine):
    job_id = push(engine)
    assert 'value="again"' in visit("write").get(f"/jobs/{job_id}").text
    assert 'value="again"' not in visit("read").get(f"/jobs/{job_id}").text


def complete(engine, value, keep=3600.0):
    """Complete a job whose result has this JSON; returns its id."""
    job_id = push(engine)
    engine.register("w", 60)
    [claim] = engine.claim("w", ["mail"], 1)
    text = result_text(value, "host-b:3", 1_800_000_000.0, 1.5)
    engine.settle("w", [Done(claim.id, claim.fence, None, text, keep)])
    return job_id


def test_a_result_is_shown_without_its_secrets(visit, engine):
    job_id = complete(engine, '{"total": 42, "api_key": "s3cret", "html": "<b>x</b>"}')
    client = visit("read")
    text = client.get(f"/jobs/{job_id}").text
    assert "<h2>Result</h2>" in text
    assert "&#34;total&#34;: 42" in text
    assert "&lt;b&gt;x&lt;/b&gt;" in text
    assert "s3cret" not in text
    job = client.get(f"/api/jobs/{job_id}").json
    assert "s3cret" not in json.dumps(job)
    assert (job["result"]["worker"], job["result"]["seconds"]) == ("host-b:3", 1.5)
    assert 3599 <= job["kept"] <= 3601
    done = job["timeline"][-1]
    assert (done["what"], done["worker"], done["seconds"]) == ("completed", "host-b:3", 1.5)


def test_results_are_hidden_where_payloads_are(visit, engine):
    job_id = complete(engine, '"findme"')
    client = visit("read", Options(hide_payloads=True))
    text = client.get(f"/jobs/{job_id}").text
    assert "findme" not in text
    assert "Results are hidden here" in text
    assert client.get(f"/api/jobs/{job_id}").json["result"]["value"] is None


def test_a_result_that_was_not_kept_is_told(visit, engine):
    job_id = complete(engine, None)
    assert "The result was not kept" in visit("read").get(f"/jobs/{job_id}").text
    plain = push(engine)
    assert "<h2>Result</h2>" not in visit("read").get(f"/jobs/{plain}").text


@pytest.mark.parametrize(
    ("progress", "shown"),
    [
        (Progress(3, 4, "<i>rows</i>"), ('value="75.0"', "75 %", "3 of 4", "&lt;i&gt;rows")),
        (Progress(1200), ("1,200",)),
    ],
)
def test_progress_is_shown(visit, engine, progress, shown):
    job_id = push(engine)
    engine.register("w", 60)
    [claim] = engine.claim("w", ["mail"], 1)
    client = visit("read")
    assert "<h2>Progress</h2>" not in client.get(f"/jobs/{job_id}").text
    engine.results.note_progress("w", {claim[:2]: progress_text(progress)})
    text = client.get(f"/jobs/{job_id}").text
    assert "<h2>Progress</h2>" in text
    assert ("<progress" in text) == (progress.total is not None)
    for part in shown:
        assert part in text
    told = client.get(f"/api/jobs/{job_id}").json["progress"]
    assert told == {**progress._asdict(), "percent": progress.percent}
