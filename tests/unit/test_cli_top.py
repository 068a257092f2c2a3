"""top, as far as it needs no terminal."""

import json
import subprocess
import sys

import pytest

from lightjobs import current
from lightjobs.cli.top_look import look
from lightjobs.cli.top_picture import _shares, fitting
from lightjobs.cli.top_tables import QUEUES, sorted_rows
from lightjobs.model import Failed, NewJob
from lightjobs.notes.observed import Running
from tests.support.environment import outside
from tests.support.notes import PAY, note_worker

from .commands import PROJECT_THAT_FAILS

EVIL = "Evil\x1b]0;title\x07\u202e"


def fill(engine):
    """Two queues, one of which is paused, and a worker with two runs."""
    engine.push([NewJob(PAY, "mail", "{}")] * 3 + [NewJob(PAY, "slow", "{}", due=4e9)])
    engine.push([NewJob(PAY, "pictures", "{}")])
    engine.pause_queue("slow")
    engine.register("php", 30)
    (claim,) = engine.claim("php", ["pictures"], 1)
    engine.settle("php", [Failed(claim.id, claim.fence, "boom")])
    runs = Running("9", PAY, "mail", 1, 1.7e9), Running("10", EVIL, "idle", 2, 1.8e9)
    note_worker(engine, "w1", running=runs, host="host\x1b[31m")


def test_everything_is_printed_once(call, ready):
    fill(current.engine())
    status, out, err = call("top", "--once")
    assert (status, err) == (0, "")
    assert "\x1b" not in out
    first, _, titles, *rows = out.splitlines()
    assert first == "3 waiting, 1 delayed, 0 running, 1 failed; 1 of 2 places busy"
    assert titles.split() == [column.title for column in QUEUES]
    mail = next(row.split() for row in rows if row.startswith("mail"))
    assert mail[1:4] == ["3", "0", "0"]
    assert mail[6] == "1"
    assert any(row.startswith("slow (paused)") for row in rows)
    assert any(row.startswith("host\\x1b[31m:7  working  1/2") for row in rows)
    runs = [row for row in rows if PAY in row or "Evil" in row]
    assert PAY in runs[0], "the longest first"
    assert "Evil\\x1b]0;title\\x07\\u202e" in runs[1]


def test_with_nothing_to_show_it_says_so(call, ready):
    assert call("top", "--once")[1].split("\n")[2::2] == [
        "no queues",
        "no workers",
        "no run lasts longer than half a second",
    ]


def test_without_a_terminal_it_prints_once(call, ready):
    fill(current.engine())
    assert "mail" in call("top")[1]


def test_json_has_its_shape(call, ready):
    fill(current.engine())
    status, out, _err = call("top", "--json")
    assert status == 0
    seen = json.loads(out)
    assert seen.keys() == {"at", "totals", "places", "queues", "workers", "runs"}
    assert {each["name"]: each["waiting"] for each in seen["queues"]}["mail"] == 3
    assert [each["id"] for each in seen["runs"]] == ["9", "10"]
    assert {each["worker"] for each in seen["runs"]} == {"w1"}
    assert [each["name"] for each in seen["workers"]] == ["php", "w1"]


def test_it_imports_nothing_of_the_project(call, ready, project):
    project(PROJECT_THAT_FAILS)
    assert call("top", "--once")[::2] == (0, "")


@pytest.mark.parametrize("engine", ["memory", "sync", "null"])
def test_without_a_store_that_others_see_it_says_so(call, monkeypatch, engine):
    monkeypatch.setenv("JOB_ENGINE", engine)
    status, _out, err = call("top", "--once")
    assert (status, "nothing to look at" in err) == (2, True)


def test_a_store_that_is_away_is_one_line(call, ready, monkeypatch):
    monkeypatch.setenv("JOB_ENGINE", "redis")
    monkeypatch.setenv("REDIS_PORT", "1")
    status, out, err = call("top", "--once")
    assert (status, out, len(err.splitlines())) == (3, "", 1)


def test_tables_that_are_missing_are_said_to_be(call, ready, monkeypatch, tmp_path):
    monkeypatch.setenv("DB_NAME", str(tmp_path / "empty.sqlite"))
    assert call("top", "--once")[0] == 4


@pytest.mark.slow
def test_printing_needs_no_extra(tmp_path, call, ready):
    code = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(('rich', 'werkzeug', 'jinja2')))\n"
        "from lightjobs.cli import main\nmain(['top', '--once'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=outside(), capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "no queues" in done.stdout


def row(name, **values):
    known = dict.fromkeys(("waiting", "running", "failed", "latency", "per_minute", "workers"), 0)
    return {"name": name, "state": "open", **known, **values}


def test_queues_are_sorted_by_a_column_the_highest_first_and_unknown_ones_last():
    rows = [row("b", latency=None), row("a"), row("c", latency=9.0), row("d", latency=1.0)]

    def names(sort):
        return [each["name"] for each in sorted_rows(rows, sort)]

    assert names(4) == ["c", "d", "a", "b"]
    assert names(0) == names(1) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("wanted", "room", "shares"),
    [
        ((2, 3, 4), 20, [2, 3, 4]),
        ((2, 30, 40), 20, [2, 9, 9]),
        ((30, 1, 40), 11, [5, 1, 5]),
        ((9, 9, 9), 0, [1, 1, 1]),
    ],
)
def test_tables_share_the_height(wanted, room, shares):
    assert _shares(wanted, room) == shares


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (80, "QUEUE WAITING RUNNING FAILED LATENCY RUNS/MIN WORKERS"),
        (49, "QUEUE WAITING RUNNING FAILED LATENCY"),
        (30, "QUEUE WAITING LATENCY"),
        (5, "QUEUE"),
    ],
)
def test_columns_that_have_no_room_are_left_out(width, titles):
    cells = {column: ["1"] for column in QUEUES}
    assert " ".join(column.title for column in fitting(cells, width)) == titles


def test_a_look_takes_what_the_store_tells(engine):
    fill(engine)
    seen = look(engine)
    assert [each["name"] for each in seen.queues] == ["idle", "mail", "pictures", "slow"]
    assert seen.totals["delayed"] == 1
    assert [run.running.id for run in seen.runs] == ["9", "10"]
