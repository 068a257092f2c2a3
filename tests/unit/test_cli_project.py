"""The commands for a project: init, create:job, migrate and check."""

import json

import pytest

from .commands import dispatch

JOB = "from lightjobs import Job\n\n\nclass {}(Job):\n    def handle(self): pass\n"


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


def test_init_shows_and_adds_the_keys_that_a_dotenv_lacks(call, tmp_path):
    (tmp_path / ".env").write_text("JOB_ENGINE=\nAPP=shop")
    status, out, _err = call("init")
    assert status == 0
    added = ["JOB_ENGINE=database", "DB_DRIVER=sqlite", "DB_NAME=jobs.sqlite"]
    assert [line for line in out.split() if line in added] == added
    assert (tmp_path / ".env").read_text().splitlines() == ["JOB_ENGINE=", "APP=shop", *added]
    assert (tmp_path / "jobs.sqlite").exists()
    assert "dispatched" in call("job:dispatch", "ProcessPayment", '{"payment": 42}')[1]
    assert "adding" not in call("init")[1]


def test_init_adds_no_database_to_a_dotenv_that_names_one_and_leaves_its_tables(call, tmp_path):
    theirs = "DATABASE_URL=postgresql://127.0.0.1:1/shop\n"
    (tmp_path / ".env").write_text(theirs)
    status, out, _err = call("init")
    assert status == 0
    assert (tmp_path / ".env").read_text() == f"{theirs}JOB_ENGINE=database\n"
    assert "lightjobs migrate:up" in out


def test_init_adds_nothing_where_something_else_sets_the_engine(call, tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("APP=shop\n")
    monkeypatch.setenv("JOB_ENGINE", "null")
    assert call("init")[0] == 0
    assert (tmp_path / ".env").read_text() == "APP=shop\n"


@pytest.mark.parametrize(
    "command",
    [
        ["check"],
        ["job:stats"],
        ["job:work"],
        ["job:dispatch", "ProcessPayment", '{"payment": 42}'],
    ],
)
def test_commands_where_nothing_sets_the_engine_name_the_folder_searched(
    call, ready, caplog, command
):
    (ready / ".env").unlink()
    _status, out, err = call(*command)
    assert f"JOB_ENGINE is not set (the environment, .env and config/ in {ready}" in (
        out + err + caplog.text
    )


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


def test_migrate_up_with_dry_run_prints_the_sql_and_changes_nothing(call, tmp_path):
    (tmp_path / ".env").write_text("JOB_ENGINE=database\n")
    status, out, _err = call("migrate:up", "--dry-run")
    assert status == 1
    assert "CREATE TABLE" in out
    assert not (tmp_path / "jobs.sqlite").exists()
    status, out, _err = call("migrate:status", "--json")
    assert [m["applied_at"] for m in json.loads(out)["migrations"]] == [None] * 6
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
        "JOB_ENGINE=database\nDB_NAME=none.sqlite\nJOB_LEASE=soon\nRETAIN_FAILED=x\n"
    )
    (ready / "app_jobs" / "a.py").write_text("1 / 0\n")
    (ready / "app_jobs" / "b.py").write_text("nope\n")
    status, out, _err = call("check")
    assert status == 1
    assert out.count("problem: ") == 5
    for part in ("JOB_LEASE", "RETAIN_FAILED", "migrate:up", "a.py:1:", "b.py:1:"):
        assert part in out
    status, out, _err = call("check", "--json")
    assert status == 1
    assert len(json.loads(out)["problems"]) == 5


def test_check_lists_what_an_unused_store_cannot_use_without_failing(call, ready, monkeypatch):
    for key in ("REDIS_PORT", "DB_PORT"):
        monkeypatch.setenv(key, "tcp://10.0.0.1:6379")
    status, out, _err = call("check")
    assert status == 0
    for key in ("REDIS_PORT", "DB_PORT"):
        assert f"warning: {key} is 'tcp://10.0.0.1:6379'; allowed: " in out
    assert out.count("(Kubernetes sets this address for a service; ") == 2
    assert out.count("; not used with JOB_ENGINE=database, DB_DRIVER=sqlite\n") == 2
    assert "all is well" in out


@pytest.mark.parametrize(
    ("engine", "key", "value"),
    [
        ("database", "DATABASE_URL", "oracle://h/n"),
        ("database", "DB_DRIVER", "oracle"),
        ("redis", "REDIS_URL", "http://h"),
        ("valkey", "REDIS_PORT", "x"),
        ("rabbit", "JOB_ENGINE", "rabbit"),
    ],
)
def test_check_of_a_wrong_store_tells_nothing_of_the_default_one(
    call, ready, monkeypatch, engine, key, value
):
    (ready / ".env").unlink()
    (ready / "jobs.sqlite").unlink()
    entry = "from lightjobs.cleanup import CleanupJob\nfrom lightjobs.schedule import schedule\n"
    (ready / "config" / "schedule.py").write_text(f"{entry}schedule.job(CleanupJob).daily()\n")
    monkeypatch.setenv("JOB_ENGINE", engine)
    monkeypatch.setenv(key, value)
    status, out, _err = call("check", "--json")
    found = json.loads(out)
    assert (status, found["warnings"]) == (1, [])
    assert len(found["problems"]) == 1, found
    assert found["problems"][0].startswith(key)


def test_a_wrong_url_does_not_count_as_a_missing_name(call, ready, monkeypatch):
    monkeypatch.setenv("DB_DRIVER", "pgsql")
    monkeypatch.setenv("DB_NAME", "")
    monkeypatch.setenv("DATABASE_URL", "postgresql://h:port/n")
    (ready / ".env").write_text("JOB_ENGINE=database\n")
    (problem,) = json.loads(call("check", "--json")[1])["problems"]
    assert problem.startswith("DATABASE_URL: ")
