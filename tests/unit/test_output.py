"""Tables on terminals of any width."""

import os
import pty
import re
import subprocess
import sys

import pytest

from lightjobs.cli.output import print_table

ROW = ("job_6b0251ac994364.82404417", "payments", "App\\Jobs\\ProcessPayment", 3, "x" * 60)
TITLES = ("ID", "QUEUE", "HANDLER", "ATTEMPTS", "REASON")


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_cut(monkeypatch, capsys, columns):
    monkeypatch.setattr("lightjobs.cli.output._terminal_width", lambda: columns)
    print_table(TITLES, [ROW, ROW])
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert max(map(len, lines)) <= max(columns, 64)
    assert out.split()[: len(TITLES)] == list(TITLES)
    assert out.split()[len(TITLES) :] == list(map(str, ROW)) * 2
    assert len(lines) % 3 == 0


def test_a_table_that_fits_and_one_in_a_pipe_have_a_line_a_row(monkeypatch, capsys):
    print_table(TITLES, [ROW])
    assert len(capsys.readouterr().out.splitlines()) == 2
    monkeypatch.setattr("lightjobs.cli.output._terminal_width", lambda: 200)
    print_table(TITLES, [ROW])
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_text_of_jobs_is_escaped_in_tables(capsys):
    print_table(["HANDLER"], [["\x1b]0;title\x07\u202eEvil"]])
    assert capsys.readouterr().out.splitlines()[1] == "\\x1b]0;title\\x07\\u202eEvil"


SCHEDULE = """
from app_jobs.process_payment import ProcessPayment
from lightjobs.schedule import schedule

schedule.job(ProcessPayment).daily().at("09:00").timezone("America/Argentina/Buenos_Aires")
schedule.job(ProcessPayment).everyMinutes(15).between("08:00", "17:00")
schedule.command(["rsync", "-a", "from/", "to/"]).hourly()
"""


def in_a_terminal(folder, *command, columns=80):
    """What a command prints on a terminal, without colors."""
    ours, theirs = pty.openpty()
    code = f"stty cols {columns} rows 24; exec {sys.executable} -m lightjobs {' '.join(command)}"
    env = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    process = subprocess.Popen(
        ["sh", "-c", code], cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=env
    )
    os.close(theirs)
    printed = b""
    try:
        while part := os.read(ours, 65536):
            printed += part
    except OSError:  # Linux says so that the other end is closed
        pass
    os.close(ours)
    assert process.wait() == 0, printed
    return re.sub(r"\x1b\[[0-9;]*m", "", printed.decode()).splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("command", ["schedule:list", "job:failed", "job:list", "job:stats"])
def test_lists_fit_a_terminal_of_80_columns(call, ready, command):
    from .commands import dispatch, fail_all

    (ready / "config/schedule.py").write_text(SCHEDULE)
    dispatch(call)
    call("job:stats")
    fail_all(exception="ValueError: " + "a long reason " * 20)
    dispatch(call, "--queue=a-queue-with-a-long-name")
    lines = in_a_terminal(ready, command)
    assert len(lines) > 1
    assert max(map(len, lines)) <= 80, "\n".join(lines)
