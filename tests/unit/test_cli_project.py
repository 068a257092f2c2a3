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
    assert [m["applied_at"] for m in json.loads(out)["migrations"]] == [None] * 10
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


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("JOB_ENGIN", "JOB_ENGINE"),
        ("JOBS_ENGINE", "JOB_ENGINE"),
        ("job_engine", "JOB_ENGINE"),
        ("LIGHTJOBS_ENGINE", "JOB_ENGINE"),
        ("JOB_WOKRERS", "JOB_WORKERS"),
        ("JOB_WORK_QUEUE", "JOB_QUEUE"),
        ("JOB_QUEUES", "JOB_QUEUE"),
        ("RETAIN_COMPLETE", "RETAIN_COMPLETED"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("DB_PASSWORD", "DB_PSWD"),
        ("DB_USERS", "DB_USER"),
        ("DB_PSWD_FILES", "DB_PSWD_FILE"),
    ],
)
def test_check_names_a_misspelled_variable(call, ready, monkeypatch, variable, meant):
    (ready / ".env").write_text(f"JOB_ENGINE=database\nDB_NAME=jobs\n{variable}=x\n")
    monkeypatch.setenv("DB_DRIVER", "pgsql")
    monkeypatch.setenv("DB_PORT", "1")
    warnings = json.loads(call("check", "--json")[1])["warnings"]
    assert warnings == [f"{variable} is set, but lightjobs does not read it; did you mean {meant}?"]


def test_check_leaves_the_variables_of_other_programs_alone(call, ready, monkeypatch):
    for variable in (
        *("JOB_NAME", "JOB_URL", "JOB_BASE_NAME", "JOB_COMPLETION_INDEX", "CI_JOB_TIMEOUT"),
        *("REDIS_PORT_6379_TCP", "REDIS_SERVICE_HOST", "REDIS_HOTS", "DB_PASSWORD", "DB_HOST2"),
        *("DATABASE_NAME", "VALKEY_URL", "QUEUE", "WORKERS", "ENGINE", "SHOPS_ENGINE"),
    ):
        monkeypatch.setenv(variable, "x")
    # A file in config/ may read variables with names of its own.
    monkeypatch.setenv("JOBS_LEASE", "20")
    (ready / "config" / "jobs.py").write_text(
        "from lightjobs.env import env\njobs = {'lease': env('JOBS_LEASE')}\n"
    )
    assert json.loads(call("check", "--json")[1]) == {"problems": [], "warnings": []}


def test_check_knows_the_files_of_secrets(call, ready, monkeypatch):
    (ready / "secret").write_text("x")
    monkeypatch.setenv("JOB_WEB_PASSWORD_FILE", str(ready / "secret"))
    assert json.loads(call("check", "--json")[1]) == {"problems": [], "warnings": []}


def test_check_reads_the_servers_names_in_other_words(call, ready, monkeypatch):
    monkeypatch.setenv("JOB_ENGINE", "valkey")
    monkeypatch.setenv("REDIS_PORT", "1")
    monkeypatch.setenv("VALKEY_URL", "x")
    warnings = json.loads(call("check", "--json")[1])["warnings"]
    assert any("did you mean REDIS_URL?" in warning for warning in warnings)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("JOB_WORKERS", "x"),
        ("JOB_MAX_MEMORY", "lots"),
        ("JOB_QUEUE", "a,,b"),
        ("JOB_QUIET", "perhaps"),
        ("JOB_RETRY_JSON", "perhaps"),
    ],
)
def test_check_names_the_wrong_value_of_an_option(call, ready, monkeypatch, variable, value):
    with (ready / ".env").open("a") as file:
        file.write(f"{variable}={value}\n")
    status, out, _err = call("check", "--json")
    (problem,) = json.loads(out)["problems"]
    assert problem.startswith(f"{variable} is {value!r}: ")
    assert status == 1


def test_check_fails_for_an_unknown_key_in_config(call, ready):
    (ready / "config" / "jobs.py").write_text("jobs = {'engin': 'null'}\n")
    status, out, _err = call("check")
    assert status == 1
    assert "problem: config/jobs.py: unknown key 'engin'; did you mean 'engine'? allowed: " in out


def test_check_warns_of_a_config_file_without_its_dict(call, ready):
    (ready / "config" / "jobs.py").write_text("job = {'engine': 'null'}\n")
    status, out, _err = call("check")
    assert status == 0
    assert "warning: config/jobs.py is not read: it defines no dict called jobs\n" in out
