"""What travels with a job next to its payload: `setHeaders` and `context.headers`."""

import asyncio
import json

import pytest

from lightjobs import Job, JobDefinitionError, job
from lightjobs.execution.context import JobContext
from lightjobs.model import Status
from lightjobs.testing import Jobs

from .support import claim, ran
from .working import Worker

HEADERS = {"tenant": "acme", "request": "é\ud800\0"}


class Asks(Job):
    attempts = 3

    def handle(self):
        ran.append((self.context.attempt, self.context.headers))
        if self.payload.get("fails"):
            raise ValueError("again")


@job()
def ask(context: JobContext, n: int) -> None:
    ran.append((n, context.headers))


@pytest.fixture(autouse=True)
def _none_ran():
    ran.clear()


def test_headers_are_seen_in_every_run(engine):
    id = Asks().setHeaders(HEADERS).dispatch({"fails": True})
    Worker(engine).run()
    assert ran == [(1, HEADERS), (2, HEADERS), (3, HEADERS)]
    assert json.loads(engine.find(id).options) == {"headers": HEADERS}


def test_headers_come_along_on_every_way_of_dispatching(engine):
    made = Asks().setHeaders(HEADERS)
    made.dispatchMany([{}, {}])
    asyncio.run(made.dispatchAsync({}))
    made.dispatchSync({})
    ask.setHeaders(HEADERS).dispatch(1)
    ask.setHeaders(HEADERS).dispatchSync(1)
    Worker(engine).run()
    assert [headers for _n, headers in ran] == [HEADERS] * 6
    with Jobs() as jobs:
        jobs.perform(made)
        assert ran[-1] == (1, HEADERS)


def test_headers_leave_other_options_and_other_jobs_alone(engine):
    made = Asks().setHeaders({"a": "1"}).setAttempts(1).setHeaders({"b": "2"})
    id = made.dispatch({"fails": True})
    Asks().dispatch()
    Worker(engine).run()
    assert engine.find(id).status == Status.FAILED
    assert ran == [(1, {"b": "2"}), (1, {})]
    assert ask.setHeaders({"a": "1"}) is not ask
    ask.dispatch(7)
    Worker(engine).run()
    assert ran[-1] == (7, {})


def test_a_copy_of_the_headers_is_stored_and_given_out(engine):
    given = {"a": "1"}
    made = Asks().setHeaders(given)
    given["a"] = "2"
    made.dispatch()
    context = JobContext(claim(options='{"headers": {"a": "1"}}'))
    context.headers["a"] = "3"
    assert context.headers == {"a": "1"}
    Worker(engine).run()
    assert ran == [(1, {"a": "1"})]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (None, "a value of type NoneType; allowed: a dict of text to text"),
        ([("a", "1")], "a value of type list; allowed: a dict of text to text"),
        ({1: "a"}, "the name 1; allowed: text that is not empty"),
        ({"": "a"}, "the name ''; allowed: text that is not empty"),
        ({"token": 5}, "a value of type int for 'token'; allowed: text"),
        ({"a": "x" * 9000}, "headers that have 9009 characters as JSON; allowed: 8192"),
    ],
)
def test_other_headers_are_refused_without_showing_a_value(headers, reason):
    for refuses in (Asks().setHeaders, ask.setHeaders):
        with pytest.raises(JobDefinitionError) as caught:
            refuses(headers)
        assert str(caught.value) == f"setHeaders() is given {reason}"


@pytest.mark.parametrize("options", ['{"headers": 5}', '{"headers": {"a": 1}}', '{"a": "headers"}'])
def test_headers_that_something_else_has_stored_never_break_a_run(options):
    assert JobContext(claim(options=options)).headers == {}
