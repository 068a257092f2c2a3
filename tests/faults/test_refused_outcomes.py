"""An outcome that the store refuses ends no child and costs no other job a run."""

from __future__ import annotations

import pytest

from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.where import Where
from lightjobs.model import NewJob
from tests.support.project import Project
from tests.support.servers.postgres import PostgresServer

pytestmark = pytest.mark.slow

JOBS = """
class Quoting(Job):
    attempts = 1

    def handle(self):
        record("start", self.payload["n"])
        if self.payload["n"] % 10 == 3:
            raise ValueError("don\\u2019t")
        record("end", self.payload["n"])
"""


@pytest.mark.parametrize("options", [[], ["--concurrency=4"], ["--workers=0"]], ids=str)
def test_text_that_a_database_cannot_hold(
    project: Project, clean_postgres: PostgresServer, options: list[str]
) -> None:
    clean_postgres.query("DROP DATABASE IF EXISTS jobs_latin")
    clean_postgres.query(
        "CREATE DATABASE jobs_latin OWNER lightjobs ENCODING 'LATIN1' TEMPLATE template0"
        " LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    settings = clean_postgres.settings._replace(name="jobs_latin")
    engine = SqlEngine(type(clean_postgres.database())(settings))
    engine.schema.install()
    project.jobs(JOBS)
    engine.push([NewJob("App\\Jobs\\Quoting", "default", f'{{"n": {n}}}') for n in range(40)])
    worker = project.drain(*options, **{**clean_postgres.environment, "DB_NAME": "jobs_latin"})
    assert project.runs() == {str(n): 1 for n in range(40)}
    assert "ended with" not in worker.err
    assert worker.err.count("the store refused the outcome of job") == 4
    failed = engine.browse(Where(status="failed"))
    assert len(failed) == 4
    assert all("ValueError: don\\u2019t" in (job.exception or "") for job in failed)
    assert engine.stats()["default"]["new"] == engine.stats()["default"]["queued"] == 0
    engine.close()
