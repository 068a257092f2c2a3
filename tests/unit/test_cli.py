import json
import re
import sqlite3
import time

import pytest

from lightjobs import current, env
from lightjobs.cli import run
from lightjobs.execution import registry
from lightjobs.model import STATUSES, Failed, NewJob

JOB = "from lightjobs import Job\n\n\nclass {}(Job):\n    def handle(self): pass\n"


@pytest.fixture
def call(capsys):
    """Run a command; returns exit status, output and errors."""

    def command(*arguments):
        capsys.readouterr()
        env.forget()
        current.use(None)
        status = run(list(arguments))
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return status, printed.out, printed.err

    return command


@pytest.fixture
def ready(call, tmp_path):
    """A project that init made."""
    assert call("init")[0] == 0
    return tmp_path


def fail_all(queue="default", exception="ValueError: boom\n\nTraceback"):
    engine = current.engine()
    name = f"w{time.monotonic_ns()}"
    engine.register(name, 30)
    claims = engine.claim(name, [queue], 100)
    engine.settle(name, [Failed(c.id, c.fence, exception) for c in claims])
    return [c.id for c in claims]


def dispatch(call, *more):
    status, out, _err = call("job:dispatch", "ProcessPayment", '{"payment": 42}', "--json", *more)
    assert status == 0
    return json.loads(out)["id"]


def test_init_writes_a_project_that_works(call, tmp_path):
    status, out, _err = call("init")
    assert status == 0
    for name in (".env", "config/jobs.py", "app_jobs/__init__.py", "app_jobs/process_payment.py"):
        assert (tmp_path / name).is_file()
        assert name in out
    assert call("check")[0] == 0
    assert dispatch(call)


def test_init_again_keeps_what_is_there(call, ready):
    (ready / ".env").write_text("JOB_ENGINE=null\n")
    (ready / "app_jobs" / "process_payment.py").write_text(JOB.format("ProcessPayment"))
    status, out, _err = call("init")
    assert status == 0
    assert "kept     .env" in out
    assert (ready / ".env").read_text() == "JOB_ENGINE=null\n"


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("SendInvoice", "send_invoice"),
        ("HTTPPing", "http_ping"),
        ("A", "a"),
        ("Q1Report", "q1_report"),
    ],
)
def test_create_job_writes_a_class_that_can_be_dispatched(call, ready, name, module):
    assert call("create:job", name)[0] == 0
    assert (ready / "app_jobs" / f"{module}.py").is_file()
    assert call("check")[0] == 0
    assert call("job:dispatch", name)[0] == 0


@pytest.mark.parametrize(
    "name",
    ["send_invoice", "sendInvoice", "1A", "A-B", "../Evil", "A.B", "", "None", "True", "Ä", "A B"],
)
def test_create_job_refuses_a_bad_name(call, ready, name):
    before = sorted(ready.rglob("*.py"))
    status, _out, err = call("create:job", name)
    assert status == 2
    assert "cannot name a job" in err
    assert sorted(ready.rglob("*.py")) == before


def test_create_job_overwrites_only_with_force(call, ready):
    call("create:job", "SendInvoice")
    path = ready / "app_jobs" / "send_invoice.py"
    path.write_text("# mine")
    status, _out, err = call("create:job", "SendInvoice")
    assert status == 2
    assert "--force" in err
    assert path.read_text() == "# mine"
    assert call("create:job", "SendInvoice", "--force")[0] == 0
    assert "class SendInvoice" in path.read_text()


def test_dispatch_stores_the_job(call, ready):
    status, out, _err = call("job:dispatch", "ProcessPayment", '{"payment": 42}')
    assert status == 0
    (job,) = current.engine().browse("new")
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
def test_dispatch_refuses_a_payload_that_is_no_json_object(call, ready, payload):
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
    assert json.loads(out) == {
        "queues": {
            "default": {**none, "new": 2, "delayed": 1},
            "mail": {**none, "failed": 1},
        },
        "paused": [],
    }


def test_stats_as_a_table(call, ready):
    assert call("job:stats")[1] == "no jobs\n"
    dispatch(call)
    lines = call("job:stats")[1].splitlines()
    assert lines[0].split()[:5] == ["QUEUE", "NEW", "DELAYED", "QUEUED", "FAILED"]
    assert lines[1].split()[:5] == ["default", "1", "0", "0", "0"]


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
    with sqlite3.connect(ready / "jobs.sqlite") as connection:
        connection.execute("UPDATE jobs SET failed_at = '2020-01-01 00:00:00' WHERE queue = 'a'")
    assert json.loads(call("job:flush", "--older-than=1 week", "--json")[1]) == {"count": 1}
    assert json.loads(call("job:flush", "--queue=a", "--json")[1]) == {"count": 0}
    assert json.loads(call("job:flush", "--json")[1]) == {"count": 1}
    assert current.engine().stats()["default"]["new"] == 1


def test_flush_refuses_an_age_that_is_none(call, ready):
    status, _out, err = call("job:flush", "--older-than=when pigs fly")
    assert status == 2
    assert "--older-than" in err


def test_migrate_up_with_dry_run_prints_the_sql_and_changes_nothing(call, tmp_path):
    (tmp_path / ".env").write_text("JOB_ENGINE=database\n")
    status, out, _err = call("migrate:up", "--dry-run")
    assert status == 1
    assert "CREATE TABLE" in out
    assert not (tmp_path / "jobs.sqlite").exists()
    status, out, _err = call("migrate:status", "--json")
    assert [m["applied_at"] for m in json.loads(out)["migrations"]] == [None] * 4
    assert call("migrate:up")[0] == 0
    assert call("migrate:up")[1] == "nothing to migrate\n"
    assert call("migrate:up", "--dry-run")[:2] == (0, "")
    assert "pending" not in call("migrate:status")[1]


def test_migrate_status_of_an_engine_without_tables_says_so(call, monkeypatch):
    monkeypatch.setenv("JOB_ENGINE", "null")
    assert "no migrations" in call("migrate:status")[1]


def test_check_of_a_good_project_is_all_well(call, ready):
    status, out, _err = call("check")
    assert status == 0
    assert "all is well: engine database" in out
    assert json.loads(call("check", "--json")[1]) == {"problems": [], "warnings": []}


def test_check_prints_every_problem_at_once(call, ready, monkeypatch):
    (ready / ".env").write_text(
        "JOB_ENGINE=database\nDB_NAME=none.sqlite\nJOB_LEASE=soon\nREDIS_PORT=x\n"
    )
    (ready / "app_jobs" / "a.py").write_text("1 / 0\n")
    (ready / "app_jobs" / "b.py").write_text("nope\n")
    status, out, _err = call("check")
    assert status == 1
    assert out.count("problem: ") == 5
    for part in ("JOB_LEASE", "REDIS_PORT", "migrate:up", "a.py:1:", "b.py:1:"):
        assert part in out
    status, out, _err = call("check", "--json")
    assert status == 1
    assert len(json.loads(out)["problems"]) == 5


@pytest.mark.parametrize("engine", ["sync", "null", "memory"])
def test_work_on_an_engine_without_a_store_says_one_sentence_and_exits_2(
    call, ready, monkeypatch, engine
):
    monkeypatch.setenv("JOB_ENGINE", engine)
    status, out, err = call("job:work", "--workers=0", "--stop-when-empty")
    assert (status, out) == (2, "")
    assert err.startswith(f"lightjobs: JOB_ENGINE={engine} ")
    assert err.count("\n") == 1
    assert err.rstrip().count(". ") == 0


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
    assert call("job:dispatch", "ProcessPayment", '{"payment": 42}')[0] == 0


@pytest.mark.parametrize(
    "option",
    [
        "--queue=",
        "--queue=a,,b",
        "--workers=-1",
        "--workers=x",
        "--concurrency=0",
        "--sleep=0",
        "--max-memory=lots",
        "--max-jobs=-1",
        "--log-format=xml",
        "--unheard-of",
    ],
)
def test_work_refuses_wrong_options(call, ready, option):
    status, _out, err = call("job:work", option)
    assert status == 2
    assert option.split("=")[0] in err


def test_every_option_of_work_has_its_environment_twin_in_the_help(call):
    out = call("job:work", "--help")[1]
    for name in ("QUEUE", "WORKERS", "CONCURRENCY", "SLEEP", "COOLDOWN", "MAX_JOBS", "MAX_MEMORY"):
        assert f"JOB_{name}" in out
        assert f"--{name.lower().replace('_', '-')}" in out


@pytest.mark.parametrize("command", [["job:work"], ["job:stats"], ["job:failed"], ["job:retry"]])
def test_missing_tables_exit_4_and_name_the_command(call, tmp_path, command):
    (tmp_path / ".env").write_text("JOB_ENGINE=database\n")
    status, _out, err = call(*command)
    assert status == 4
    assert "lightjobs migrate:up" in err


@pytest.mark.parametrize(
    "command", [["job:work"], ["job:stats"], ["migrate:up"], ["job:retry", "1"]]
)
def test_a_store_that_does_not_answer_exits_3(call, tmp_path, command):
    (tmp_path / ".env").write_text("JOB_ENGINE=database\nDB_NAME=broken.sqlite\n")
    (tmp_path / "broken.sqlite").write_text("no database at all " * 100)
    status, _out, err = call(*command)
    assert status == 3
    assert "broken.sqlite" in err


@pytest.mark.parametrize("name", ["file/jobs.sqlite", "folder"])
def test_a_store_that_cannot_be_made_exits_without_a_traceback(call, tmp_path, name):
    (tmp_path / ".env").write_text(f"JOB_ENGINE=database\nDB_NAME={name}\n")
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    assert call("migrate:up")[0] == 3


@pytest.mark.parametrize("key", ["JOB_ENGINE", "JOB_LEASE", "DB_DRIVER"])
def test_a_wrong_setting_exits_2_and_names_its_key(call, ready, monkeypatch, key):
    monkeypatch.setenv(key, "wrong")
    status, _out, err = call("job:stats")
    assert status == 2
    assert err.startswith(f"lightjobs: {key} is 'wrong'; allowed: ")


@pytest.mark.parametrize("arguments", [["job:unheard-of"], ["job:show"], ["job:stats", "--what"]])
def test_wrong_usage_exits_2(call, arguments):
    assert call(*arguments)[0] == 2


def test_help_lists_every_command(call):
    status, out, _err = call("--help")
    assert status == 0
    for name in (
        "job:work",
        "job:dispatch",
        "job:retry",
        "migrate:up",
        "init",
        "create:job",
        "check",
    ):
        assert name in out


def test_dotenv_reaches_options_and_the_real_environment_wins(call, ready, monkeypatch):
    (ready / ".env").write_text("JOB_ENGINE=database\nJOB_WORKERS=none\n")
    assert call("job:work")[0] == 2
    monkeypatch.setenv("JOB_ENGINE", "null")
    assert "JOB_ENGINE=null" in call("job:work", "--workers=0")[2]


def test_the_command_imports_only_this_projects_jobs(call, ready):
    dispatch(call)
    assert registry.find("ProcessPayment").__module__ == "app_jobs.process_payment"
    assert registry.handlers().count("App\\Jobs\\ProcessPayment") == 1


def test_work_in_the_foreground_runs_what_is_due(monkeypatch, tmp_path, capfd):
    assert run(["init"]) == 0
    assert run(["job:dispatch", "ProcessPayment", '{"payment": 42}']) == 0
    capfd.readouterr()
    assert run(["job:work", "--workers=0", "--stop-when-empty"]) == 0
    assert "[PROCESSED]" in capfd.readouterr().out
    assert current.engine().stats() == {}
