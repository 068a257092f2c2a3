"""Which middleware is in use: what the setting takes, and when it is closed and forgotten."""

import threading

import pytest

from lightjobs import SettingsError, current
from lightjobs.execution import middleware_chain
from lightjobs.execution.hooks import has_hook
from lightjobs.middleware import Logging, Middleware, Timing
from lightjobs.settings.settings import examine, load

from .middlewares import Outer, Unhooked, Watcher, Work, _forget, seen, using_fixture  # noqa: F401
from .support import run


def test_close_is_bounded_and_logs_what_it_raises(using, caplog, monkeypatch):
    class Broken(Middleware):
        def close(self):
            seen.append("broken")
            raise SystemExit(1)

    class Hangs(Middleware):
        def close(self):
            seen.append("hangs")
            hung.wait()

    hung = threading.Event()
    monkeypatch.setattr(middleware_chain, "CLOSE_SECONDS", 0.05)
    using(Broken, Hangs)
    middleware_chain.close()
    hung.set()
    assert seen == ["broken", "hangs"]
    assert "Broken.close raised" in caplog.text
    assert "took longer than 0.05 s to close" in caplog.text


def test_without_middleware_there_is_nothing_to_call(engine):
    assert middleware_chain.current is None
    assert not has_hook(run(Unhooked))


def test_middleware_is_forgotten_with_the_settings_it_came_from(using):
    using(Watcher)
    assert has_hook(run(Unhooked))
    current.use(None)
    assert middleware_chain.current is None
    assert not has_hook(run(Unhooked))


def test_the_engine_of_the_project_comes_with_its_middleware(project):
    project(
        {
            "config/jobs.py": "import lightjobs\n"
            "jobs = {'engine': 'memory', 'middleware': ['more_jobs.Counts']}\n",
            "more_jobs.py": "from lightjobs.middleware import Middleware\n"
            "class Counts(Middleware):\n    def on_push(self, job_id, job): pushes.append(job_id)\n"
            "pushes = []\n",
        }
    )
    id = Work().dispatch()
    import more_jobs

    assert more_jobs.pushes == [id]


class Unmakeable(Middleware):
    def __init__(self, size):
        pass


class AsyncSettle(Middleware):
    async def on_settle(self, run):
        pass


class SyncHandle(Middleware):
    def handle(self, run, next):
        pass


class YieldingClaim(Middleware):
    def on_claim(self, claim):
        yield claim


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (5, "names 5; allowed: subclasses of"),
        (Work, "allowed: subclasses of"),
        (Outer(), "allowed: subclasses of"),
        ("lightjobs.Job", "names lightjobs.Job; allowed: subclasses of"),
        ("no.such.Thing", "names no.such.Thing: ModuleNotFoundError: No module named 'no'"),
        ("lightjobs.middleware.Nothing", "AttributeError"),
        ("Logging", "names Logging: ValueError"),
        (Unmakeable, "TypeError"),
        (AsyncSettle, "whose on_settle must be a plain `def`"),
        (YieldingClaim, "whose on_claim must be a plain `def` without yield"),
        (SyncHandle, "whose handle must be an `async def` without yield"),
    ],
)
def test_a_bad_entry_is_a_settings_error_that_names_it(entry, reason):
    with pytest.raises(SettingsError) as caught:
        middleware_chain.load([Logging, entry])
    assert str(caught.value).startswith("config/jobs.py: middleware names ")
    assert reason in str(caught.value)


@pytest.mark.parametrize("value", ["'lightjobs.middleware.Logging'", "5", "{}"])
def test_a_middleware_setting_that_is_not_a_list_is_refused(project, value):
    project({"config/jobs.py": f"import lightjobs\njobs = {{'middleware': {value}}}\n"})
    (problem,) = examine()[1]
    assert problem.startswith("middleware in config/jobs.py is ")
    assert problem.endswith("allowed: a list of classes or their dotted paths")


def test_the_setting_takes_classes_and_paths(project):
    project(
        {
            "config/jobs.py": "from lightjobs.middleware import Timing\n"
            "jobs = {'middleware': [Timing, 'lightjobs.middleware.Logging']}\n"
        }
    )
    made = middleware_chain.load(load().middleware)
    assert [type(each) for each in made.handles] == [Timing]
    assert [type(each) for each in made.settles] == [Logging]
