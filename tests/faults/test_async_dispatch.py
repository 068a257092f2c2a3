"""While a store is away, coroutines that dispatch wait, and the event loop goes on."""

import asyncio
import contextlib
import subprocess
import sys
import time

import pytest

from lightjobs import Job, StoreInDoubt, StoreUnavailable, current
from lightjobs.settings.settings import Settings
from tests.support.environment import outside
from tests.support.proxy import Proxy
from tests.support.servers.mysql import MYSQL
from tests.support.servers.redis import redis_server

TIMEOUT = 2.5
"""Seconds for which a dispatch waits for the store."""

LONGEST_GAP = 1.5
"""Seconds the event loop may stand still on a busy machine: less than any wait for the store."""


class Work(Job):
    handler = "App\\Jobs\\Work"

    def handle(self): ...


@pytest.fixture(params=["redis", "postgres", "mariadb", *MYSQL])
def server(request):
    return request.getfixturevalue(f"clean_{request.param}")


@pytest.fixture
def proxy(server):
    with Proxy(server.port) as proxy:
        yield proxy


@pytest.fixture
def use(engine_on):
    """Make the engine of an environment the one of this process."""

    def made(environment):
        engine = engine_on(environment, TIMEOUT)
        current.use(engine, Settings(engine.name))
        return engine

    yield made
    current.use(None)


@pytest.fixture
def engine(server, proxy, use):
    return use({**server.environment, port_of(server): str(proxy.port)})


def port_of(server):
    return "REDIS_PORT" if server.kind == "redis" else "DB_PORT"


@contextlib.asynccontextmanager
async def going_on():
    """Inside, the event loop must not stand still."""

    async def tick():
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            gaps.append(time.monotonic() - before)

    gaps = []
    ticking = asyncio.create_task(tick())
    yield
    await asyncio.sleep(0.02)
    ticking.cancel()
    assert max(gaps) < LONGEST_GAP


async def dispatched(count):
    """What became of `count` dispatches at the same time, by the class of the result."""
    calls = [Work().dispatchAsync({"n": n}) for n in range(count)]
    return [type(each) for each in await asyncio.gather(*calls, return_exceptions=True)]


def test_many_are_stored_once_and_in_order(engine, server):
    async def main():
        async with going_on():
            return await asyncio.gather(*[Work().dispatchAsync({"n": n}) for n in range(1500)])

    ids = asyncio.run(main())
    assert len(set(ids)) == 1500
    claims = []
    engine.register("w", 60)
    while found := engine.claim("w", ["default"], 500):
        claims += found
    assert [(claim.id, claim.payload) for claim in claims] == [
        (id, f'{{"n":{n}}}') for n, id in enumerate(ids)
    ]


def test_a_store_that_falls_silent(engine, proxy, server):
    async def main():
        assert await dispatched(1) == [str]
        proxy.silence(also_new=True)
        before = time.monotonic()
        async with going_on():
            found = await dispatched(700)
        assert TIMEOUT * 0.9 <= time.monotonic() - before < 2 * TIMEOUT + 3
        assert set(found) <= {StoreInDoubt, StoreUnavailable}
        # A database is silent at the BEGIN of the group: its jobs are certainly not stored.
        assert StoreInDoubt in found or server.kind != "redis"
        proxy.speak()
        assert await dispatched(1) == [str]

    asyncio.run(main())
    stored = engine.stats()["default"]["new"]
    assert stored == 2  # the network swallowed what was in doubt


def test_a_store_that_does_not_answer_to_begin_with(engine, proxy):
    proxy.silence(also_new=True)

    async def main():
        async with going_on():
            assert set(await dispatched(20)) == {StoreUnavailable}
        proxy.speak()
        assert await dispatched(1) == [str]

    asyncio.run(main())


def test_a_connection_that_is_refused(server, use):
    use({**server.environment, port_of(server): "1"})

    async def main():
        async with going_on():
            assert set(await dispatched(20)) == {StoreUnavailable}

    asyncio.run(main())


def test_a_wait_that_is_cut_short_leaves_the_rest_to_the_thread(engine, proxy):
    async def main():
        assert await dispatched(1) == [str]
        proxy.silence(also_new=True)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await Work().dispatchAsync({})
        proxy.speak()
        async with going_on():  # waits until the thread gives up the silent connection
            assert await dispatched(3) == [str] * 3

    asyncio.run(main())
    assert engine.stats()["default"]["new"] == 4


ENDS = """
import asyncio
import lightjobs

class Work(lightjobs.Job):
    handler = "Work"
    def handle(self): ...

async def main():
    try:
        async with asyncio.timeout(1):
            await Work().dispatchAsync({})
    except TimeoutError:
        print("ended")

asyncio.run(main())
"""


def test_a_program_that_ends_does_not_wait_for_its_store(server, proxy):
    proxy.silence(also_new=True)
    ours = {**server.environment, port_of(server): str(proxy.port), "JOB_ENQUEUE_TIMEOUT": "300"}
    program = [sys.executable, "-c", ENDS]
    environment = {**outside(*sys.path), **ours}
    done = subprocess.run(program, env=environment, timeout=60, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ended\n", "")


def test_a_server_without_a_free_connection(use):
    with redis_server() as server:
        use(server.environment)
        client = server.client()
        client.config_set("maxclients", 1)

        async def main():
            async with going_on():
                assert set(await dispatched(20)) == {StoreUnavailable}
            client.config_set("maxclients", 100)
            assert await dispatched(20) == [str] * 20

        asyncio.run(main())


def test_a_job_that_the_store_refuses_costs_its_neighbors_nothing(use, clean_postgres):
    engine = use(clean_postgres.environment)
    engine._db.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE 'no seven'; END $$;"
        "CREATE TRIGGER refuse BEFORE INSERT ON jobs FOR EACH ROW "
        """WHEN (NEW.payload = '{"n":7}') EXECUTE FUNCTION refuse()"""
    )

    async def main():
        calls = [Work().dispatchAsync({"n": n}) for n in range(50)]
        return await asyncio.gather(*calls, return_exceptions=True)

    try:
        found = asyncio.run(main())
    finally:  # other tests have the same server
        engine._db.execute("DROP TRIGGER refuse ON jobs; DROP FUNCTION refuse()")
    assert [n for n, each in enumerate(found) if isinstance(each, Exception)] == [7]
    assert "no seven" in str(found[7])
    assert engine.stats()["default"]["new"] == 49
