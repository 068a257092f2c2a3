"""Schedulers that are killed and stopped at random: every due moment is dispatched once.

`make proof-schedule` does the same with 20 of them and 1,000 entries, on every store."""

import pytest

from lightjobs import engines, env
from lightjobs.settings import settings

from .storm import Storm

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", "redis"])
def environment(request, tmp_path):
    if request.param == "sqlite":
        path = str(tmp_path / "jobs.sqlite")
        return {"JOB_ENGINE": "database", "DB_DRIVER": "sqlite", "DB_NAME": path}
    return {**request.getfixturevalue("clean_redis").environment, "JOB_ENGINE": "redis"}


@pytest.fixture
def engine(environment, monkeypatch):
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    env.forget()
    engine = engines.connect(settings.load())
    if engine.schema is not None:
        engine.schema.install()
    yield engine
    engine.close()
    env.forget()


def test_of_schedulers_under_fire_each_moment_gets_one_job(tmp_path, environment, engine):
    storm = Storm(tmp_path, environment, entries=20)
    verdict = storm.run(engine, processes=3, seconds=4)
    assert (verdict.missing, verdict.doubled) == (0, 0)
    assert verdict.dispatched == verdict.due >= 20 * 4
    assert verdict.kills + verdict.stops > 3
    assert verdict.behind < 5
