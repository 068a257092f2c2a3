import os
import subprocess
import sys
from pathlib import Path

import pytest

from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.sqlite import Sqlite
from lightjobs.model import NewJob
from lightjobs.settings.database_settings import DatabaseSettings
from tests.support.environment import outside

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_staff_look_and_those_with_the_permission_touch(tmp_path, kind):
    jobs = str(tmp_path / "jobs.sqlite")
    engine = SqlEngine(Sqlite(DatabaseSettings(name=jobs)))
    engine.schema.install()
    engine.push([NewJob("A", "mail", "{}")])
    environment = {**outside(str(ROOT)), "JOB_ENGINE": "database", "DB_NAME": jobs}
    done = subprocess.run(
        [sys.executable, "-m", "tests.web.django_project", str(tmp_path / "django.sqlite"), kind],
        env={**os.environ, **environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert engine.paused_queues() == ["mail", "other"]
    engine.close()
