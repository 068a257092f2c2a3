"""cancel, pause, resume, cleanup and their filters, on the command line."""

import importlib
import json

import click
import pytest

from lightjobs import cli, current
from lightjobs.cli import run
from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.where import Where
from lightjobs.model import Failed, NewJob, Retention

OTHER = "App\\Jobs\\Other"


@pytest.fixture
def engine():
    engine = MemoryEngine()
    engine.retention = Retention(cancelled=None)
    engine.register("w", 30)
    current.use(engine, current.settings())
    yield engine
    current.use(None)


@pytest.fixture
def call(engine, capsys):
    def command(*arguments):
        capsys.readouterr()
        status = run(list(arguments))
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return status, printed.out, printed.err

    return command


def push(engine, count=1, queue="q", handler="App\\Jobs\\Some", **fields):
    return engine.push([NewJob(handler, queue, "{}", **fields)] * count)


def fail(engine, queue="q", handler="App\\Jobs\\Some"):
    (id,) = push(engine, queue=queue, handler=handler)
    (claim,) = engine.claim("w", [queue], 1)
    engine.settle("w", [Failed(claim.id, claim.fence, "boom")])
    return id


def statuses(engine, ids):
    return [engine.find(id).status for id in ids]


def test_cancel_by_id(engine, call):
    ids = push(engine, 3)
    status, out, _err = call("job:cancel", ids[0], ids[1])
    assert status == 0
    assert out.splitlines() == [f"job {ids[0]} cancelled", f"job {ids[1]} cancelled"]
    assert statuses(engine, ids) == ["cancelled", "cancelled", "new"]


def test_what_cannot_be_cancelled_is_named_and_the_rest_is_done(engine, call):
    failed, (waiting,) = fail(engine), push(engine)
    status, out, err = call("job:cancel", failed, "777", waiting)
    assert status == 1
    assert out == f"job {waiting} cancelled\n"
    assert f"job {failed} cannot be cancelled: it is failed" in err
    assert "there is no job 777" in err


@pytest.mark.parametrize(
    ("filters", "cancelled"),
    [
        (["--queue=a"], 2),
        (["--handler=App\\Jobs\\Other"], 1),
        (["--queue=a", "--handler=App\\Jobs\\Other"], 1),
        (["--older-than=1 week"], 0),
        (["--queue=unheard of"], 0),
    ],
)
def test_cancel_by_filter(engine, call, filters, cancelled):
    push(engine, queue="a")
    push(engine, queue="a", handler=OTHER)
    push(engine, queue="b")
    status, out, _err = call("job:cancel", *filters, "--json")
    assert (status, json.loads(out)) == (0, {"count": cancelled})
    assert engine.count(Where(status="cancelled")) == cancelled


@pytest.mark.parametrize("command", ["job:cancel", "job:pause", "job:resume"])
@pytest.mark.parametrize("arguments", [[], ["1", "--queue=a"]])
def test_neither_or_both_of_ids_and_queue_is_a_usage_error(call, engine, command, arguments):
    push(engine)
    status, _out, err = call(command, *arguments)
    assert status == 2
    assert "IDs, or --queue" in err
    assert engine.count(Where(status="new")) == 1


def test_pause_and_resume_jobs(engine, call):
    ids = push(engine, 2)
    assert call("job:pause", *ids)[:2] == (0, f"job {ids[0]} paused\njob {ids[1]} paused\n")
    assert statuses(engine, ids) == ["paused", "paused"]
    status, _out, err = call("job:pause", ids[0])
    assert status == 1
    assert "is not waiting: it is paused" in err
    assert (
        call("job:resume", ids[0], "--json")[1]
        == json.dumps({"jobs": {ids[0]: True}}, indent=2) + "\n"
    )
    assert statuses(engine, ids) == ["new", "paused"]


def test_pause_and_resume_a_queue(engine, call):
    assert call("job:pause", "--queue=q")[:2] == (0, "queue q is paused\n")
    assert call("job:pause", "--queue=q")[:2] == (0, "queue q is already paused\n")
    push(engine)
    assert "paused: q" in call("job:stats")[1]
    assert json.loads(call("job:stats", "--json")[1])["paused"] == ["q"]
    assert engine.claim("w", ["q"], 1) == []
    assert json.loads(call("job:resume", "--queue=q", "--json")[1]) == {
        "queue": "q",
        "changed": True,
    }
    assert len(engine.claim("w", ["q"], 1)) == 1


def test_pause_and_resume_all_queues(engine, call):
    assert call("job:pause", "--all")[:2] == (0, "no queue is there\n")
    push(engine)
    push(engine, queue="r")
    engine.claim("w", ["r"], 1)
    assert call("job:pause", "--all", "--wait=0")[:2] == (
        *(1, "queue q is paused\nqueue r is paused\n"),
    )
    assert json.loads(call("job:pause", "--queue=q", "--wait", "--json")[1]) == {
        "queue": "q",
        "changed": False,
        "running": {},
    }
    assert call("job:resume", "--all")[1] == "queue q is resumed\nqueue r is resumed\n"
    assert call("job:resume", "--all")[1] == "no queue is paused\n"


@pytest.mark.parametrize("arguments", [["--all", "--queue=q"], ["1", "--all"], ["1", "--wait=1"]])
def test_all_and_wait_are_for_queues(engine, call, arguments):
    assert call("job:pause", *arguments)[0] == 2


def test_retry_and_flush_take_filters(engine, call):
    kept, other = fail(engine), fail(engine, handler=OTHER)
    status, out, _err = call("job:retry", f"--handler={OTHER}")
    assert (status, out) == (0, "1 failed job for App\\Jobs\\Other queued for retry\n")
    assert statuses(engine, [kept, other]) == ["failed", "new"]
    assert call("job:flush", "--older-than=1 week")[1] == "no failed jobs that old to delete\n"
    assert call("job:flush", "--queue=q")[1] == "1 failed job of q deleted\n"
    assert engine.find(kept) is None


def test_an_unknown_class_name_is_named(call, engine, project):
    project({"app_jobs/__init__.py": ""})
    fail(engine)
    status, _out, err = call("job:flush", "--handler=Unheard")
    assert status == 2
    assert "Unheard" in err
    assert engine.count(Where(status="failed")) == 1


def test_cleanup_does_what_it_says(engine, call):
    fail(engine), push(engine, 2)
    status, out, _err = call("job:cleanup", "--failed=remove", "--pending=remove", "--dry-run")
    assert status == 0
    assert out.splitlines() == ["   pending: 2 to remove", "    failed: 1 to remove"]
    assert engine.stats()["q"]["failed"] == 1
    status, out, _err = call("job:cleanup", "--failed=rerun", "--json")
    assert json.loads(out) == {"dry_run": False, "counts": {"failed": 1}}
    assert engine.count(Where(status="new", queue="q")) == 3


def test_a_cleanup_says_that_what_is_processed_is_cancelled(engine, call):
    (id,) = push(engine)
    engine.claim("w", ["q"], 1)
    assert call("job:cleanup", "--processing=remove", "--dry-run")[1] == "processing: 1 to cancel\n"
    assert call("job:cleanup", "--processing=remove")[1] == "processing: 1 cancel\n"
    assert engine.find(id).status == "cancelled"


@pytest.mark.parametrize("arguments", [[], ["--failed=nothing"], ["--queue=q"]])
def test_a_cleanup_of_nothing_says_how_to_ask(call, arguments):
    status, _out, err = call("job:cleanup", *arguments)
    assert status == 2
    assert "remove older than AGE" in err


def test_a_wrong_action_is_named(call, engine):
    fail(engine)
    status, _out, err = call("job:cleanup", "--failed=delete")
    assert status == 2
    assert "failed is 'delete'; allowed: nothing, rerun, remove" in err
    assert engine.count(Where(status="failed")) == 1


def commands_with(option):
    for name, module in cli._COMMANDS.items():
        importlib.import_module(f"lightjobs.cli.{module}")
        command = cli._Commands().get_command(click.Context(cli.cli), name)
        if any(option in param.opts for param in command.params):
            yield name


@pytest.mark.parametrize("command", list(commands_with("--queue")))
@pytest.mark.parametrize("name", ["", "a,,b", "x" * 56, "a\nb", "*", "mail*", "mail?", "%", "*,a"])
def test_a_wrong_queue_name_is_wrong_usage(engine, call, command, name):
    push(engine)
    more = ["CleanupJob"] if command == "job:dispatch" else []
    status, out, err = call(command, *more, f"--queue={name}")
    assert (status, out) == (2, "")
    assert "a name of 1 to 55 printable characters without comma, *" in " ".join(err.split())
    assert engine.paused_queues() == []
    assert engine.count(Where(status="new", queue="q")) == 1


@pytest.mark.parametrize("command", list(commands_with("--handler")))
@pytest.mark.parametrize("name", ["*", "Process*", r"App\Jobs\*"])
def test_a_handler_with_a_wildcard_is_wrong_usage(engine, call, command, name):
    push(engine)
    more = ["--failed=remove"] if command == "job:cleanup" else []
    status, out, err = call(command, *more, f"--handler={name}")
    assert (status, out) == (2, "")
    assert "without wildcards" in " ".join(err.split())
    assert engine.count(Where(status="new", queue="q")) == 1
