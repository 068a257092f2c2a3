"""Schedulers under fire: many `schedule:work` processes on one store, killed and stopped at random.

Every entry is due each second, with accuracy "all", so that nothing may be missing afterwards.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lightjobs.engines.control import Engine
from lightjobs.model import Done
from tests.support.environment import outside
from tests.support.waiting import wait_until

SETTLING_SECONDS = 4.0
"""How long after the last shot schedulers have to make up for what was held up."""

CALMING_SECONDS = 3.0
"""How long schedulers that are left in peace have, after all have started, to agree who leads and
to make up for the moments that were due meanwhile: what is measured is how they keep pace."""

LEADERS_SHARE = 0.2
"""How often the shot hits the one that dispatched last; the others notice within seconds."""

SCHEDULE = """
from app_jobs.tick import Tick
from lightjobs.schedule import schedule

for n in range({entries}):
    schedule.job(Tick).name(f"entry {{n}}").everySeconds(1).accuracy("all")
"""

TICK = """
import json
import os
import time

from lightjobs import Job
from lightjobs.middleware import Middleware


class Tick(Job):
    def handle(self):
        pass


class Lateness(Middleware):
    def __init__(self):
        self.file = os.open(f"late-{os.getpid()}", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def on_push(self, job_id, job):
        late = time.time() - json.loads(job.payload)["moment"]
        os.write(self.file, f"{late:.4f}\\n".encode())
"""

CONFIG = """
from lightjobs.env import env

jobs = {"engine": env("JOB_ENGINE"), "middleware": ["app_jobs.tick.Lateness"]}
"""

NAMED_MOMENTS = """
import faulthandler
import json
import signal

from lightjobs.schedule.entry import Entry

new_job_between = Entry.new_job_between


def naming_its_moment(entry, due, following):
    payload = json.dumps({"entry": entry.name, "moment": due})
    return new_job_between(entry, due, following)._replace(payload=payload)


Entry.new_job_between = naming_its_moment
faulthandler.register(signal.SIGUSR1)
"""


class Verdict(NamedTuple):
    due: int
    """Slots from the beginning to the last one noted, over all entries."""
    dispatched: int
    """Jobs there were."""
    missing: int
    """Slots without a job."""
    doubled: int
    """Jobs beyond the first of their slot."""
    behind: float
    """Seconds from the last moment that every entry was dispatched for to the end."""
    kills: int
    stops: int
    late: list[float]
    """Seconds from each slot to the moment at which its job was known to be stored, sorted."""

    def percentile(self, percent: float) -> float:
        return self.late[min(int(len(self.late) * percent / 100), len(self.late) - 1)]


class Storm:
    """A project in `root` with so many entries on the store that `environment` names."""

    def __init__(self, root: Path, environment: dict[str, str], entries: int, seed: int = 1):
        self._root = root
        self._names = [f"entry {n}" for n in range(entries)]
        self._chance = random.Random(seed)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._stopped: dict[int, float] = {}
        self._shots = {"kill": 0, "stop": 0}
        self._environment = {**outside(str(root)), **environment}
        for name, text in {
            "app_jobs/__init__.py": "",
            "app_jobs/tick.py": TICK,
            "config/schedule.py": SCHEDULE.format(entries=entries),
            "config/jobs.py": CONFIG,
            "sitecustomize.py": NAMED_MOMENTS,
        }.items():
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(text)

    def run(self, engine: Engine, processes: int, seconds: float, fire: bool = True) -> Verdict:
        """Let it rage for so long, and count. `engine` is one of its own on the same store."""
        begin = int(time.time())
        engine.schedule.enroll(self._names, begin)
        try:
            self._processes = [self._start() for _ in range(processes)]
            self._wait_until_all_schedule()
            if not fire:
                time.sleep(CALMING_SECONDS)
            for file in self._root.glob("late-*"):
                os.truncate(file, 0)  # many interpreters that start are no idle machine
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                time.sleep(self._chance.uniform(0.1, 0.7))
                if fire:
                    self._shoot()
            self._wake(math.inf)
            time.sleep(SETTLING_SECONDS if fire else 0)
            self._stop()
        finally:
            self._kill_all()
        return self._count(engine, begin, time.time())

    def _start(self) -> subprocess.Popen[bytes]:
        with (self._root / "errors").open("ab") as errors:
            return subprocess.Popen(
                [sys.executable, "-m", "lightjobs", "schedule:work", "--quiet"],
                cwd=self._root,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )

    def _wait_until_all_schedule(self) -> None:
        def all_schedule() -> bool:
            return all((self._root / f"late-{p.pid}").exists() for p in self._processes)

        wait_until(all_schedule, 60, f"all schedule; {self.errors}", pause=0.05)

    def _shoot(self) -> None:
        """Kill one and start another, or stop one for a while; at times the one that leads."""
        self._wake(time.monotonic())
        assert all(p.poll() is None for p in self._processes), f"one ended by itself: {self.errors}"
        awake = [p for p in self._processes if p.pid not in self._stopped]
        if not awake:
            return
        victim = self._chance.choice(awake)
        if self._chance.random() < LEADERS_SHARE:
            victim = max(awake, key=self._last_dispatch)
        if self._chance.random() < 0.5:
            self._shots["kill"] += 1
            victim.kill()
            victim.wait()
            self._processes[self._processes.index(victim)] = self._start()
        else:
            self._shots["stop"] += 1
            victim.send_signal(signal.SIGSTOP)
            self._stopped[victim.pid] = time.monotonic() + self._chance.uniform(0.5, 4.0)

    def _last_dispatch(self, process: subprocess.Popen[bytes]) -> float:
        with contextlib.suppress(FileNotFoundError):  # it is still starting
            return (self._root / f"late-{process.pid}").stat().st_mtime
        return 0.0

    def _wake(self, now: float) -> None:
        for pid, until in list(self._stopped.items()):
            if until <= now:
                del self._stopped[pid]
                os.kill(pid, signal.SIGCONT)

    def _stop(self) -> None:
        """As an administrator does."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                # One that has just been started may not yet listen.
                assert process.wait(30) in (0, -signal.SIGTERM), self.errors
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGUSR1)
                time.sleep(0.5)
                raise AssertionError(f"{process.pid} does not end: {self.errors}") from None

    def _kill_all(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    @property
    def errors(self) -> str:
        """What the schedulers wrote to standard error."""
        return (self._root / "errors").read_text(errors="backslashreplace")[-3000:]

    def _count(self, engine: Engine, begin: int, ended: float) -> Verdict:
        last = {name: int(engine.schedule.slots()[name].due) for name in self._names}
        jobs = Counter(_all_jobs(engine))
        due = {(name, m) for name in self._names for m in range(begin + 1, last[name] + 1)}
        assert jobs.keys() <= due, "jobs for moments that nobody noted"
        files = self._root.glob("late-*")
        return Verdict(
            due=len(due),
            dispatched=jobs.total(),
            missing=len(due - jobs.keys()),
            doubled=jobs.total() - len(jobs),
            behind=ended - min(last.values()),
            kills=self._shots["kill"],
            stops=self._shots["stop"],
            late=sorted(float(line) for file in files for line in file.read_text().split()),
        )


def _all_jobs(engine: Engine) -> Iterator[tuple[str, int]]:
    """The entry and moment of each job, which is taken out of the store."""
    worker = f"count-{os.getpid()}-{time.time()}"
    engine.register(worker, 3600)
    while claims := engine.claim(worker, ["default"], 1000):
        for claim in claims:
            payload = json.loads(claim.payload)
            yield payload["entry"], payload["moment"]
        engine.settle(worker, [Done(claim.id, claim.fence) for claim in claims])
