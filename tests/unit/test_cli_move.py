"""job:move on the command line, between two SQLite files."""

import json
import os
import sys
import time

import pytest

from lightjobs import current, env
from lightjobs.cli import run
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.sqlite import Sqlite
from lightjobs.engines.where import Where
from lightjobs.errors import LightjobsError
from lightjobs.model import Failed, NewJob
from lightjobs.settings.database_settings import DatabaseSettings
from tests.support.environment import OURS


@pytest.fixture(autouse=True)
def _project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(OURS):
            monkeypatch.delenv(name)
    (tmp_path / ".env").write_text("JOB_ENGINE=database\nDB_NAME=here.sqlite\n")
    env.forget()
    yield
    current.use(None)
    env.forget()


def opened(tmp_path, name):
    engine = SqlEngine(Sqlite(DatabaseSettings(name=str(tmp_path / name))))
    engine.schema.install()
    return engine


@pytest.fixture
def here(tmp_path):
    engine = opened(tmp_path, "here.sqlite")
    yield engine
    engine.close()


@pytest.fixture
def there(tmp_path):
    engine = opened(tmp_path, "there.sqlite")
    yield engine
    engine.close()


@pytest.fixture
def call(capsys):
    def command(*arguments):
        capsys.readouterr()
        status = run(["job:move", *arguments])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return status, printed.out, printed.err

    return command


BOTH = ("--from=database", "--to=database", "--to-url=sqlite:///there.sqlite")


def push(engine, count=1, queue="q", **fields):
    return engine.push([NewJob("App\\Jobs\\Some", queue, "{}", **fields)] * count)


def test_jobs_of_all_kinds_are_moved_and_counted(here, there, call):
    push(here, 2)
    push(here, due=time.time() + 3600)
    here.pause(push(here)[0])
    push(here, queue="failing")
    here.register("w", 30)
    (claim,) = here.claim("w", ["failing"], 1)
    here.settle("w", [Failed(claim.id, claim.fence, "boom")])
    status, out, err = call(*BOTH)
    assert (status, out, err) == (0, "5 jobs (3 new, 1 paused, 1 failed) moved\n", "")
    assert here.stats() == {}
    assert {name: row["new"] for name, row in there.stats().items()} == {"failing": 0, "q": 3}
    assert there.stats()["q"]["delayed"] == 1


def test_a_dry_run_counts_and_changes_nothing(here, there, call):
    push(here, 2)
    here.register("w", 30)
    here.claim("w", ["q"], 1)
    status, out, _err = call(*BOTH, "--dry-run")
    assert status == 0
    assert out == "1 job (1 new) to move\n1 job being run would stay\n"
    assert here.stats()["q"]["new"] == 1
    assert there.stats() == {}


def test_running_jobs_stay_and_are_told_about(here, there, call):
    push(here, 3)
    here.register("w", 30)
    here.claim("w", ["q"], 3)
    status, out, _err = call(*BOTH)
    assert status == 0
    assert out == (
        "0 jobs moved\n3 jobs are being run; run the command again when they have ended\n"
    )


def test_one_queue_alone(here, there, call):
    push(here, 2, "a")
    push(here, 2, "b")
    assert call(*BOTH, "--queue=b")[1] == "2 jobs (2 new) moved\n"
    assert set(here.stats()) == {"a"}
    assert set(there.stats()) == {"b"}


def test_json(here, there, call):
    push(here, 2)
    assert json.loads(call(*BOTH, "--json", "--dry-run")[1]) == {
        "dry_run": True,
        "counts": {"new": 2, "paused": 0, "failed": 0, "completed": 0, "cancelled": 0},
        "running": 0,
    }
    assert json.loads(call(*BOTH, "--json")[1]) == {
        "dry_run": False,
        "counts": {"new": 2},
        "stayed": {},
        "running": 0,
        "left": 0,
        "paused_queues": [],
    }


def test_a_paused_queue_is_told_about(here, there, call):
    push(here)
    here.pause_queue("q")
    assert "queue q is paused where the jobs were, but not where they are" in call(*BOTH)[1]


def test_a_progress_bar_on_a_terminal(here, there, call, monkeypatch):
    push(here, 3)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    status, out, err = call(*BOTH)
    assert status == 0
    assert "moving jobs" in err
    assert "3 jobs (3 new) moved" in out


def test_a_move_that_was_interrupted_is_finished_first(here, there, call):
    push(here, 2, "a")
    push(here, 1, "b")
    here.transfers.begin("earlier", "there")
    there.transfers.expect("earlier")
    here.transfers.take("earlier", "new", "a", 2)
    there.transfers.arrive("earlier", 0, here.transfers.taken("earlier")[1])
    status, out, _err = call(*BOTH, "--queue=b")
    assert status == 0
    assert out.startswith("a move that had not ended was finished first\n")
    assert {name: row["new"] for name, row in there.stats().items()} == {"a": 2, "b": 1}


def test_a_move_to_another_store_must_be_finished_there(here, there, call):
    push(here, 2)
    here.transfers.begin("earlier", "redis 10.0.0.7:6379/0")
    here.transfers.take("earlier", "new", None, 1)
    status, _out, err = call(*BOTH)
    assert status == 1
    assert err == (
        "lightjobs: an earlier move from here to redis 10.0.0.7:6379/0 has not ended: "
        "run that one again first\n"
    )
    assert there.stats() == {}
    assert len(here.transfers.taken("earlier")[1]) == 1


def test_a_job_that_the_other_store_refuses_stays_and_the_others_go(here, there, call):
    ids = push(here, 7)
    with_trigger = (
        "CREATE TRIGGER no BEFORE INSERT ON jobs WHEN NEW.payload = '[]' "
        "BEGIN SELECT RAISE(ABORT, 'no lists'); END"
    )
    there._db.ask(with_trigger)
    here._db.ask("UPDATE jobs SET payload = '[]' WHERE id IN (:a, :b)", {"a": ids[0], "b": ids[4]})
    status, out, err = call(*BOTH)
    assert status == 1
    assert "5 jobs (5 new) moved" in out
    assert f"job {ids[0]} stays: " in err
    assert "no lists" in err
    assert [job.id for job in here.browse(Where(status="new"))] == [ids[0], ids[4]]
    there._db.ask("DROP TRIGGER no")
    assert call(*BOTH)[:2] == (0, "2 jobs (2 new) moved\n")
    assert there.stats()["q"]["new"] == 7


def test_jobs_on_their_way_to_a_store_that_is_gone_can_be_put_back(here, call):
    ids = push(here, 3)
    here.transfers.begin("earlier", "gone")
    here.transfers.take("earlier", "new", None, 2)
    assert call("--from=database", "--give-back") == (0, "2 jobs put back\n", "")
    assert [job.id for job in here.browse(Where(status="new"))] == ids
    assert json.loads(call("--from=database", "--give-back", "--json")[1]) == {"count": 0}
    assert not here._db.ask("SELECT * FROM job_transfers")


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["--from=database"], 2, "Missing option '--to'"),
        (["--from=database", "--to=databse"], 2, "--to is 'databse'; allowed: redis, valkey"),
        (["--from=memory", "--to=database"], 2, "--from is 'memory'; no other process can move"),
        (["--from=database", "--to=sync"], 2, "--to is 'sync'; no other process can move its jobs"),
        (["--from=database", "--to=null"], 2, "--to is 'null'; no other process can move its jobs"),
        (["--from=database", "--to=database"], 2, "--from and --to are the same store"),
        (
            ["--from=database", "--to=redis", "--to-url=mysql://u:s3cret@h/n"],
            2,
            "--to: --to-url: it must begin with one of redis, ",
        ),
        (
            ["--from=database", "--to=database", "--to-url=pgsql://u:s3cret@127.0.0.1:1/n"],
            3,
            "--to: PostgreSQL database n: ",
        ),
        (
            ["--from=redis", "--to=database", "--from-url=redis://:s3cret@127.0.0.1:1/0"],
            3,
            "--from: redis",
        ),
        (
            ["--from=database", "--to=database", "--to-url=sqlite:///missing.sqlite"],
            4,
            "--to: the tables are missing or old: run `lightjobs migrate:up`",
        ),
        (
            ["--from=x:Y", "--to=database", "--from-url=sqlite:///x"],
            2,
            "--from-url is only for redis, valkey, database",
        ),
        (
            ["--from=database", "--to=redis", "--give-back"],
            2,
            "--give-back is only for --from and --from-url",
        ),
        (["--from=database", "--to=redis", "--queue=a,b"], 2, "'a,b' is not a name of 1 to 55"),
    ],
)
def test_wrong_options_are_named(here, call, arguments, status, text):
    push(here)
    found, _out, err = call(*arguments)
    assert found == status, err
    assert text in err
    assert "s3cret" not in err
    assert here.stats()["q"]["new"] == 1


def test_one_file_by_two_names_is_one_store(here, call, tmp_path):
    push(here, 2)
    (tmp_path / "link.sqlite").symlink_to("here.sqlite")
    status, _out, err = call("--from=database", "--to=database", "--to-url=sqlite:///link.sqlite")
    assert (status, err) == (1, "lightjobs: both sides are the same store\n")
    assert here.stats()["q"]["new"] == 2
    assert not here._db.ask("SELECT * FROM job_transfers")


def test_an_engine_of_a_projects_own_may_have_no_transfers(call, tmp_path, monkeypatch, here):
    (tmp_path / "moves_nothing.py").write_text(
        "from lightjobs.engines.memory import MemoryEngine\n"
        "class Own(MemoryEngine):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.transfers = None\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    # Taken out again with the test: other tests look for modules that are not there.
    monkeypatch.setitem(sys.modules, "moves_nothing", None)
    del sys.modules["moves_nothing"]
    status, _out, err = call("--from=moves_nothing:Own", "--to=database")
    assert status == 2
    assert "--from: the engine memory cannot move jobs to another store" in err


def test_the_settings_of_the_process_are_what_they_were(here, there, call):
    call(*BOTH)
    assert current.settings().engine == "database"
    assert current.settings().database.name == "here.sqlite"
    with pytest.raises(LightjobsError):
        current.engine().transfers.take("unheard of", "new", None, 1)
