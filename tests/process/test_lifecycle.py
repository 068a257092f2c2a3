"""on_start and on_stop in real workers: what they make is used by the jobs, on their event loop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

CLIENT = """
import lightjobs

class Client:
    \"\"\"Works only on the event loop on which it was made, as those of databases do.\"\"\"

    def __init__(self):
        self.loop = asyncio.get_running_loop()
        self.replies = asyncio.Queue()
        self.task = self.loop.create_task(self.serve())

    async def serve(self):
        while True:
            (await self.replies.get()).set_result("reply")

    async def ask(self):
        request = asyncio.get_running_loop().create_future()
        assert request.get_loop() is self.loop
        await self.replies.put(request)
        return await asyncio.wait_for(request, 5)

@lightjobs.on_start
def numbers():
    record("numbers", threading.get_native_id())
    return [1, 2, 3]

@lightjobs.on_start
async def client(numbers: list) -> Client:
    assert numbers == [1, 2, 3]
    record("start", threading.get_native_id())
    return Client()

@lightjobs.on_stop
async def close(client: Client):
    assert await client.ask() == "reply"
    client.task.cancel()
    record("closed", threading.get_native_id())

@lightjobs.on_stop
def broken():
    record("broken", threading.get_native_id())
    raise ValueError("left open")

class Ask(Job):
    async def handle(self, client: Client):
        record(await client.ask(), self.payload["n"])
        await asyncio.sleep(self.payload.get("sleep", 0))
        record("end", self.payload["n"])

class Sync(Job):
    def handle(self):
        record("sync", len(self.context.state.numbers))
"""

WAYS = [
    ("--workers=2",),
    ("--concurrency=4",),
    ("--workers=0",),
    ("--workers=0", "--concurrency=3"),
]


def assert_called_in_order(project: Project, workers: int) -> None:
    """Each of so many workers has called every function once, and in the right order."""
    called = [each for each in project.book() if each.event in EVENTS]
    starts = [each for each in called if each.event == "numbers"]
    assert len(starts) == workers
    assert len(called) == 4 * workers
    for pid in {each.pid for each in starts}:
        if workers == len({each.pid for each in starts}):
            assert [each.event for each in called if each.pid == pid] == EVENTS
    jobs = [each for each in project.book() if each.event in ("reply", "end", "sync")]
    for job in jobs:
        before = [each.event for each in called if each.pid == job.pid and each.at < job.at]
        assert "start" in before
        assert "closed" not in before or workers > 1


EVENTS = ["numbers", "start", "broken", "closed"]


@pytest.mark.parametrize("options", WAYS)
def test_an_async_client_made_at_the_start_is_used_by_the_jobs(
    project: Project, options: tuple[str, ...]
) -> None:
    project.jobs(CLIENT)
    project.push("Ask", *({"n": n} for n in range(20)))
    project.push("Sync", {}, {})
    worker = project.drain(*options)
    assert project.statuses() == {}, worker.err
    assert project.runs("reply") == {str(n): 1 for n in range(20)}
    assert project.runs("sync") == {"3": 2}
    assert_called_in_order(project, 2 if "--workers=2" in options else 1)
    assert "app_jobs.more.broken raised" in worker.err


@pytest.mark.parametrize("options", WAYS[1:3])
def test_on_stop_comes_after_the_last_job_of_a_graceful_stop(
    project: Project, options: tuple[str, ...]
) -> None:
    project.jobs(CLIENT)
    project.push("Ask", {"n": 1, "sleep": 0.6})
    worker = project.work(*options)
    wait_until(lambda: project.book("reply"))
    assert worker.stop() == 0
    events = [each.event for each in project.book()]
    assert events == ["numbers", "start", "reply", "end", "broken", "closed"]


@pytest.mark.parametrize("name", ["on_start", "on_stop"])
@pytest.mark.parametrize("options", [("--workers=1",), ("--workers=0",)])
def test_one_that_hangs_is_ended_with_the_grace(
    project: Project, name: str, options: tuple[str, ...]
) -> None:
    project.jobs(
        f"""
import lightjobs

@lightjobs.{name}
async def hang():
    record("hangs", 1)
    await asyncio.sleep(60)
"""
    )
    worker = project.work("--grace=0.5", *options)
    if name == "on_stop":
        worker.ready()
    else:
        wait_until(lambda: project.book("hangs"))
    assert worker.stop(10) == 0
    assert project.book("hangs")


PROGRAM = """
import sys, time, lightjobs
with lightjobs.worker(workers=int(sys.argv[1]), sleep=0.05, grace=2):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if open("book.txt").read().count("\\n" + sys.argv[2]) >= int(sys.argv[3]):
            break
        time.sleep(0.05)
"""


def embedded(
    project: Project, workers: int, event: str, times: int, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a program with so many embedded workers until `event` has been recorded so often."""
    path = project.root / "program.py"
    path.write_text(PROGRAM)
    env = project.environment(**settings)
    env["PYTHONPATH"] = f"{project.root}:{env['PYTHONPATH']}"
    return subprocess.run(
        [sys.executable, str(path), str(workers), event, str(times)],
        cwd=project.root,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_threads_of_another_program_have_a_state_each(project: Project) -> None:
    project.jobs(CLIENT)
    project.push("Ask", *({"n": n, "sleep": 0.05} for n in range(20)))
    done = embedded(project, 2, "end", 20)
    assert done.returncode == 0, done.stderr
    assert project.runs("reply") == {str(n): 1 for n in range(20)}
    for event in EVENTS:
        assert len(project.runs(event)) == 2, event
        assert set(project.runs(event)) == set(project.runs("numbers"))


def test_a_thread_whose_on_start_raises_is_tried_again_with_a_pause(project: Project) -> None:
    project.jobs(
        FAILING.replace('not os.path.exists("up")', 'len(open("book.txt").readlines()) < 3')
    )
    project.push("Waits", {})
    done = embedded(project, 1, "ran", 1)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [f"a worker thread has ended: {REASON}"] * 2
    tried = [each.at for each in project.book("tried")]
    assert tried[2] - tried[1] > 0.4
    assert project.empty()


FAILING = """
import lightjobs

@lightjobs.on_start
async def database():
    record("tried", 1)
    if not os.path.exists("up"):
        raise OSError("no route\\nto the database")

class Waits(Job):
    def handle(self):
        record("ran", 1)
"""
REASON = "the on_start function app_jobs.more.database raised OSError: no route to the database"


def test_a_child_whose_on_start_raises_is_tried_again_with_a_pause(project: Project) -> None:
    project.jobs(FAILING)
    project.push("Waits", {})
    worker = project.work()
    wait_until(lambda: len(project.book("tried")) >= 3)
    assert "Traceback" not in worker.err
    assert f"lightjobs: {REASON}\n" in worker.err
    tried = [each.at for each in project.book("tried")]
    assert tried[2] - tried[1] > 0.15  # the pause doubles
    assert not project.book("ran")
    (project.root / "up").touch()
    wait_until(lambda: project.book("ran"))
    assert worker.stop() == 0
    assert project.empty()


def test_without_a_supervisor_the_command_ends_with_the_reason(project: Project) -> None:
    project.jobs(FAILING)
    project.push("Waits", {})
    done = project.cli("job:work", "--workers=0")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"lightjobs: {REASON}"
    assert project.statuses() == {"new": 1}


LATE = """
import lightjobs

@lightjobs.on_start
def database():
    if os.path.exists("down"):
        os.remove("down")
        raise OSError("away")
    return dict(name="main")

class Ignores(Job):
    timeout = 0.2
    def handle(self):
        open("down", "w").close()
        while True:
            try:
                time.sleep(60)
            except BaseException:
                pass
    def onFailure(self, database: dict):
        record(database["name"], 1)
"""


def test_late_hooks_have_the_state_and_outlast_a_start_that_failed(project: Project) -> None:
    project.jobs(LATE)
    project.push("Ignores", {})
    worker = project.work(JOB_TIMEOUT_GRACE="0.2")
    wait_until(lambda: project.book("main"), seconds=30)
    assert "raised OSError: away" in worker.err
    assert worker.stop() == 0


def test_late_hooks_outlast_a_thread_that_failed_to_start(project: Project) -> None:
    project.jobs(LATE.replace("def database():", 'def database():\n    record("begun", 1)'))
    project.push("Ignores", {})
    done = embedded(project, 1, "main", 1, JOB_TIMEOUT_GRACE="0.2")
    assert "raised OSError: away" in done.stderr
    assert len(project.book("begun")) == 3
    assert project.runs("main") == {"1": 1}


def test_a_killed_child_is_replaced_by_one_with_a_state_of_its_own(project: Project) -> None:
    project.jobs(CLIENT)
    worker = project.work().ready()
    (child,) = worker.children()
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: (now := worker.children()) and child not in now, what="another child")
    project.push("Ask", {"n": 1})
    wait_until(lambda: project.book("end"))
    assert worker.stop() == 0
    assert len({each.pid for each in project.book("start")}) == 2
