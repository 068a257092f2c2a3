"""An engine has read all its files when it is made: the package may be replaced under a worker."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import lightjobs

SCRIPT = """
import os, shutil, sys
sys.path.insert(0, os.getcwd())
from lightjobs.current import engine
from lightjobs.model import Done, NewJob
store = engine()
{prepare}
shutil.rmtree("lightjobs")
store.push([NewJob("A", "default", "{{}}"), NewJob("B", "default", "{{}}")])
store.register("w", 30)
for claim in store.claim("w", ["default"], 5):
    store.settle("w", [Done(claim.id, claim.fence)])
store.beat(["w"], 30), store.held("w"), store.maintain(), store.recover("w"), store.recover()
print(store.stats(), lightjobs_file := sys.modules["lightjobs"].__file__)
"""


def ran(folder: Path, environment: dict[str, str], prepare: str = "") -> str:
    shutil.copytree(Path(lightjobs.__file__).parent, folder / "lightjobs")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(prepare=prepare)],
        cwd=folder,
        env={**os.environ, **environment, "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert str(folder) in done.stdout
    return done.stdout


def test_a_sqlite_engine_needs_no_file_of_the_package_later(tmp_path):
    environment = {"JOB_ENGINE": "database", "DB_DRIVER": "sqlite", "DB_NAME": "jobs.sqlite"}
    assert ran(tmp_path, environment, "store.schema.install()").startswith("{}")


def test_a_redis_engine_needs_no_file_of_the_package_later(tmp_path, clean_redis):
    assert ran(tmp_path, clean_redis.environment).startswith("{}")
