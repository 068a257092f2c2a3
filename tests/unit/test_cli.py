"""The command line: exit statuses, options, help, and job:work."""

import pytest

from lightjobs import current
from lightjobs.cli import run
from lightjobs.execution import registry

from .commands import dispatch


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


@pytest.mark.parametrize(
    "option",
    [
        "--queue=",
        "--queue=a,,b",
        "--workers=-1",
        "--workers=x",
        "--concurrency=0",
        "--sleep=-1",
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


@pytest.mark.parametrize("arguments", [[], ["job:show"], ["web"]])
def test_help_ends_with_the_exit_statuses(call, arguments):
    words = " ".join(call(*arguments, "--help")[1].split())
    assert words.endswith(
        "3 store unreachable; 4 tables missing or old; 5 lightjobs was replaced by another version."
    )


def test_no_help_is_cut_in_the_list_of_commands(call):
    assert "..." not in call("--help")[1].partition("Commands:")[2]


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
