"""Results of real workers, and what is left of them when a child is killed."""

from __future__ import annotations

import json
import os
import signal

import pytest

from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.sqlite import Sqlite
from lightjobs.notes.run_notes import Progress
from lightjobs.settings.database_settings import DatabaseSettings
from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

JOBS = """
class Doubles(Job):
    keepResult = "+1 hour"
    def handle(self):
        record("start", self.payload["n"])
        return {"twice": 2 * self.payload["n"], "by": os.getpid()}

class Tells(Job):
    keepResult = "+1 hour"
    def handle(self):
        record("start", self.context.attempt)
        self.progress(3, 4, "nearly")
        while not os.path.exists("go"):
            time.sleep(0.01)
        return "told"

class Kills(Job):
    def handle(self):
        if not os.path.exists("killed"):
            open("killed", "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def engine(project: Project):
    project.jobs(JOBS)
    made = SqlEngine(Sqlite(DatabaseSettings(name=str(project.path))))
    yield made
    made.close()


def test_results_that_a_killed_child_had_not_settled_are_kept_whole(project, engine) -> None:
    ids = project.push("Doubles", *({"n": n} for n in range(300)))
    project.push("Kills", {})
    more = project.push("Doubles", *({"n": n} for n in range(300, 400)))
    project.drain()
    assert project.runs() == {str(n): 1 for n in range(400)}
    found = [engine.find(id) for id in [*ids, *more]]
    assert [job.result.value["twice"] for job in found] == [2 * n for n in range(400)]
    assert len({job.result.value["by"] for job in found}) == 2
    for job in found:  # the supervisor settled some of them, and names the child that ran them
        assert f":{job.result.worker.split(':')[1]}:" in job.result.worker
    assert all(job.kept_until for job in found)


def test_a_child_that_is_killed_in_a_run_leaves_no_half_result(project, engine) -> None:
    (job_id,) = project.push("Tells", {})
    project.work()
    entry = wait_until(lambda: project.book("start"))[0]
    wait_until(lambda: engine.find(job_id).progress == Progress(3, 4, "nearly"))
    os.kill(entry.pid, signal.SIGKILL)
    wait_until(lambda: len(project.book("start")) == 2)
    assert (engine.find(job_id).result_text, engine.find(job_id).kept_until) == (None, None)
    (project.root / "go").touch()
    wait_until(lambda: engine.find(job_id).status == "completed")
    assert engine.find(job_id).result.value == "told"


@pytest.mark.parametrize("options", [["--workers=0"], ["--workers=2", "--concurrency=4"]])
def test_a_program_waits_for_the_results_of_other_processes(project, engine, options) -> None:
    (project.root / "ask.py").write_text(
        "import asyncio, lightjobs\n"
        "from app_jobs.more import Doubles\n"
        "ids = [Doubles().dispatch({'n': n}) for n in range(5)]\n"
        "print([lightjobs.result(id, timeout=20)['twice'] for id in ids[:3]])\n"
        "async def all():\n"
        "    return await asyncio.gather(*(lightjobs.resultAsync(id, 20) for id in ids))\n"
        "print([result['twice'] for result in asyncio.run(all())])\n"
    )
    worker = project.work(*options)
    code = "import sys; sys.path.insert(0, '.'); import runpy; runpy.run_path('ask.py')"
    done = _python(project, code)
    assert done.stdout.splitlines() == ["[0, 2, 4]", "[0, 2, 4, 6, 8]"], done.stderr
    assert worker.running()


def test_commands_show_results_and_progress(project, engine) -> None:
    (told,) = project.push("Tells", {})
    project.work()
    wait_until(lambda: engine.find(told).progress)
    shown = project.cli("job:show", told).stdout
    assert "3 of 4 (75 %): nearly" in shown
    listed = json.loads(project.cli("job:list", "--json").stdout)["jobs"]
    assert listed[0]["progress"] == {"done": 3, "total": 4, "text": "nearly"}
    assert listed[0]["result"] is None
    (project.root / "go").touch()
    wait_until(lambda: engine.find(told).status == "completed")
    shown = project.cli("job:show", told).stdout
    assert '"told"' in shown
    (job,) = json.loads(project.cli("job:list", "--json").stdout)["jobs"]
    assert (job["result"]["value"], job["result"]["is_kept"]) == ("told", True)
    assert job["kept_until"] > 1_700_000_000
    assert "result_text" not in job


def _python(project: Project, code: str):
    import subprocess
    import sys

    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=project.root,
        env=project.environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
