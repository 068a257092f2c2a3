"""The pytest plugin in runs of pytest of its own."""

import os
import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

SHOP = """
from lightjobs import Job

class Ship(Job):
    def handle(self):
        return self.payload["order"]
"""


@pytest.fixture
def project(pytester, monkeypatch):
    """A project with a job and a `.env`, whose tests run in a process of their own."""
    for name in list(os.environ):
        if name.startswith(("JOB_", "DB_", "REDIS_", "PYTEST_")):
            monkeypatch.delenv(name)
    pytester.makepyfile(shop=SHOP)
    pytester.makefile("", **{".env": "JOB_ENGINE=database\nDB_NAME=real.sqlite\n"})

    def run(test, *arguments):
        pytester.makepyfile(test_it=test)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-q", *arguments)

    run.path = pytester.path
    return run


def test_the_fixture_takes_the_place_of_the_engine(project):
    result = project(
        """
        import lightjobs
        from shop import Ship

        def test_it(jobs):
            Ship().dispatch({"order": 1})
            jobs.assert_dispatched(Ship, {"order": 1})
            assert jobs.work().done == 1

        def test_each_test_has_its_own(jobs, lightjobs_engine):
            jobs.assert_nothing_dispatched()
            assert lightjobs_engine is lightjobs.engine()
            assert lightjobs_engine.name == "memory"

        def test_without_the_fixture_all_is_as_configured():
            assert lightjobs.engine().name == "database"
        """
    )
    result.assert_outcomes(passed=3)
    assert not (project.path / "real.sqlite").exists()


def test_a_failure_shows_the_test_and_not_our_code(project):
    result = project(
        """
        from shop import Ship

        def test_it(jobs):
            Ship().dispatch({"order": 1})
            jobs.assert_dispatched(Ship, {"order": 2})
        """
    )
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert "payload['order']: expected 2, got 1" in text
    assert "testing/jobs.py" not in text


def test_the_store_of_the_settings_in_a_place_of_its_own(project):
    result = project(
        """
        import pytest
        import lightjobs
        from lightjobs.engines.where import Where
        from shop import Ship

        @pytest.mark.lightjobs(engine="env")
        def test_it(lightjobs_engine):
            Ship().dispatch({"order": 1})
            assert lightjobs_engine.name == "database"
            assert lightjobs.engine() is lightjobs_engine
            assert lightjobs_engine.count(Where(status="new")) == 1

        @pytest.mark.lightjobs(engine="env")
        def test_it_is_empty_again(lightjobs_engine):
            assert lightjobs_engine.stats() == {}
        """,
        "--strict-markers",
    )
    result.assert_outcomes(passed=2)
    assert not (project.path / "real.sqlite").exists()


@pytest.mark.parametrize(
    ("marker", "text"),
    [
        ('engine="redis"', "takes engine=, one of: memory, env"),
        ('store="env"', "takes engine=, one of: memory, env"),
        ('engine="env"', "uses lightjobs_engine"),
    ],
)
def test_a_wrong_marker_says_what_is_allowed(project, marker, text):
    result = project(
        f"""
        import pytest

        @pytest.mark.lightjobs({marker})
        def test_it(jobs):
            pass
        """
    )
    result.assert_outcomes(errors=1)
    assert text in result.stdout.str()
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize("engine", ["sync", "null"])
def test_an_engine_without_a_store_is_named(project, engine):
    (project.path / ".env").write_text(f"JOB_ENGINE={engine}\n")
    result = project(
        """
        import pytest

        @pytest.mark.lightjobs(engine="env")
        def test_it(lightjobs_engine):
            pass
        """
    )
    result.assert_outcomes(errors=1)
    assert f"JOB_ENGINE={engine} has no store to test on" in result.stdout.str()


def test_under_xdist_each_process_has_its_own_jobs(project):
    result = project(
        """
        import pytest
        from shop import Ship

        @pytest.mark.parametrize("n", range(8))
        def test_it(jobs, n):
            Ship().dispatch({"order": n})
            assert len(jobs.dispatched()) == 1
        """,
        "-n",
        "2",
    )
    result.assert_outcomes(passed=8)


def test_a_run_without_the_fixture_imports_next_to_nothing(project):
    code = (
        "import sys, pytest, lightjobs.testing.plugin\n"
        "heavy = [n for n in sys.modules if n.startswith('lightjobs.')]\n"
        "print(sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    allowed = {"lightjobs.errors", "lightjobs.testing", "lightjobs.testing.plugin"}
    assert set(eval(done.stdout)) <= allowed | {"lightjobs.version"}
