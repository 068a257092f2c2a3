"""The commands schedule:… and what others say of the schedule."""

import json
import time

import pytest

from lightjobs import current
from lightjobs.cli import run
from lightjobs.dispatching.new_jobs import new_jobs
from lightjobs.engines.memory import MemoryEngine
from lightjobs.execution import middleware_chain
from lightjobs.middleware import Middleware
from lightjobs.model import Done, LastSlot, Retention, Slot
from lightjobs.settings.settings import load

FILE = """from lightjobs.schedule import schedule
from app_jobs.process_payment import ProcessPayment

schedule.job(ProcessPayment).daily().at("09:00").timezone("Europe/Paris").queue("early")
schedule.command(["ls"]).name("a list").everyMinutes(5).between("08:00", "17:00")
"""


@pytest.fixture
def ready(call, tmp_path):
    """A project made by init, with a schedule."""
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
    assert json.loads(call("schedule:list", "--json")[1]) == {"entries": [], "warnings": []}


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


NAME = "ProcessPayment 0 9 * * *"


@pytest.fixture
def kept(call, ready, capsys):
    """Run a command with a memory engine that passes for a stored one."""
    engine = MemoryEngine()
    engine.unworkable = None
    settings = load()

    def command(*arguments):
        capsys.readouterr()
        current.use(engine, settings)
        status = run(list(arguments))
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    command.engine = engine
    return command


def entry(kept, name=NAME):
    entries = json.loads(kept("schedule:list", "--json")[1])["entries"]
    return next(one for one in entries if one["name"] == name)


def dispatch(kept, due):
    current.use(kept.engine, load())
    from app_jobs.process_payment import ProcessPayment

    (new,) = new_jobs(ProcessPayment(), [{"payment": 1}])
    return kept.engine.schedule.push_slots([Slot(NAME, due, new)])[0]


def test_list_shows_the_last_moment_and_the_outcome_of_its_job(kept):
    assert (entry(kept)["last_due"], entry(kept)["last_outcome"]) == (None, None)
    job_id = dispatch(kept, 1_700_000_000)
    assert entry(kept)["last_due"] == "2023-11-14T23:13:20+01:00"
    assert entry(kept)["last_due_utc"] == "2023-11-14T22:13:20+00:00"
    assert (entry(kept)["last_job"], entry(kept)["last_outcome"]) == (job_id, "new")
    kept.engine.register("w", 30)
    (claim,) = kept.engine.claim("w", ["default"], 1) or kept.engine.claim("w", ["payments"], 1)
    assert entry(kept)["last_outcome"] == "queued"
    kept.engine.settle("w", [Done(claim.id, claim.fence, NAME)])
    assert entry(kept)["last_outcome"] == "completed"
    # A job that no worker has settled was cancelled or deleted.
    gone = dispatch(kept, 1_700_000_060)
    kept.engine.cancel(gone)
    assert entry(kept)["last_outcome"] == "gone"
    assert f"{gone} gone" in kept("schedule:list")[1]


def test_list_says_completed_for_a_job_that_is_kept(kept):
    kept.engine.retention = Retention(completed=None)
    dispatch(kept, 1_700_000_000)
    kept.engine.register("w", 30)
    (claim,) = kept.engine.claim("w", ["default", "payments"], 1)
    kept.engine.settle("w", [Done(claim.id, claim.fence)])
    assert entry(kept)["last_outcome"] == "completed"


def test_list_shows_the_moment_of_the_last_job_whatever_was_passed_over_since(kept):
    job_id = dispatch(kept, 1_700_000_000)
    kept("schedule:pause", NAME)
    kept("schedule:resume", NAME)
    kept.engine.schedule.push_slots([Slot(NAME, time.time() + 1, None)])
    shown = entry(kept)
    assert (shown["last_due_utc"], shown["last_job"]) == ("2023-11-14T22:13:20+00:00", job_id)


def test_list_shows_a_last_job_whose_moment_was_not_noted(kept):
    kept.engine.schedule._slots[NAME] = LastSlot(1_700_000_000, "job_x", None, False)
    assert (entry(kept)["last_due"], entry(kept)["last_job"]) == (None, "job_x")
    assert "  -  " in kept("schedule:list")[1]


def test_test_dispatches_the_job_now_and_leaves_the_moments(kept):
    status, out, _err = kept("schedule:test", NAME, "--json")
    assert status == 0
    job = kept.engine.find(json.loads(out)["id"])
    assert (job.handler, job.queue) == ("App\\Jobs\\ProcessPayment", "early")
    assert kept.engine.schedule.slots() == {}


def test_test_tells_the_middleware(kept, monkeypatch):
    told = []

    class Watcher(Middleware):
        def on_push(self, job_id, job):
            told.append(job_id)

    load_chain = middleware_chain.load
    monkeypatch.setattr(middleware_chain, "load", lambda _entries: load_chain([Watcher]))
    assert told == [json.loads(kept("schedule:test", NAME, "--json")[1])["id"]]


def test_pause_and_resume(kept):
    assert kept("schedule:pause", NAME) == (0, f"paused {NAME}\n", "")
    assert entry(kept)["paused"] is True
    assert entry(kept)["next_due"] is None
    assert "  paused  " in kept("schedule:list")[1]
    assert kept("schedule:pause", NAME) == (0, f"{NAME} is already paused\n", "")
    assert kept("schedule:resume", NAME) == (0, f"resumed {NAME}\n", "")
    assert entry(kept)["paused"] is False
    assert kept("schedule:resume", NAME) == (0, f"{NAME} is not paused\n", "")


def test_an_entry_that_is_paused_and_resumed_is_described_to_the_store(kept):
    kept("schedule:pause", NAME)
    slot = kept.engine.schedule.slots(templates=True)[NAME]
    assert slot.template.job.handler == "App\\Jobs\\ProcessPayment"
    kept.engine.schedule.describe({NAME: slot.template}, {NAME: 1.0})
    kept("schedule:resume", NAME)
    assert kept.engine.schedule.slots()[NAME].next > time.time()


@pytest.mark.parametrize("command", ["test", "pause", "resume"])
def test_an_unknown_name_is_a_usage_error_that_lists_the_known(kept, command):
    status, out, err = kept(f"schedule:{command}", "nothing\x1b[2J")
    assert (status, out) == (2, "")
    assert "\x1b" not in err
    assert "'a list'" in err


def test_events_dispatches_what_is_due_this_minute_even_the_first_time(kept, ready):
    text = "schedule.job(ProcessPayment).everyMinutes(1).name('m')\n"
    (ready / "config" / "schedule.py").write_text(FILE.partition("schedule.job")[0] + text)
    assert kept("schedule:events")[0] == 0
    assert sum(queue["new"] for queue in kept.engine.stats().values()) == 1
    known = kept.engine.schedule.slots()["m"].due
    kept("schedule:events")
    jobs = sum(queue["new"] for queue in kept.engine.stats().values())
    assert jobs == 1 + (kept.engine.schedule.slots()["m"].due > known)  # the minute may have passed


def test_events_dispatches_the_entries_of_a_file_that_the_schedule_imports(kept, ready):
    """Python imports it once, so the schedule must be read no more than once."""
    text = FILE.partition("schedule.job")[0] + "schedule.job(ProcessPayment).everyMinutes(1)\n"
    (ready / "entries_of_events.py").write_text(text)
    (ready / "config" / "schedule.py").write_text("import entries_of_events\n")
    kept.engine.schedule.enroll(["ProcessPayment * * * * *"], time.time() - 3600)
    status, out, _err = kept("schedule:events")
    assert (status, out) == (0, "")
    assert sum(queue["new"] for queue in kept.engine.stats().values()) == 1


def test_work_refuses_a_schedule_without_entries(kept, ready):
    (ready / "config" / "schedule.py").write_text("# lightjobs\n")
    status, _out, err = kept("schedule:work")
    assert status == 2
    assert "no entries in config/schedule.py" in err


def test_events_succeeds_without_entries(kept, ready):
    (ready / "config" / "schedule.py").write_text("# lightjobs\n")
    assert kept("schedule:events") == (0, "no entries in config/schedule.py\n", "")


def test_test_ignores_delay_and_jitter(kept, ready):
    head = FILE.partition("schedule.job")[0]
    text = "schedule.job(ProcessPayment).name('later').daily().jitter('+1 hour')\n"
    (ready / "config" / "schedule.py").write_text(head + text)
    (ready / "app_jobs" / "process_payment.py").write_text(
        "from lightjobs import Job\n"
        "class ProcessPayment(Job):\n"
        "    delay = '+5 minutes'\n"
        "    def handle(self): ...\n"
    )
    assert kept("schedule:test", "later")[0] == 0
    (counts,) = kept.engine.stats().values()
    assert (counts["new"], counts["delayed"]) == (1, 0)


RUNS = """from lightjobs import Job
class ProcessPayment(Job):
    def handle(self):
        print("handled")
"""


def test_test_says_that_it_ran_the_job_where_there_is_no_queue(call, ready, monkeypatch):
    (ready / "app_jobs" / "process_payment.py").write_text(RUNS)
    monkeypatch.setenv("JOB_ENGINE", "sync")
    status, out, _err = call("schedule:test", NAME)
    assert status == 0
    assert out.startswith("handled\nran App\\Jobs\\ProcessPayment #ID: job_")


@pytest.mark.parametrize("kind", ["null", "memory"])
def test_test_dispatches_nothing_where_no_worker_would_run_it(call, ready, kind, monkeypatch):
    monkeypatch.setenv("JOB_ENGINE", kind)
    status, out, err = call("schedule:test", NAME)
    assert (status, out) == (2, "")
    assert f"JOB_ENGINE={kind}" in err


def test_an_entry_may_be_called_by_the_name_of_its_job(kept, ready):
    head = FILE.partition("schedule.job")[0]
    one = "schedule.job(ProcessPayment).daily()\n"
    (ready / "config" / "schedule.py").write_text(head + one)
    assert kept("schedule:test", "ProcessPayment")[0] == 0
    (ready / "config" / "schedule.py").write_text(head + one + one.replace("daily", "hourly"))
    status, _out, err = kept("schedule:test", "ProcessPayment")
    assert status == 2
    assert "'ProcessPayment' is the job of several entries" in err
    assert "'ProcessPayment 0 0 * * *', 'ProcessPayment 0 * * * *'" in err


@pytest.mark.parametrize("kind", ["sync", "null", "memory"])
def test_list_warns_where_no_scheduler_dispatches_the_entries(call, ready, kind, monkeypatch):
    assert json.loads(call("schedule:list", "--json")[1])["warnings"] == []
    assert call("schedule:list")[2] == ""
    monkeypatch.setenv("JOB_ENGINE", kind)
    status, out, err = call("schedule:list")
    assert status == 0
    assert NAME in out
    assert err.startswith(f"warning: JOB_ENGINE={kind} ")
    assert ("lightjobs.worker(schedule=True)" in err) is (kind == "memory")
    (warning,) = json.loads(call("schedule:list", "--json")[1])["warnings"]
    assert f"warning: {warning}\n" == err
    assert f"config/schedule.py has entries: {warning}" in call("check")[1]


@pytest.mark.parametrize("kind", ["sync", "null", "memory"])
@pytest.mark.parametrize("command", [["work"], ["events"], ["pause", NAME], ["resume", NAME]])
def test_engines_that_live_in_one_process_are_not_scheduled(
    call, ready, kind, command, monkeypatch
):
    monkeypatch.setenv("JOB_ENGINE", kind)
    status, _out, err = call(f"schedule:{command[0]}", *command[1:])
    assert status == 2
    assert f"JOB_ENGINE={kind}" in err


def test_commands_take_an_entrys_name_with_or_without_that_of_the_schedule(
    call, ready, monkeypatch
):
    monkeypatch.setenv("JOB_SCHEDULE_NAME", "shop")
    assert "shop: a list" in call("schedule:list")[1]
    for name in ("a list", "shop: a list"):
        assert call("schedule:test", name)[0] == 0
