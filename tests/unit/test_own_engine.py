"""An engine of the project's own, by JOB_ENGINE=module:Class."""

import re
import sys
import threading

import pytest

import lightjobs
from lightjobs import current
from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.store import JobStore
from lightjobs.errors import SettingsError
from lightjobs.settings.settings import load

VERBS = ", ".join(sorted(JobStore.__abstractmethods__))

MODULE = """
from lightjobs import current
from lightjobs.engines.control import Engine
from lightjobs.engines.memory import MemoryEngine


class Own(MemoryEngine):
    name = "own"

    def __init__(self):
        super().__init__()
        self.lease = current.settings().lease


class Nameless(Engine):
    pass


class WithoutSchedule(MemoryEngine):
    def __init__(self):
        super().__init__()
        del self.schedule


class Half(MemoryEngine):
    claim = settle = Engine.claim


class Greedy(MemoryEngine):
    def __init__(self, settings): super().__init__()


class Duck:
    def push(self, jobs): return []


def make(): return MemoryEngine()
"""


@pytest.fixture
def choose(project, monkeypatch):
    """Choose an engine in the project's module `own_engines`."""

    def choose(place, text=MODULE):
        project({"own_engines.py": text})
        monkeypatch.setenv("JOB_ENGINE", place)
        current.use(None)

    yield choose
    current.use(None)
    sys.modules.pop("own_engines", None)


def test_a_class_of_the_project_may_be_the_engine(choose, monkeypatch):
    choose("own_engines:Own")
    monkeypatch.setenv("JOB_LEASE", "7")
    monkeypatch.setenv("RETAIN_COMPLETED", "keep")
    engine = lightjobs.engine()
    assert (type(engine).__name__, engine.name, engine.lease) == ("Own", "own", 7)
    assert isinstance(engine, MemoryEngine)
    assert engine.retention.completed is None
    assert lightjobs.engine() is engine


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("own_engine:Own", "there is no module 'own_engine' in the project or installed"),
        ("own_engines.deep:Own", "there is no module 'own_engines.deep' in the project or inst"),
        ("own_engines:Onw", "the module has no 'Onw'; did you mean 'Own'?"),
        ("own_engines:Zzz", "the module has no 'Zzz'; allowed: a subclass of lightjobs.engines."),
        ("own_engines:make", "it is not a class; allowed: a subclass of lightjobs.engines.control"),
        ("own_engines:Duck", "the class does not derive from Engine; allowed: a subclass of l"),
        ("own_engines:Half", "the class has no claim, settle; allowed: one with every verb of Jo"),
        ("own_engines:Nameless", f"the class has no {VERBS}; allowed: one with every verb of Jo"),
        ("own_engines:WithoutSchedule", "its attribute `schedule` is missing; allowed: a Schedul"),
    ],
)
def test_a_wrong_engine_is_refused_with_the_reason(choose, call, place, reason):
    choose(place)
    with pytest.raises(SettingsError, match=f"^JOB_ENGINE is '{place}': {re.escape(reason)}"):
        lightjobs.engine()
    status, out, _err = call("check")
    assert status == 1
    assert f"problem: JOB_ENGINE is '{place}': {reason}" in out
    assert call("job:stats")[0] == 2


@pytest.mark.parametrize(
    ("place", "text", "raised"),
    [
        ("own_engines:Greedy", MODULE, "TypeError: .*'settings'"),
        ("own_engines:Own", "import not_installed\n", "ModuleNotFoundError: No module named 'not_"),
        ("own_engines:Own", "1 / 0\n", "ZeroDivisionError: division by zero"),
        ("own_engines:Own", "def broken(:\n", "SyntaxError: "),
        ("own_engines:Own", "raise SystemExit('leave')\n", "SystemExit: leave"),
    ],
)
def test_what_its_module_or_its_class_raises_is_told(choose, place, text, raised):
    choose(place, text)
    with pytest.raises(SettingsError, match=f"^JOB_ENGINE is '{place}', which raises {raised}"):
        lightjobs.engine()


@pytest.mark.parametrize("place", ["own_engines:", ":Own", "own-engines:Own", "a b:C", "a:B:C"])
def test_a_place_that_cannot_be_is_refused(monkeypatch, place):
    monkeypatch.setenv("JOB_ENGINE", place)
    with pytest.raises(SettingsError, match=r"allowed: redis, .* or module:Class for an engine of"):
        load()


def test_threads_that_ask_at_once_share_one_engine(choose):
    choose("own_engines:Slow", MODULE + "import time\nmade, closed = [], []\n" + SLOW)
    found = []
    threads = [threading.Thread(target=lambda: found.append(current.engine())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    import own_engines

    assert len(set(map(id, found))) == 1
    assert {*own_engines.made} - {*own_engines.closed} == {id(found[0])}


SLOW = """
class Slow(MemoryEngine):
    def __init__(self):
        super().__init__()
        time.sleep(0.05)
        made.append(id(self))

    def close(self): closed.append(id(self))
"""
