"""DB_HOST with several hosts: the one that accepts writes is used, whichever it is."""

from __future__ import annotations

import contextlib

import pytest

from lightjobs.errors import StoreUnavailable
from lightjobs.model import NewJob
from tests.support.environment import engine_of
from tests.support.servers.postgres import postgres_server
from tests.support.waiting import wait_until

from .test_read_only import demote, promote

pytestmark = pytest.mark.slow


@pytest.fixture
def hosts():
    """Two servers that accept writes and share nothing."""
    with postgres_server() as first, postgres_server() as second:
        first.empty()
        second.empty()
        yield first, second


def environment(first, second, **more):
    both = {
        "DB_HOST": f"{first.host},{second.host}",
        "DB_PORT": f"{first.port},{second.port}",
        "JOB_ENQUEUE_TIMEOUT": "30",
    }
    return {**first.environment, **both, **more}


def jobs(*numbers):
    return [NewJob("App\\Jobs\\Work", "default", f'{{"n":{n}}}') for n in numbers]


def count(server):
    ((found,),) = server.query("SELECT count(*) FROM jobs")
    return found


def test_a_host_that_is_down_or_read_only_is_passed_over(hosts):
    first, second = hosts
    demote(first)
    wait_until(lambda: first.query("SHOW default_transaction_read_only") == [("on",)])
    engine = engine_of(environment(first, second))
    engine.push(jobs(1))
    engine.close()
    assert (count(first), count(second)) == (0, 1)
    first.kill()
    engine.push(jobs(2, 3))
    engine.close()
    assert count(second) == 3


def test_no_host_that_accepts_writes_is_an_error_that_says_so(hosts):
    first, second = hosts
    for server in hosts:
        demote(server)
        wait_until(
            lambda server=server: server.query("SHOW default_transaction_read_only") == [("on",)]
        )
    engine = engine_of(environment(first, second, JOB_ENQUEUE_TIMEOUT="0.5"))
    with pytest.raises(StoreUnavailable, match="read-only"):
        engine.push(jobs(1))
    engine.close()


def test_a_worker_goes_on_with_the_host_that_takes_over(hosts, project):
    first, second = hosts
    demote(second)
    wait_until(lambda: second.query("SHOW default_transaction_read_only") == [("on",)])
    found = environment(first, second)
    worker = project.work("--workers=1", **found).ready()
    engine = engine_of(found)
    engine.push(jobs(*range(20)))
    wait_until(lambda: len(project.runs("end")) == 20)
    first.kill()
    promote(second)
    engine.push(jobs(*range(20, 40)))
    wait_until(lambda: len(project.runs("end")) == 40)
    assert worker.running()
    with contextlib.suppress(StoreUnavailable):
        engine.close()
    assert worker.stop() == 0
    assert "Traceback" not in worker.err
