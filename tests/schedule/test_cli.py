"""The commands schedule:… and what others say of the schedule."""

import json

import pytest

from lightjobs import current, env
from lightjobs.cli import run

FILE = """from lightjobs.schedule import schedule
from app_jobs.process_payment import ProcessPayment

schedule.job(ProcessPayment).daily().at("09:00").timezone("Europe/Paris").queue("early")
schedule.command(["ls"]).name("a list").everyMinutes(5).between("08:00", "17:00")
"""


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
    """A project that init made, with a schedule."""
    assert call("init")[0] == 0
    (tmp_path / "config" / "schedule.py").write_text(FILE)
    return tmp_path


def test_list_shows_name_expression_zone_and_both_times(call, ready):
    status, out, _err = call("schedule:list")
    assert status == 0
    titles, first, second = out.splitlines()
    assert titles.split("  ")[0] == "NAME"
    for word in ("ProcessPayment 0 9 * * *", "Europe/Paris", " 09:00:00  "):
        assert word in first
    assert "a list  " in second
    assert "*/5 * * * *, 08:00 to 17:00" in second


def test_list_as_json(call, ready):
    status, out, _err = call("schedule:list", "--json")
    assert status == 0
    first, second = json.loads(out)["entries"]
    assert first["name"] == "ProcessPayment 0 9 * * *"
    assert (first["handler"], first["queue"]) == ("App\\Jobs\\ProcessPayment", "early")
    assert "T09:00:00+0" in first["next_due"]
    assert first["next_due_utc"].endswith("+00:00")
    assert (second["timezone"], second["accuracy"]) == ("UTC", "latest")


def test_a_new_project_has_an_example_and_no_entries(call, tmp_path):
    call("init")
    assert (tmp_path / "config" / "schedule.py").is_file()
    assert call("schedule:list") == (0, "no entries in config/schedule.py\n", "")
    assert json.loads(call("schedule:list", "--json")[1]) == {"entries": []}


def test_a_wrong_schedule_is_one_line_and_exit_status_2(call, ready):
    (ready / "config" / "schedule.py").write_text(FILE.replace("09:00", "99:00"))
    status, out, err = call("schedule:list")
    assert (status, out) == (2, "")
    assert err.startswith("lightjobs: config/schedule.py line 4: at() is given '99:00'")
    assert err.count("\n") == 1


def test_check_names_a_wrong_schedule(call, ready):
    assert call("check")[0] == 0
    (ready / "config" / "schedule.py").write_text(FILE + "schedule.job(ProcessPayment)\n")
    status, out, _err = call("check")
    assert status == 1
    assert "config/schedule.py line 6" in out
