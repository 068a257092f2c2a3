"""The parts of `lightjobs torture`: its plan of faults, its options, what it tells its processes,
and its report. The whole is tested in tests/process."""

import json
import signal
from contextlib import contextmanager
from itertools import pairwise

import pytest

from lightjobs.engines.own_place import HAVING_STORES
from lightjobs.errors import LightjobsError
from lightjobs.settings.database_settings import DatabaseSettings
from lightjobs.settings.redis_settings import RedisSettings
from lightjobs.settings.settings import Settings
from lightjobs.torture import interrupts, workers
from lightjobs.torture import run as running
from lightjobs.torture.faults import FAULTS, GAP_SECONDS, ON_NETWORK, left_out, plan
from lightjobs.torture.notes import Note, Notes, read
from lightjobs.torture.orders import VARIABLE, Orders
from lightjobs.torture.report import Kill, Left, Report, judge
from lightjobs.torture.run import Result

NOTHING_LEFT = Left(frozenset(), frozenset())


def test_the_same_seed_plans_the_same_faults():
    assert plan(FAULTS, 60, 7) == plan(reversed(FAULTS), 60, 7)
    assert plan(FAULTS, 60, 7) != plan(FAULTS, 60, 8)
    assert plan(FAULTS, 30, 7) == [fault for fault in plan(FAULTS, 60, 7) if fault.at < 30]


def test_a_plan_is_the_same_with_all_versions():
    """Somebody may send a seed to somebody else."""
    found = [(round(fault.at, 3), fault.kind) for fault in plan(FAULTS, 8, 1206)]
    assert found == [
        (1.5, "reply"),
        (3.157, "blackhole"),
        (4.247, "clock"),
        (6.308, "connection"),
    ]


def test_faults_take_turns_and_come_one_after_another():
    faults = plan(["child", "reply", "freeze"], 120, 1)
    kinds = [fault.kind for fault in faults]
    for start in range(0, len(kinds) - 3, 3):
        assert set(kinds[start : start + 3]) == {"child", "reply", "freeze"}
    gaps = [later.at - fault.at for fault, later in pairwise(faults)]
    assert GAP_SECONDS[0] <= min(gaps) <= max(gaps) <= GAP_SECONDS[1]
    assert all(0 <= fault.pick < 1 and 0 <= fault.size < 1 for fault in faults)


def test_without_faults_there_is_no_plan():
    assert plan([], 60, 1) == []


def redis(**values):
    return Settings(engine="redis", redis=RedisSettings(**values))


def database(driver, **values):
    return Settings(engine="database", database=DatabaseSettings(driver=driver, **values))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (redis(), None),
        (redis(host="/run/redis.sock"), "Unix socket"),
        (redis(tls=True), "TLS"),
        (redis(sentinels=(("a", 1),), master="m"), "sentinels"),
        (database("pgsql"), None),
        (database("pgsql", tls="off"), None),
        (database("pgsql", tls="verify"), "TLS"),
        (database("pgsql", host="a,b"), "several hosts"),
        (database("pgsql", libpq=(("hostaddr", "10.0.0.1"),)), "several hosts"),
        (database("mysql", host="/run/mysql.sock"), "Unix socket"),
        (database("mariadb", tls="on"), "TLS"),
        (database("sqlite"), "no network"),
    ],
)
def test_faults_of_the_network_are_left_out_where_there_can_be_no_proxy(settings, reason):
    found = {kind: each.reason for each in left_out(settings) for kind in each.kinds}
    if reason is None:
        assert found == {}
    else:
        assert set(ON_NETWORK) <= set(found)
        assert reason in found["reply"]
    assert ("clock" in found) == (settings.database.driver == "sqlite" and reason == "no network")


def test_a_cluster_leads_its_clients_past_the_proxy():
    (found,) = left_out(redis(), is_cluster=True)
    assert found.kinds == ON_NETWORK
    assert "cluster" in found.reason


def test_processes_are_told_the_store_and_nothing_else_of_the_project(monkeypatch):
    monkeypatch.setenv("JOB_WORKERS", "7")
    monkeypatch.setenv("DB_PSWD", "other")
    settings = Settings(
        engine="database",
        lease=2.5,
        enqueue_timeout=1.5,
        redis=RedisSettings(
            sentinels=(("a", 1),),
            master="m",
            sentinel_password="s",
            shards=2,
            others=(RedisSettings(host="b"),),
        ),
        database=DatabaseSettings("pgsql", "shop", password="secret", libpq=(("a", "b"),)),
        middleware=("app_jobs.middleware.Own",),
        modules=("app_jobs",),
    )
    environment = Orders(settings, "/tmp/notes", 3.5).environment()
    assert "JOB_WORKERS" not in environment
    assert "DB_PSWD" not in environment
    found = Orders.of_environment({VARIABLE: environment[VARIABLE]})
    assert (found.folder, found.clock) == ("/tmp/notes", 3.5)
    assert found.settings == settings._replace(middleware=(), modules=("lightjobs.torture.jobs",))


def test_notes_of_several_writers_are_read_in_order(tmp_path):
    first, second = Notes(tmp_path / "runs"), Notes(tmp_path / "runs")
    first.add("start", [1, 2], 1, 4)
    second.add("end", [1], 1, 4)
    first.close()
    second.close()
    found = list(read(tmp_path / "runs"))
    assert [(note.event, note.number, note.attempt, note.fence) for note in found] == [
        ("start", 1, 1, 4),
        ("start", 2, 1, 4),
        ("end", 1, 1, 4),
    ]
    assert list(read(tmp_path / "none")) == []


def ledger(*numbers, event="stored"):
    return [Note("asked", n, 1.0) for n in numbers] + [Note(event, n, 1.1) for n in numbers]


def ran(number, at=2.0, pid=5, attempt=1, fence=1, events=("start", "end")):
    return [
        Note(event, number, at + 0.1 * place, pid, attempt, fence)
        for place, event in enumerate(events)
    ]


def test_a_job_that_ended_is_completed():
    found = judge(ledger(1, 2), ran(1) + ran(2, at=3.0), [], NOTHING_LEFT)
    assert (found.acknowledged, found.completed, found.lost) == (2, 2, 0)
    assert (found.failed, found.ran_again, found.double_outcomes) == (0, 0, 0)
    assert (found.recovery, found.wait) == (None, 2.0)
    assert found.is_good


def test_an_acknowledged_job_that_never_ran_is_lost():
    found = judge(ledger(1, 2, 3), ran(1) + ran(2, events=("start",)), [], NOTHING_LEFT)
    assert (found.completed, found.lost, found.lost_numbers) == (1, 2, (2, 3))
    assert not found.is_good


def test_a_job_that_failed_or_waits_in_the_store_is_not_lost():
    left = Left(failed=frozenset([2]), waiting=frozenset([3]))
    found = judge(ledger(1, 2, 3), ran(1) + ran(2), [], left)
    assert (found.completed, found.failed, found.unfinished, found.lost) == (1, 1, 1, 0)
    assert not found.is_good
    assert judge(ledger(1, 2), ran(1), [], left._replace(waiting=frozenset())).is_good


def test_two_accepted_outcomes_are_counted_and_bad():
    events = ("start", "end", "accepted")
    runs = ran(1, events=events) + ran(1, at=3.0, fence=2, events=events) + ran(2, events=events)
    found = judge(ledger(1, 2), runs, [], NOTHING_LEFT)
    assert (found.double_outcomes, found.ran_again) == (1, 1)
    assert not found.is_good


def test_a_failed_run_and_its_repetition_are_no_second_run():
    runs = ran(1, events=("start", "raised")) + ran(1, at=3.0, attempt=2, fence=2)
    assert judge(ledger(1), runs, [], NOTHING_LEFT).ran_again == 0
    runs += ran(1, at=4.0, attempt=2, fence=3)
    found = judge(ledger(1), runs, [], NOTHING_LEFT)
    assert found.ran_again == 1
    assert found.is_good


def test_a_dispatch_that_was_refused_or_is_in_doubt_is_not_acknowledged():
    noted = ledger(1, event="refused") + ledger(2, 3, event="doubt")
    found = judge(noted, ran(2), [], NOTHING_LEFT)
    assert (found.acknowledged, found.refused, found.in_doubt) == (0, 1, 2)
    assert judge(noted + ledger(4), ran(2) + ran(4), [], NOTHING_LEFT).is_good
    found = judge(noted + ledger(4), ran(1) + ran(4), [], NOTHING_LEFT)
    assert found.refused_but_ran == 1
    assert not found.is_good


def test_a_recovery_lasts_from_the_kill_to_the_next_run_of_what_was_running():
    runs = [
        *ran(1, at=2.0, pid=5, events=("start",)),  # killed while it ran
        *ran(2, at=2.0, pid=5),  # had ended before
        *ran(3, at=2.0, pid=6, events=("start",)),  # in a process that was not killed
        *ran(4, at=2.0, pid=5, events=("start", "raised")),
        *ran(1, at=9.5, pid=7, fence=2),
        *ran(2, at=20.0, pid=7, fence=2),
        *ran(3, at=30.0, pid=7, fence=2),
        *ran(4, at=40.0, pid=7, attempt=2, fence=2),
    ]
    found = judge(ledger(1, 2, 3, 4), runs, [Kill(4.0, frozenset([5]))], NOTHING_LEFT)
    assert found.recovery == 5.5


def test_of_hundred_jobs_one_may_wait_longer():
    runs = [note for n in range(100) for note in ran(n, at=2.0)] + ran(200, at=50.0)
    found = judge(ledger(*range(100), 200), runs, [], NOTHING_LEFT)
    assert found.wait == 1.0


@pytest.fixture
def result(monkeypatch):
    """What the command is told that the torture came to, and what it asked for."""
    report = judge(ledger(*range(1, 1_235)), [], [], NOTHING_LEFT)
    good = report._replace(lost=0, completed=1_234, lost_numbers=(), recovery=3.217, wait=12.0)
    asked = {"result": Result(good, dict.fromkeys(FAULTS, 10_000), None)}

    def instead(settings, kinds, seconds, seed, progress):
        asked.update(kinds=kinds, seconds=seconds, seed=seed)
        progress(1.0, "child")
        return asked["result"]

    monkeypatch.setattr("lightjobs.cli.torture.run_torture", instead)
    return asked


@pytest.fixture
def sqlite(monkeypatch):
    monkeypatch.setenv("JOB_ENGINE", "database")


def test_the_report_is_a_table_of_80_columns(call, sqlite, result):
    status, out, _err = call("torture", "--minutes=2", "--seed=5")
    assert status == 0
    lines = out.splitlines()
    assert lines[0] == "torture of sqlite: 120 s, seed 5"
    assert "acknowledged           1,234   jobs whose dispatch returned" in lines
    assert "lost                       0   must be 0" in lines
    assert "longest recovery      3.22 s   from a kill to the job's next run" in lines
    assert "freeze                10,000   stop a worker and its children beyond its lease" in lines
    assert "left out: connection, reset, delay, reply, blackhole" in lines
    assert lines[-1] == "Nothing was lost, and no job had two outcomes."
    assert max(map(len, lines)) <= 80
    assert (result["seconds"], result["seed"]) == (120, 5)
    assert result["kinds"] == ("child", "worker", "freeze")


def test_what_is_lost_is_named_and_the_status_is_1(call, sqlite, result):
    report = judge(ledger(*range(1, 30)), [], [], NOTHING_LEFT)
    result["result"] = Result(report, {}, "/tmp/n\x1botes")
    status, out, _err = call("torture")
    assert status == 1
    assert out.splitlines()[-2:] == [
        "The store has not kept its promise. Lost: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ….",
        r"Notes and logs: /tmp/n\x1botes",
    ]
    report = report._replace(lost=0, lost_numbers=(), refused_but_ran=3, unfinished=4)
    result["result"] = Result(report, {}, "/tmp/notes")
    status, out, _err = call("torture")
    assert status == 1
    assert "unfinished                 4   must be 0; there was no more time" in out
    assert "of these, ran              3   must be 0" in out
    assert max(map(len, out.splitlines())) <= 80


def test_without_a_job_nothing_is_proven(call, sqlite, result):
    result["result"] = Result(judge(ledger(1, event="refused"), [], [], NOTHING_LEFT), {}, "/notes")
    status, out, _err = call("torture")
    assert status == 1
    assert "Nothing was proven: no job could be dispatched." in out.splitlines()


def test_for_machines_there_is_json(call, sqlite, result):
    status, out, err = call("torture", "--json", "--seed=9")
    found = json.loads(out)
    assert (status, found["seed"], found["store"], found["lost"]) == (0, 9, "sqlite", 0)
    assert set(Report._fields) <= set(found)
    assert found["left_out"]["reply"] == "there is no network to a file"
    assert err == "torture of sqlite: 60 s, seed 9\n"


def test_faults_are_chosen_in_any_order(call, sqlite, result):
    status, out, _err = call("torture", "--faults=freeze, child")
    assert status == 0
    assert result["kinds"] == ("child", "freeze")
    assert "left out" not in out


def test_an_unknown_fault_is_answered_with_those_that_are_allowed(call, sqlite, result):
    status, _out, err = call("torture", "--faults=child,replay")
    assert status == 2
    assert f"'replay' is no fault; allowed: {', '.join(FAULTS)}" in err


def test_a_fault_that_does_not_fit_is_refused_with_the_reason(call, sqlite, result):
    status, _out, err = call("torture", "--faults=child,reply")
    assert status == 2
    assert (
        "the fault reply does not fit this store: there is no network to a file; allowed: child, "
        "worker, freeze" in err
    )


@pytest.mark.parametrize("engine", ["sync", "memory", "null"])
def test_an_engine_without_a_store_is_refused(call, monkeypatch, result, engine):
    monkeypatch.setenv("JOB_ENGINE", engine)
    status, _out, err = call("torture")
    assert status == 2
    assert err == (
        f"lightjobs: JOB_ENGINE={engine} has no store to torture; allowed: "
        f"{', '.join(HAVING_STORES)}\n"
    )


@pytest.mark.parametrize("option", ["--minutes=0", "--minutes=x", "--seed=-1", "--seed=x"])
def test_wrong_options_are_refused(call, sqlite, result, option):
    assert call("torture", option)[0] == 2


def test_a_folder_in_which_there_can_be_no_file_is_named(call, sqlite, monkeypatch):
    monkeypatch.setenv("DB_NAME", "/nowhere/jobs.sqlite")
    status, _out, err = call("torture")
    assert status == 1
    assert err == "lightjobs: there can be no file in /nowhere: No such file or directory\n"


def test_a_signal_while_the_place_is_removed_does_not_stop_that(call, sqlite, monkeypatch):
    removed = []

    @contextmanager
    def place(settings):
        yield settings._replace(database=DatabaseSettings(name="own.sqlite"))
        signal.raise_signal(signal.SIGINT)
        removed.append(True)

    report = judge(ledger(1), ran(1), [], NOTHING_LEFT)
    monkeypatch.setattr(running, "_place", place)
    monkeypatch.setattr(running._Torture, "run", lambda *_: Result(report, {}, None))
    assert call("torture")[0] == 0
    assert removed == [True]


def test_the_signals_are_handled_as_before_afterwards():
    before = [signal.getsignal(number) for number in interrupts.SIGNALS]
    with pytest.raises(KeyboardInterrupt), interrupts.interrupted_once():
        signal.raise_signal(signal.SIGTERM)
    with interrupts.interrupted_once():
        pass
    assert [signal.getsignal(number) for number in interrupts.SIGNALS] == before


def test_a_signal_waits_while_something_is_made_that_is_to_be_removed():
    made = []

    def make():
        with interrupts.held():
            signal.raise_signal(signal.SIGINT)
            made.append(1)
        made.append(2)

    with pytest.raises(KeyboardInterrupt), interrupts.interrupted_once():
        make()
    assert made == [1]
    with interrupts.interrupted_once(), interrupts.held():  # nothing is left of it
        made.append(3)


def test_a_worker_that_ends_again_and_again_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(workers, "MOST_ERRORS", 2)
    orders = Orders(Settings(engine="sync"), str(tmp_path))
    worker = workers.Worker(orders, 0, 60)
    worker.look_after()
    worker.join(30)
    worker.look_after()
    worker.join(30)
    with pytest.raises(LightjobsError, match=r"a worker ends with status 2: lightjobs: .*sync"):
        worker.look_after()
