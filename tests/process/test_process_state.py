"""What a job changes of its process is put back before the next job."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

STATE = """
import gc, json, locale, logging, resource, socket, threading, warnings


def state():
    return {
        "directory": os.getcwd(),
        "environment": dict(os.environ),
        "path": sys.path,
        "filters": str(warnings.filters),
        "hooks": [repr(sys.excepthook), repr(threading.excepthook), repr(sys.unraisablehook)],
        "collector": [gc.isenabled(), gc.get_threshold()],
        "locale": locale.setlocale(locale.LC_ALL),
        "umask": os.umask(0o022),
        "limits": resource.getrlimit(resource.RLIMIT_NOFILE),
        "python": [sys.getrecursionlimit(), sys.getswitchinterval(), socket.getdefaulttimeout()],
        "streams": [repr(sys.stdout), repr(sys.stderr)],
        "logging": [logging.root.level, len(logging.root.handlers), logging.root.manager.disable],
        "zone": time.tzname,
    }


def change():
    os.chdir("/")
    os.environ["LEFT"] = "behind"
    os.environ["TZ"] = "Asia/Tokyo"
    os.environ.pop("HOME", None)
    time.tzset()
    sys.path.insert(0, "/left")
    warnings.simplefilter("ignore")
    sys.excepthook = threading.excepthook = sys.unraisablehook = print
    gc.disable()
    gc.set_threshold(1)
    locale.setlocale(locale.LC_ALL, "C" if "UTF" in locale.setlocale(locale.LC_ALL) else "C.UTF-8")
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    sys.setrecursionlimit(500)
    sys.setswitchinterval(0.5)
    socket.setdefaulttimeout(1)
    sys.stdout = sys.stderr = open(os.devnull, "w")
    logging.root.setLevel(logging.CRITICAL)
    logging.disable(logging.CRITICAL)


class Changes(Job):
    def handle(self):
        change()
        if self.payload.get("fails"):
            raise ValueError


class ChangesLater(Job):
    async def handle(self):
        change()
        if self.payload.get("fails"):
            raise ValueError


class Keeps(Job):
    def handle(self):
        open(os.path.join(HERE, self.payload["to"]), "w").write(json.dumps(state(), sort_keys=True))


HERE = os.getcwd()
"""


@pytest.mark.parametrize("name", ["Changes", "ChangesLater"])
@pytest.mark.parametrize("options", [(), ("--workers=0",), ("--concurrency=3",)])
def test_no_change_of_the_process_outlives_its_run(
    project: Project, name: str, options: tuple[str, ...]
) -> None:
    project.jobs(STATE)
    worker = project.work(*options)
    # One after the other: with threads, the jobs of one claim run at the same time.
    for job, payload in (
        ("Keeps", {"to": "before"}),
        (name, {"fails": True}),
        (name, {}),
        ("Keeps", {"to": "after"}),
    ):
        project.push(job, payload)
        wait_until(lambda: project.statuses() in ({}, {"failed": 1}))
    assert worker.stop() == 0, worker.err
    before, after = (
        json.loads(re.sub("0x[0-9a-f]+", "", (project.root / name).read_text()))
        for name in ("before", "after")
    )
    assert {key for key in before if before[key] != after[key]} == set()
    if options != ("--concurrency=3",):
        assert f"{name} left the directory changed; put back" in worker.err
        assert worker.err.count("left the directory changed") == 1, "once for each handler"


def test_a_handler_that_was_harmless_hundreds_of_times_is_still_watched(project: Project) -> None:
    project.jobs(
        STATE
        + """
class Rarely(Job):
    def handle(self):
        if self.payload.get("changes"):
            os.environ["LEFT"] = "behind"
            gc.disable()
        elif "LEFT" in os.environ or not gc.isenabled():
            record("left", 1)
"""
    )
    project.push("Rarely", *[{}] * 600, {"changes": True}, *[{}] * 100)
    worker = project.drain()
    assert project.empty()
    assert project.runs("left") == {}
    assert "Rarely left the environment changed; put back" in worker.err


def test_what_a_library_changes_when_it_is_imported_stays(project: Project) -> None:
    """It does so only once."""
    project.module(
        "library", "import os, sys\nos.environ['SET'] = 'yes'\nsys.path.append('/set')\n"
    )
    project.jobs(
        """
class Imports(Job):
    def handle(self):
        from . import library
        record("set", "SET" in os.environ and "/set" in sys.path)
"""
    )
    project.push("Imports", {}, {}, {})
    worker = project.drain()
    assert project.runs("set") == {"True": 3}
    assert "put back" not in worker.err


def test_a_directory_that_a_deployment_renames_stays_the_workers(project: Project) -> None:
    project.jobs(
        """
class Goes(Job):
    def handle(self):
        os.mkdir("elsewhere")
        os.rename("../" + os.path.basename(os.getcwd()), "../renamed")
        os.chdir("/")


class Writes(Job):
    def handle(self):
        open("written", "w").close()
"""
    )
    project.push("Goes", {})
    project.push("Writes", {})
    worker = project.work("--max-jobs=2")
    worker.process.wait(20)
    renamed = project.root.parent / "renamed"
    try:
        assert (renamed / "written").exists()
    finally:
        renamed.rename(project.root)
