"""Classes and functions that no worker can run are refused when they are defined or dispatched."""

import abc
import functools
import subprocess
import sys
from dataclasses import dataclass

import pytest

from lightjobs import Job, JobDefinitionError, current, job
from lightjobs.engines.memory import MemoryEngine
from lightjobs.errors import UnknownHandler
from lightjobs.execution import registry


class Shared(MemoryEngine):
    """An engine whose workers are other processes, for all that a dispatch can see."""

    unworkable = None


@pytest.fixture
def shared(configured):
    made = Shared()
    current.use(made, configured)
    return made


def defined(name="X", **body):
    return type(name, (Job,), {"__qualname__": name, **body})


def handle(self):
    pass


@pytest.mark.parametrize("name", ["run", "execute", "perform"])
def test_what_others_call_handle_is_named(name):
    with pytest.raises(JobDefinitionError, match=rf"X has {name}\(\) but no handle\(\).*rename"):
        defined(**{name: handle})


def test_run_is_lightpacks_word_and_allowed_next_to_handle():
    with pytest.raises(JobDefinitionError, match="Lightpack's word"):
        defined(run=handle)
    assert defined(run=handle, handle=handle)


def test_a_class_without_handle_may_be_derived_from_and_not_dispatched(engine):
    base = defined("Base", queue="slow")
    for call in (base().dispatch, base().dispatchSync, lambda: base.dispatchMany([{}])):
        with pytest.raises(JobDefinitionError, match=r"Base has no handle\(\) method; write one"):
            call()
    assert engine.stats() == {}
    derived = type("Derived", (base,), {"handle": handle})
    assert engine.find(derived().dispatch()).queue == "slow"


def test_a_misspelled_handle_is_shown(engine):
    with pytest.raises(JobDefinitionError, match=r"did you mean handel\(\)"):
        defined(handel=handle)().dispatch()


def test_a_class_that_names_its_handler_may_be_run_by_another_program(shared):
    stub = defined(handler="App\\Jobs\\OnlyInPhp")
    assert shared.find(stub().dispatch({})).handler == "App\\Jobs\\OnlyInPhp"


def test_jobs_of_such_a_class_wait_for_a_worker_that_has_it(shared):
    defined(handler="App\\Jobs\\OnlyInPhp")
    assert not registry.is_known("App\\Jobs\\OnlyInPhp")
    with pytest.raises(UnknownHandler, match=r"X has no handle\(\) method here"):
        registry.lookup("App\\Jobs\\OnlyInPhp")
    assert registry.find("App\\Jobs\\OnlyInPhp")
    defined(handler="App\\Jobs\\OnlyInPhp", handle=handle)  # its module was reloaded
    assert registry.is_known("App\\Jobs\\OnlyInPhp")


def takes(text, **names):
    """A method with these parameters."""
    return eval(f"lambda {text}: None", names)


@pytest.mark.parametrize("name", ["handle", "onSuccess", "onFailure", "maxAttempts", "rateLimit"])
@pytest.mark.parametrize(
    ("parameters", "needed"),
    [
        ("self, payment", "the argument payment;"),
        ("self, a, b=1, *rest, c, d=2, **more", "the arguments a, c;"),
        ("self, *, key", "the argument key;"),
    ],
)
def test_a_method_that_requires_arguments_is_refused(name, parameters, needed):
    with pytest.raises(JobDefinitionError) as caught:
        defined(**{"handle": handle, name: takes(parameters)})
    assert f"X.{name}() requires {needed} allowed: only self, since" in str(caught.value)


def test_what_an_argument_was_wanted_for_is_told():
    with pytest.raises(JobDefinitionError, match=r"self\.payload"):
        defined(handle=takes("self, payload"))
    with pytest.raises(JobDefinitionError, match=r"self\.getException\(\)"):
        defined(handle=handle, onFailure=takes("self, error"))


def test_a_method_without_self_or_that_is_none_is_refused():
    with pytest.raises(JobDefinitionError, match=r"X\.handle\(\) takes no argument; allowed"):
        defined(handle=takes(""))
    for wrong in (None, "text", {}):
        with pytest.raises(JobDefinitionError, match=r"X\.handle is .*; allowed: a method"):
            defined(handle=wrong)


def test_only_what_is_awaited_may_be_async():
    async def method(self):
        return None

    assert defined(handle=method, onSuccess=method, onFailure=method)
    for name in ("maxAttempts", "rateLimit"):
        with pytest.raises(JobDefinitionError, match=rf"X\.{name} is async def; allowed: def"):
            defined(handle=handle, **{name: method})


def passing_session(method):
    @functools.wraps(method)
    def wrapper(self):
        return method(self, "session")

    return wrapper


def test_methods_of_every_form_that_can_be_called_are_taken(engine):
    seen = []
    for each in (
        takes("self, a=1, *rest, b=2, **more"),
        takes("*everything"),
        staticmethod(takes("")),
        classmethod(takes("cls")),
        passing_session(lambda self, session: seen.append(session)),
        functools.partialmethod(lambda self, a: seen.append(a), "partial"),
    ):
        defined(handle=each)().dispatchSync()
    assert seen == ["session", "partial"]


@pytest.mark.parametrize("name", ["__init__", "__new__"])
def test_a_class_that_cannot_be_made_without_arguments_is_refused(name):
    with pytest.raises(JobDefinitionError) as caught:
        defined(handle=handle, **{name: takes("self, client")})
    assert f"X.{name}() requires the argument client; allowed: arguments with defaults" in str(
        caught.value
    )
    assert defined(handle=handle, __init__=takes("self, client=None"))


def test_a_base_class_may_require_what_its_subclasses_give():
    def make(self, client):
        self.client = client

    def make_with_client(self):
        make(self, "client")

    base = defined("Base", __init__=make)
    unfinished = defined("Unfinished", __init__=make, handle=abc.abstractmethod(takes("self")))
    for each in (base, unfinished):
        assert type("X", (each,), {"handle": handle, "__init__": make_with_client})
        with pytest.raises(JobDefinitionError, match="requires the argument client"):
            type("X", (each,), {"handle": handle})


def test_what_a_class_decorator_requires_is_seen_at_the_first_dispatch(engine):
    @dataclass
    class X(Job):
        to: str

        def handle(self):
            pass

    with pytest.raises(JobDefinitionError, match="requires the argument to"):
        X("ann").dispatch()
    assert engine.stats() == {}


def test_a_handler_is_text():
    with pytest.raises(JobDefinitionError, match="handle is the method that does the work"):
        defined(handler=handle)


@pytest.mark.parametrize("module", ["__main__", "__mp_main__", "<run_path>", ""])
def test_a_class_of_no_module_is_refused_where_workers_are_other_processes(
    shared, configured, module
):
    lost = defined(handle=handle, __module__=module)
    for call in (lost().dispatch, lambda: lost.dispatchMany([{}])):
        with pytest.raises(JobDefinitionError, match=r"app_jobs.*JOB_MODULES"):
            call()
    assert shared.stats() == {}
    assert lost().dispatchSync() is None
    current.use(MemoryEngine(), configured)  # its workers are threads of this process
    assert lost().dispatch()
    assert defined(handle=handle, __module__=module, handler="found")().dispatch()


def test_local_classes_and_functions_are_refused_where_workers_are_other_processes(shared):
    class Local(Job):
        def handle(self):
            pass

    @job()
    def nested(): ...

    for each in (Local(), nested):
        with pytest.raises(JobDefinitionError, match=r"<locals>.* was made in a function"):
            each.dispatch()
    with pytest.raises(JobDefinitionError, match=r"is a lambda.*write a def"):
        job()(eval("lambda: None")).dispatch()
    assert shared.stats() == {}

    @job("Nested")
    def named(): ...

    assert named.dispatch()


def test_what_a_function_makes_while_its_module_is_imported_is_found(project, shared):
    project(
        {
            "app_jobs/made.py": "from lightjobs import Job\n\n\n"
            "def made(name):\n"
            "    class Made(Job):\n"
            "        handler = name\n"
            "        def handle(self): pass\n"
            "    class Unnamed(Job):\n"
            "        def handle(self): pass\n"
            "    return Made, Unnamed\n\n\n"
            "a, b = made('a')\n"
        }
    )
    registry.load(["app_jobs"])
    made = sys.modules["app_jobs.made"]
    assert made.a().dispatch()
    assert made.b().dispatch()
    _, late = made.made("c")
    with pytest.raises(JobDefinitionError, match="was made in a function"):
        late().dispatch()


SCRIPT = """
from lightjobs import Job


class Square(Job):
    def handle(self):
        pass


if __name__ == "__main__":
    Square().dispatch({"n": 2})
"""


def test_a_job_module_that_is_run_as_a_program_says_what_to_do(project):
    folder = project({"app_jobs/square.py": SCRIPT, ".env": "JOB_ENGINE=database\n"})
    done = subprocess.run(
        [sys.executable, "app_jobs/square.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "__main__.Square is in the program that was started" in done.stderr
    assert "import it from there" in done.stderr


def test_a_class_is_examined_once(engine, monkeypatch):
    once = defined(handle=handle)
    once().dispatch()
    monkeypatch.setattr("lightjobs.execution.definition.problem", None)
    once().dispatch()


def test_check_names_the_classes_that_no_worker_can_run(project, ready, call):
    project(
        {
            "app_jobs/more.py": "import abc\nfrom dataclasses import dataclass\n"
            "from lightjobs import Job, job\n\n\n"
            "class Base(Job): queue = 'slow'\n"
            "class Good(Base):\n    def handle(self): pass\n"
            "class Abstract(Job, abc.ABC):\n"
            "    @abc.abstractmethod\n    def handle(self): pass\n"
            "@dataclass\nclass Needs(Job):\n    to: str\n    def handle(self): pass\n"
            "class Nothing(Job): pass\n",
            "app_jobs/ported.py": "from lightjobs import Job\n\n\n"
            "class Ported(Job):\n    def run(self): pass\n",
        }
    )
    status, out, _ = call("check")
    assert status == 1
    problems = [line for line in out.splitlines() if line.startswith("problem: ")]
    assert len(problems) == 3
    assert "app_jobs/ported.py:4: JobDefinitionError: Ported has run() but no handle()" in out
    assert "app_jobs.more.Needs: Needs.__init__() requires the argument to" in out
    assert "app_jobs.more.Nothing: Nothing has no handle() method" in out


def test_a_schedule_refuses_a_job_that_no_worker_can_run(project, ready, call):
    project(
        {
            "app_jobs/nothing.py": "from lightjobs import Job\n\n\nclass Nothing(Job): pass\n",
            "config/schedule.py": "from app_jobs.nothing import Nothing\n"
            "from lightjobs.schedule import schedule\n\nschedule.job(Nothing).daily()\n",
        }
    )
    status, _, err = call("schedule:list")
    assert status != 0
    assert "Nothing has no handle() method" in err
