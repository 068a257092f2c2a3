"""Handlers that end, kill or confuse their process: their job fails, and no other does."""

from __future__ import annotations

import pytest

from tests.support.processes import parents
from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

DEADLY = """
import ctypes

class Deadly(Job):
    def handle(self):
        record("deadly", os.getpid())
        how = self.payload["how"]
        if how.startswith("exit"):
            os._exit(int(how[4:]))
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "terminate":
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)
        if how == "abort":
            os.abort()
        if how == "segfault":
            ctypes.string_at(0)
"""

RAISING = """
class Odd(BaseException):
    pass

class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError("no text")

def recurse(n=0):
    return recurse(n + 1) + 1

def misbehave(how):
    if how == "SystemExit":
        sys.exit(3)
    if how == "SystemExit0":
        raise SystemExit
    if how == "KeyboardInterrupt":
        raise KeyboardInterrupt
    if how == "MemoryError":
        bytearray(10**15)
    if how == "RecursionError":
        recurse()
    if how == "BaseException":
        raise BaseException("bare")
    if how == "Odd":
        raise Odd("odd")
    if how == "GeneratorExit":
        raise GeneratorExit
    if how == "StopIteration":
        raise StopIteration("stop")
    if how == "CancelledError":
        raise asyncio.CancelledError
    if how == "Unspeakable":
        raise Unspeakable
    if how == "ExceptionGroup":
        raise BaseExceptionGroup("group", [KeyboardInterrupt(), ValueError(1)])

class Raising(Job):
    def handle(self):
        misbehave(self.payload["how"])

class AsyncRaising(Job):
    async def handle(self):
        await asyncio.sleep(0)
        misbehave(self.payload["how"])
"""
HOWS = [
    "SystemExit",
    "SystemExit0",
    "KeyboardInterrupt",
    "MemoryError",
    "RecursionError",
    "BaseException",
    "Odd",
    "GeneratorExit",
    "StopIteration",
    "CancelledError",
    "Unspeakable",
    "ExceptionGroup",
]


@pytest.mark.parametrize(
    ("how", "options"),
    [
        ("exit1", ()),
        ("exit1", ("--concurrency=4",)),
        pytest.param("exit0", (), marks=pytest.mark.long),
        pytest.param("exit2", (), marks=pytest.mark.long),
        ("exit3", ("--workers=2",)),
        ("kill", ("--concurrency=2",)),
        ("terminate", ()),
        ("segfault", ()),
    ],
)
def test_a_job_that_ends_its_process_fails_after_3_recoveries_and_no_other_does(
    project: Project, how: str, options: tuple[str, ...]
) -> None:
    project.jobs(DEADLY)
    project.push_work(150)
    (deadly,) = project.push("Deadly", {"how": how})
    project.push_work(150, start=150)
    worker = project.work(*options)
    wait_until(lambda: project.statuses() == {"failed": 1} or not worker.running())
    assert worker.running(), worker.err
    row = project.row(deadly)
    end = {
        "exit": f"status {how[4:]}",
        "kill": "signal 9 (SIGKILL, perhaps out of memory)",
        "segf": "signal 11 (SIGSEGV)",
    }
    if how[:4] in end:
        assert row["exception"].startswith("worker lost: ")
        assert row["exception"].endswith(f", the last time with {end[how[:4]]}")
        line = (
            f"job {deadly} (App\\Jobs\\Deadly) ran when its process ended with {end[how[:4]]}: it "
        )
        assert worker.err.count(f"{line}will run again") == 3
        assert worker.err.count(f"{line}has failed for good") == 1
    assert row["exception"].startswith("worker lost")
    assert len(project.book("deadly")) == 4
    runs = project.runs("end")
    assert len(runs) == 300
    repeats = sum(project.runs("start").values()) - 300
    at_once = 4 if "--concurrency=4" in options else 2 if "--concurrency=2" in options else 1
    assert repeats <= 4 * (at_once - 1), "only jobs that ran next to it may run again"
    project.push_work(1, start=999)
    wait_until(lambda: project.started(999), what="the worker goes on")
    assert worker.stop() == 0


@pytest.mark.parametrize(
    ("how", "named"),
    [
        ("segfault", "signal 11 (SIGSEGV)"),
        ("exit0", "status 0"),
        ("exit3", "status 3"),
    ],
)
def test_each_death_of_a_child_names_the_job_that_ran(
    project: Project, how: str, named: str
) -> None:
    project.jobs(DEADLY)
    project.push_work(5)
    (deadly,) = project.push("Deadly", {"how": how})
    worker = project.drain("--quiet")
    assert worker.err.count(f"a child ended with {named} while it ran job {deadly};") == 4


def test_the_death_of_a_child_names_all_jobs_that_ran(project: Project) -> None:
    project.jobs(DEADLY)
    ids = project.push("Work", *({"n": n, "sleep": 1} for n in range(3)))
    worker = project.work("--concurrency=4", "--grace=0")
    wait_until(lambda: len(project.book("start")) == 3)
    ids += project.push("Deadly", {"how": "kill"})
    wait_until(lambda: "a child ended" in worker.err)
    (line, *_) = [line for line in worker.err.splitlines() if "a child ended" in line]
    begin = "a child ended with signal 9 (SIGKILL, perhaps out of memory) while it ran 4 jobs: "
    assert begin in line
    assert line.partition(begin)[2].partition(";")[0].split(", ") == ids


@pytest.mark.parametrize("how", ["exit1", "kill"])
def test_jobs_that_run_next_to_a_killer_do_not_fail_with_it(project: Project, how: str) -> None:
    """They are claimed together and die together, but only the killer may use up its recoveries."""
    project.jobs(DEADLY.replace("how = ", "time.sleep(0.05)\n        how = "))
    (deadly,) = project.push("Deadly", {"how": how})
    project.push("Work", *({"n": n, "sleep": 0.2} for n in range(6)))
    project.push("AsyncWork", *({"n": n, "sleep": 0.2} for n in range(6, 12)))
    project.work("--concurrency=4")
    wait_until(lambda: set(project.statuses()) == {"failed"})
    assert [str(row["id"]) for row in project.rows()] == [deadly]
    assert project.runs("end") == {str(n): 1 for n in range(12)}


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("Raising", ("--workers=1",)),
        ("Raising", ("--concurrency=4",)),
        ("AsyncRaising", ("--workers=0",)),
        ("AsyncRaising", ("--concurrency=4",)),
    ],
)
def test_any_error_of_a_handler_fails_its_job_with_a_reason_at_once(
    project: Project, name: str, options: tuple[str, ...]
) -> None:
    project.jobs(RAISING)
    for how in HOWS:
        project.push(name, {"how": how})
        project.push_work(3)
    worker = project.drain(*options)
    assert len(project.book("end")) == 3 * len(HOWS)
    rows = {how: row for how, row in zip(HOWS, project.rows(), strict=True)}
    assert {row["status"] for row in rows.values()} == {"failed"}
    for how, row in rows.items():
        assert how.rstrip("0") in row["exception"] or how == "StopIteration"
        assert (row["attempts"], row["recoveries"]) == (1, 0)
    assert "worker" not in {row["exception"][:6] for row in rows.values()}
    assert worker.err.count("a child ended") == 0


@pytest.mark.parametrize("options", [(), ("--concurrency=4",)])
def test_sys_exit_in_a_task_that_an_async_handler_started_costs_only_that_job(
    project: Project, options: tuple[str, ...]
) -> None:
    """asyncio lets the SystemExit of a task out of the event loop, past the code that awaits the
    task."""
    project.jobs(
        """
class ExitsInTask(Job):
    async def handle(self):
        async def leave():
            sys.exit(2)
        await asyncio.create_task(leave())
"""
    )
    project.push("AsyncWork", *({"n": n} for n in range(20)))
    (deadly,) = project.push("ExitsInTask", {})
    project.push("AsyncWork", *({"n": n} for n in range(20, 40)))
    worker = project.work(*options)
    wait_until(lambda: project.statuses() == {"failed": 1} or not worker.running())
    assert worker.running(), worker.err
    assert project.row(deadly)["exception"]
    assert len(project.runs("end")) == 40


def test_a_handler_may_start_processes_by_fork(project: Project) -> None:
    project.jobs(
        """
import multiprocessing

class Forks(Job):
    def handle(self):
        pid = os.fork()
        if not pid:
            record("forked", self.payload["n"])
            os._exit(0)
        os.waitpid(pid, 0)
        other = multiprocessing.get_context("fork").Process(target=record, args=("pool", 1))
        other.start()
        other.join()
        record("end", self.payload["n"])
"""
    )
    project.push("Forks", *({"n": n} for n in range(5)))
    project.push_work(50, start=5)
    project.drain()
    assert project.empty()
    assert project.runs("end") == {str(n): 1 for n in range(55)}
    assert project.runs("forked") == {str(n): 1 for n in range(5)}
    assert project.runs("pool") == {"1": 5}


def test_a_forked_copy_that_returns_from_the_handler_does_not_go_on_as_a_worker(
    project: Project,
) -> None:
    project.jobs(
        """
class ForksAndForgets(Job):
    def handle(self):
        record("start", self.payload["n"])
        record("parent" if os.fork() else "copy", self.payload["n"])
    def onSuccess(self):
        record("success", self.payload["n"])
"""
    )
    project.push("ForksAndForgets", {"n": "fork"})
    project.push_work(200, sleep=0.005)
    worker = project.work().ready()
    children = set(worker.children())
    wait_until(project.empty)
    assert {entry.pid for entry in project.book("start")} == children
    wait_until(lambda: project.runs("success"))
    assert project.runs("success") == {"fork": 1}
    copy = project.book("copy")[0].pid
    assert worker.stop() == 0
    wait_until(lambda: copy not in parents(), what="no copy of the worker is left")


def test_threads_that_handlers_leave_behind_do_not_keep_a_stopped_worker(project: Project) -> None:
    project.jobs(
        """
class LeavesThread(Job):
    def handle(self):
        threading.Thread(target=time.sleep, args=(60,)).start()
        record("end", self.payload["n"])
"""
    )
    project.push("LeavesThread", *({"n": n} for n in range(5)))
    worker = project.work()
    wait_until(project.empty)
    assert worker.stop() == 0


def test_tasks_that_async_handlers_leave_behind_do_not_keep_a_stopped_worker(
    project: Project,
) -> None:
    project.jobs(
        """
tasks = []

class LeavesTask(Job):
    async def handle(self):
        tasks.append(asyncio.create_task(asyncio.sleep(60)))
        record("end", self.payload["n"])
"""
    )
    project.push("LeavesTask", *({"n": n} for n in range(5)))
    project.drain("--concurrency=3", seconds=10)
    assert project.runs("end") == {str(n): 1 for n in range(5)}


@pytest.mark.parametrize("options", [(), ("--concurrency=3",)])
def test_a_handler_may_print_megabytes(project: Project, options: tuple[str, ...]) -> None:
    project.jobs(
        """
class Prints(Job):
    def handle(self):
        print("x" * 3_000_000)
        print("y" * 3_000_000, file=sys.stderr)
        os.write(1, b"z" * 3_000_000)
        record("end", self.payload["n"])
"""
    )
    project.push("Prints", *({"n": n} for n in range(3)))
    worker = project.drain(*options)
    assert project.runs("end") == {str(n): 1 for n in range(3)}
    assert worker.out.count("x") >= 9_000_000
    assert worker.out.count("[PROCESSED]") == 3


def test_a_handler_that_closes_its_output_costs_nothing_but_the_lines(project: Project) -> None:
    project.jobs(
        """
class Closes(Job):
    def handle(self):
        sys.stdout.close()
        os.close(1)
        record("end", "closed")
"""
    )
    project.push("Closes", {})
    project.push_work(20)
    project.drain()
    assert len(project.runs("end")) == 21


def test_a_handler_that_changes_the_directory_does_not_lose_the_database(project: Project) -> None:
    project.jobs(
        """
class Leaves(Job):
    def handle(self):
        os.chdir("/")
        record("end", "cd")
"""
    )
    project.push("Leaves", {})
    project.push_work(20)
    project.drain("--concurrency=2")
    assert len(project.runs("end")) == 21
