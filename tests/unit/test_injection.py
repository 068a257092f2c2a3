"""Parameters of jobs that are filled with what on_start functions returned."""

import functools
from typing import Any, Protocol

import pytest

from lightjobs import Job, JobContext, JobDefinitionError, current, job, on_start
from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.sync import SyncEngine
from lightjobs.execution import registry
from lightjobs.model import Done, Failed

from .lifecycles import Database, Replica, lifecycles, named  # noqa: F401
from .support import ran
from .support import run as run_job

pytestmark = pytest.mark.usefixtures("lifecycles")


def made(function, name):
    on_start(named(name, function))


def failure(job):
    run = run_job(job)
    assert type(run.outcome) is Failed
    return str(run.exception)


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("timeout", [None, 5])
def test_handle_and_hooks_get_what_their_annotations_name(configured, is_async, timeout):
    current.use(SyncEngine(), configured)
    database = Database()
    made(lambda: database, "database")

    class Plain(Job):
        def handle(self, db: Database, *, context: JobContext, n: int = 7):
            ran.append((db is database, context is self.context, n))

        def onSuccess(self, db: "Database"):
            ran.append(db is database)

    class Async(Job):
        async def handle(self, db: Database, *, context: JobContext, n: int = 7):
            ran.append((db is database, context is self.context, n))

        async def onSuccess(self, db: "Database"):
            ran.append(db is database)

    given = Async if is_async else Plain
    given().setTimeout(timeout).dispatch()
    assert ran == [(True, True, 7), True]


def test_on_failure_and_derived_classes_are_filled_too(configured):
    current.use(SyncEngine(), configured)
    made(lambda: Database(), "database")

    class Base(Job):
        def handle(self, db: Database):
            raise ValueError(type(db).__name__)

        def onFailure(self, db: Database):
            ran.append((type(db), str(self.getException())))

    class Derived(Base):
        pass

    with pytest.raises(ValueError, match="Database"):
        Derived().dispatch()
    assert ran == [(Database, "Database")]


def test_the_exact_type_comes_first_and_then_a_derived_one():
    class Exact(Job):
        def handle(self, db: Database):
            ran.append(type(db))

    made(lambda: Replica(), "replica")
    assert type(run_job(Exact).outcome) is Done
    made(lambda: Database(), "database")
    assert type(run_job(Exact).outcome) is Done
    assert ran == [Replica, Database]


def test_what_is_ambiguous_or_missing_fails_with_the_parameter_and_what_there_is():
    class Wants(Job):
        def handle(self, db: Database, n: int = 1):
            pass

    text = failure(Wants)
    assert "Wants.handle() takes db: Database, and no value fits; there is nothing" in text
    assert "write a function with @lightjobs.on_start" in text
    made(lambda: "text", "title")
    assert "no value fits; there is: title (str)" in failure(Wants)
    made(lambda: Database(), "one")
    assert type(run_job(Wants).outcome) is Done
    made(lambda: Database(), "two")
    text = failure(Wants)
    assert "several values fit; there is: title (str), one (Database), two (Database)" in text


def test_a_default_is_kept_if_nothing_fits_and_left_alone_without_a_class():
    class Defaults(Job):
        def handle(self, db: Database = None, other: "Nowhere" = 2, plain=3, any: Any = 4):  # noqa: F821
            ran.append((type(db), other, plain, any))

    run_job(Defaults)
    made(lambda: Replica(), "replica")
    run_job(Defaults)
    assert ran == [(type(None), 2, 3, 4), (Replica, 2, 3, 4)]


class Closes(Protocol):
    def close(self): ...


def without_annotation(self, db): ...
def unknown_name(self, db: "Nowhere"): ...  # noqa: F821
def not_a_class(self, db: "Database | None"): ...
def protocol(self, db: Closes): ...
def anything(self, db: Any): ...
def positional(self, db: Database, /): ...


@pytest.mark.parametrize("name", ["handle", "onSuccess", "onFailure"])
@pytest.mark.parametrize(
    "method",
    [without_annotation, unknown_name, not_a_class, protocol, anything, positional],
    ids=lambda each: each.__name__,
)
def test_other_parameters_are_refused_when_the_class_is_defined(name, method):
    with pytest.raises(JobDefinitionError) as caught:
        type("X", (Job,), {"handle": lambda self: None, name: method})
    text = str(caught.value)
    assert f"X.{name}() requires the argument db; allowed: only self" in text
    assert "annotated with the class of what an on_start function returns" in text


def typed(self, db: Database): ...


@pytest.mark.parametrize("name", ["onQueue", "maxAttempts", "rateLimit"])
def test_methods_that_are_asked_for_values_are_not_filled(name):
    with pytest.raises(JobDefinitionError, match="requires the argument db"):
        type("X", (Job,), {"handle": lambda self: None, name: typed})


def test_methods_of_every_form_are_filled(configured):
    current.use(MemoryEngine(), configured)
    made(lambda: Database(), "database")

    def wrapped(method):
        @functools.wraps(method)
        def wrapper(self):  # counts as it is, and passes the argument itself
            return method(self, "own")

        return wrapper

    def kind(db: Database):
        return type(db)

    def of_class(cls, db: Database):
        return type(db)

    results = [
        type("X", (Job,), {"handle": each})().dispatchSync()
        for each in (staticmethod(kind), classmethod(of_class), wrapped(lambda self, db: db))
    ]
    assert results == [Database, Database, "own"]


def test_jobs_without_such_parameters_have_nothing_to_fill():
    class Plain(Job):
        def handle(self, n=1): ...

    @job("function")
    def function(db: int, n: str = ""): ...

    for handler in (registry.handler_of(Plain), "function"):
        assert registry.lookup(handler).injected == ()
