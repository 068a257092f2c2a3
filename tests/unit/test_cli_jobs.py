"""The commands that dispatch, show, retry and delete jobs."""

import json
import re
import sqlite3
import time
from contextlib import closing

import pytest

from lightjobs import current
from lightjobs.cli import run
from lightjobs.engines.where import Where
from lightjobs.model import STATUSES, NewJob, Release
from lightjobs.notes.attempt_errors import AttemptError, error_line

from .commands import dispatch, fail_all


def test_dispatch_stores_the_job(call, ready):
    status, out, _err = call("job:dispatch", "ProcessPayment", '{"payment": 42}')
    assert status == 0
    (job,) = current.engine().browse(Where(status="new"))
    assert job.payload == '{"payment":42}'
    assert f"#ID: {job.id}" in out
    assert "App\\Jobs\\ProcessPayment" in out


def test_dispatch_by_handler_with_queue_and_delay(call, ready):
    status, out, _err = call(
        "job:dispatch",
        "App\\Jobs\\ProcessPayment",
        "--queue=mail",
        "--delay=+1 hour",
        "--priority=higher",
        "--json",
    )
    assert status == 0
    answer = json.loads(out)
    assert (answer["handler"], answer["queue"]) == ("App\\Jobs\\ProcessPayment", "mail")
    assert current.engine().stats()["mail"]["delayed"] == 1
    assert current.engine().find(answer["id"]).payload == "{}"
    assert re.search("priority +higher", call("job:show", answer["id"])[1])


@pytest.mark.parametrize(
    "payload", ["{", "", "[1]", "null", "7", '"x"', '{"a": NaN}', "[" * 100_000]
)
def test_dispatch_refuses_a_payload_that_is_not_a_json_object(call, ready, payload):
    status, _out, err = call("job:dispatch", "ProcessPayment", payload)
    assert status in (1, 2)
    assert "payload" in err.lower()
    assert current.engine().stats() == {}


def test_dispatch_of_an_unknown_job_lists_the_known(call, ready):
    status, _out, err = call("job:dispatch", "Nope")
    assert status in (1, 2)
    assert "ProcessPayment" in err


@pytest.mark.parametrize("option", ["--delay=when pigs fly", "--queue=", "--queue=a,b"])
def test_dispatch_refuses_wrong_options(call, ready, option):
    status, _out, err = call("job:dispatch", "ProcessPayment", option)
    assert (status, option.partition("=")[0] in err) == (2, True)
    assert re.search(r"is not (a name of|a time; allowed: what PHP's strtotime reads)", err)
    assert current.engine().stats() == {}


def test_a_job_module_that_does_not_import_is_named_and_exits_2(call, ready):
    (ready / "app_jobs" / "bad.py").write_text("x = 1\n1 / 0\n")
    status, _out, err = call("job:dispatch", "ProcessPayment")
    assert status == 2
    assert f"{ready}/app_jobs/bad.py:2: ZeroDivisionError" in err


def test_stats_as_json_have_their_shape(call, ready):
    assert json.loads(call("job:stats", "--json")[1]) == {"queues": {}, "paused": []}
    dispatch(call)
    dispatch(call, "--delay=+1 hour")
    dispatch(call, "--queue=mail")
    call("job:stats")
    fail_all("mail")
    status, out, _err = call("job:stats", "--json")
    none = dict.fromkeys((*STATUSES, "delayed"), 0)
    assert status == 0
    answer = json.loads(out)
    assert 0 <= answer["queues"]["default"].pop("oldest") < 60
    assert answer == {
        "queues": {
            "default": {**none, "new": 2, "delayed": 1},
            "mail": {**none, "failed": 1, "oldest": None},
        },
        "paused": [],
    }


def test_stats_as_a_table(call, ready):
    assert call("job:stats")[1] == "no jobs\n"
    dispatch(call)
    lines = call("job:stats")[1].splitlines()
    assert lines[0].split()[:5] == ["QUEUE", "NEW", "DELAYED", "QUEUED", "FAILED"]
    assert lines[1].split()[:5] == ["default", "1", "0", "0", "0"]
    assert lines[0].split()[-1] == "OLDEST"
    assert re.fullmatch(r"\d+s", lines[1].split()[-1])


def late(call, seconds, queue="default"):
    """Dispatch a job that has been due for so long."""
    call("job:stats")
    current.engine().push([NewJob("App\\Jobs\\ProcessPayment", queue, "{}", time.time() - seconds)])


def test_stats_fail_if_a_job_is_late(call, ready):
    dispatch(call)
    assert call("job:stats", "--fail-if-older=5m")[0] == 0
    late(call, 423, "mail")
    status, out, err = call("job:stats", "--fail-if-older=5m")
    assert status == 1
    assert re.fullmatch(r"lightjobs: jobs have been due for longer than 5m 0s: mail 7m \d+s\n", err)
    assert "mail" in out
    assert call("job:stats", "--fail-if-older=10 minutes")[0] == 0
    assert call("job:stats", "--fail-if-older=5m", "--queue=default")[0] == 0
    call("job:pause", "--queue=mail")
    assert call("job:stats", "--fail-if-older=5m")[0] == 0


@pytest.mark.parametrize("length", ["", "5", "m", "-5m", "tomorrow", "5m5"])
def test_what_is_no_length_of_time_is_refused(call, ready, length):
    status, _out, err = call("job:stats", f"--fail-if-older={length}")
    assert (status, "or 5m" in err) == (2, True)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("2h", 7200), ("1d", 86_400), ("1 week", 604_800)]
)
def test_a_length_of_time_has_its_unit(call, ready, text, seconds):
    late(call, seconds + 10)
    assert call("job:stats", f"--fail-if-older={text}")[0] == 1
    call("job:stats")
    current.engine().move("cancel", Where())
    late(call, seconds - 60)
    assert call("job:stats", f"--fail-if-older={text}")[0] == 0


def test_jobs_are_listed_by_the_class_of_their_error(call, ready):
    first = dispatch(call)
    call("job:stats")
    fail_all(exception="ValueError: boom")
    second = dispatch(call)
    call("job:stats")
    fail_all(exception="TimeoutError")

    def ids(*options):
        return [job["id"] for job in json.loads(call("job:list", *options, "--json")[1])["jobs"]]

    assert ids("--exception=ValueError") == [first]
    assert ids("--exception=TimeoutError", "--status=failed") == [second]
    assert call("job:list", "--exception=No")[1] == "no jobs with No\n"


def test_show_tells_why_each_attempt_failed(call, ready):
    id = dispatch(call)
    call("job:stats")
    engine = current.engine()
    engine.register("w", 30)
    for number, text in enumerate(("ValueError: \x1b[31mfirst", "second\n\nTraceback"), 1):
        (claim,) = engine.claim("w", ["default"], 1)
        line = error_line(AttemptError(number, 1e9 + number, 0.25, "w", "error", text))
        engine.settle("w", [Release(claim.id, claim.fence, 0.0, number, text, line)])
    out = call("job:show", id)[1]
    assert "attempt 2, 2001-09-09 01:46:42 after 0.25 s: second\n" in out
    assert "attempt 1, 2001-09-09 01:46:41 after 0.25 s: ValueError: \\x1b[31mfirst\n" in out
    errors = json.loads(call("job:show", id, "--json")[1])["errors"]
    assert [error["attempt"] for error in errors] == [2, 1]
    assert errors[0].keys() == {"attempt", "at", "seconds", "worker", "kind", "text"}


def test_failed_lists_failed_jobs(call, ready):
    assert call("job:failed")[1] == "no failed jobs\n"
    assert json.loads(call("job:failed", "--json")[1]) == {"jobs": []}
    id = dispatch(call)
    call("job:failed")
    fail_all(exception="ValueError: \x1b[31mboom\n\nTraceback")
    out = call("job:failed")[1]
    assert id in out
    assert "ValueError: \\x1b[31mboom" in out
    assert "Traceback" not in out
    (job,) = json.loads(call("job:failed", "--json")[1])["jobs"]
    assert (job["id"], job["payload"], job["status"]) == (id, {"payment": 42}, "failed")
    assert call("job:failed", "--handler=ProcessPayment")[1] == out
    assert call("job:failed", "--queue=other")[1] == "no failed jobs of other\n"
    assert call("job:failed", "--older-than=1 hour")[1] == "no failed jobs that old\n"
    status, _out, err = call("job:failed", "--handler=Nobody")
    assert (status, "--handler" in err) == (2, True)


def test_show_tells_all_of_a_job(call, ready):
    id = dispatch(call)
    call("job:stats")
    fail_all(exception="ValueError: \x1b[31mboom\n\nTraceback\n  line")
    status, out, _err = call("job:show", id)
    assert status == 0
    assert "\x1b[31m" not in out
    assert "line" in out
    shown = json.loads(call("job:show", id, "--json")[1])
    assert (shown["id"], shown["payload"], shown["queue"]) == (id, {"payment": 42}, "default")
    assert shown["exception"].startswith("ValueError: \x1b[31mboom")


@pytest.mark.parametrize("id", ["999", "abc", "", "1; DROP TABLE jobs", "9" * 5000, "\u0661"])
@pytest.mark.parametrize("command", ["job:show", "job:retry", "job:forget"])
def test_a_job_that_is_not_there_exits_1(call, ready, command, id):
    kept = dispatch(call)
    status, _out, err = call(command, id)
    assert status == 1
    assert "there is no" in err
    assert current.engine().find(kept).status == "new"


def test_retry_puts_back_one_or_all_or_those_of_a_queue(call, ready):
    ids = [dispatch(call, "--queue=a"), dispatch(call, "--queue=a"), dispatch(call, "--queue=b")]
    call("job:stats")
    fail_all("a"), fail_all("b")
    assert call("job:retry", ids[0])[0] == 0
    assert current.engine().find(ids[0]).status == "new"
    assert json.loads(call("job:retry", "--queue=a", "--json")[1]) == {"count": 1}
    assert json.loads(call("job:retry", "--json")[1]) == {"count": 1}
    status, out, _err = call("job:retry")
    assert (status, out) == (0, "no failed jobs to retry\n")


def test_retry_of_a_job_that_did_not_fail_exits_1(call, ready):
    id = dispatch(call)
    assert call("job:retry", id)[0] == 1
    status, out, _err = call("job:retry", id, "--json")
    assert (status, json.loads(out)) == (1, {"count": 0})


def test_forget_deletes_one_failed_job_and_no_other(call, ready):
    waiting, failed = dispatch(call), dispatch(call, "--queue=a")
    call("job:stats")
    fail_all("a")
    assert call("job:forget", waiting)[0] == 1
    assert call("job:forget", failed)[0] == 0
    assert current.engine().find(failed) is None
    assert current.engine().find(waiting)


def test_flush_deletes_failed_jobs_of_a_queue_or_an_age(call, ready):
    dispatch(call, "--queue=a"), dispatch(call, "--queue=b"), dispatch(call)
    call("job:stats")
    fail_all("a"), fail_all("b")
    for age in ("1 week", "-1 week", "1 week ago"):
        assert json.loads(call("job:flush", f"--older-than={age}", "--json")[1]) == {"count": 0}
    with closing(sqlite3.connect(ready / "jobs.sqlite")) as connection, connection:
        connection.execute("UPDATE jobs SET failed_at = '2020-01-01 00:00:00' WHERE queue = 'a'")
    assert json.loads(call("job:flush", "--older-than=1 week", "--json")[1]) == {"count": 1}
    assert json.loads(call("job:flush", "--queue=a", "--json")[1]) == {"count": 0}
    assert json.loads(call("job:flush", "--json")[1]) == {"count": 1}
    assert current.engine().stats()["default"]["new"] == 1


def test_flush_refuses_a_wrong_age(call, ready):
    status, _out, err = call("job:flush", "--older-than=when pigs fly")
    assert status == 2
    assert "--older-than" in err


ON_KEPT_JOBS = [
    ["job:stats"],
    ["job:failed"],
    ["job:show", "1"],
    ["job:retry"],
    ["job:forget", "1"],
    ["job:flush"],
    ["job:recover", "--php", "--older-than=1 hour"],
    ["job:cancel", "1"],
    ["job:pause", "--queue=q"],
    ["job:resume", "--queue=q"],
    ["job:cleanup", "--failed=remove"],
]


@pytest.mark.parametrize("engine", ["sync", "null", "memory"])
@pytest.mark.parametrize("command", ON_KEPT_JOBS, ids=lambda command: command[0])
def test_a_command_on_jobs_that_no_store_keeps_says_so_and_exits_2(
    call, ready, monkeypatch, engine, command
):
    monkeypatch.setenv("JOB_ENGINE", engine)
    status, out, err = call(*command)
    assert (status, out) == (2, "")
    assert err.startswith(f"lightjobs: JOB_ENGINE={engine} ")


def test_a_dispatch_that_would_end_with_the_command_is_refused(call, ready, monkeypatch):
    monkeypatch.setenv("JOB_ENGINE", "memory")
    status, out, err = call("job:dispatch", "ProcessPayment")
    assert (status, out) == (2, "")
    assert "JOB_ENGINE=memory keeps jobs inside the process" in err


def test_a_program_that_calls_a_command_itself_has_it_act_on_its_own_jobs(engine, capsys):
    (id,) = engine.push([NewJob("App\\Jobs\\Some", "q", "{}")])
    assert run(["job:cancel", id]) == 0
    assert engine.stats() == {}


@pytest.mark.parametrize("engine", ["sync", "null"])
def test_a_dispatch_to_an_engine_without_a_store_is_taken(call, ready, monkeypatch, engine):
    monkeypatch.setenv("JOB_ENGINE", engine)
    status, out, _err = call("job:dispatch", "ProcessPayment", '{"payment": 42}')
    assert status == 0
    done = {"sync": "ran", "null": "dropped"}[engine]
    assert f"{done} App\\Jobs\\ProcessPayment #ID: job_" in out
    assert "dispatched" not in out


def failed_ids(call, count):
    ids = [dispatch(call) for _ in range(count)]
    call("job:stats")
    fail_all()
    return ids


@pytest.mark.parametrize(
    ("command", "done"), [("job:retry", "queued for retry"), ("job:forget", "deleted")]
)
def test_several_ids_are_done_and_the_wrong_ones_named(call, ready, command, done):
    first, second, third = failed_ids(call, 3)
    assert call(command, first, second)[:2] == (0, f"job {first} {done}\njob {second} {done}\n")
    status, out, err = call(command, "999", third)
    assert (status, out) == (1, f"job {third} {done}\n")
    assert err == "lightjobs: there is no job 999\n"
    assert current.engine().count(Where(status="failed")) == 0


@pytest.mark.parametrize("command", ["job:retry", "job:forget"])
def test_several_ids_as_json(call, ready, command):
    first, second = failed_ids(call, 2)
    status, out, _err = call(command, "999", first, "--json")
    assert (status, json.loads(out)) == (1, {"count": 1, "jobs": {"999": False, first: True}})
    assert json.loads(call(command, second, "--json")[1]) == {"count": 1}


def test_ids_that_do_not_fit_the_options_are_not_retried(call, ready):
    (id,) = failed_ids(call, 1)
    status, _out, err = call("job:retry", id, "--queue=other")
    assert status == 1
    assert err == f"lightjobs: job {id} cannot be retried with these options: it is failed\n"
    assert current.engine().find(id).status == "failed"


def test_show_takes_several_ids(call, ready):
    first, second = dispatch(call), dispatch(call)
    status, out, _err = call("job:show", first, second)
    assert (status, out.count(" payload  ")) == (0, 2)
    status, out, err = call("job:show", first, "999", second)
    assert (status, out.count(" payload  "), "there is no job 999" in err) == (1, 2, True)
    status, out, _err = call("job:show", first, "999", "--json")
    shown = json.loads(out)
    assert (status, shown["missing"], [job["id"] for job in shown["jobs"]]) == (1, ["999"], [first])
