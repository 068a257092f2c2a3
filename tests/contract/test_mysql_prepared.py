"""The prepared INSERT of a single job, in MySQL's binary protocol."""

import pytest

from lightjobs.errors import LightjobsError, StoreUnavailable
from lightjobs.model import Flow, Unique
from tests.support.environment import engine_of
from tests.support.proxy import Proxy
from tests.support.servers.mysql import MYSQL

from .support import job, push

PREPARED = "SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'"


@pytest.fixture(params=["mariadb", *MYSQL])
def server(request):
    return request.getfixturevalue(f"clean_{request.param}")


@pytest.fixture
def engine(server):
    engine = server.engine()
    yield engine
    engine.close()


def prepared(engine):
    ((_name, count),) = engine._db.ask(PREPARED)
    return int(count)


def test_it_is_prepared_only_when_it_is_used_often(engine):
    before = prepared(engine)
    push(engine)
    assert prepared(engine) == before
    for _ in range(4):
        push(engine)
    assert prepared(engine) == before + 1


@pytest.mark.parametrize("length", [0, 1, 238, 239, 250, 65_500, 65_536, 249_000, 300_000])
def test_what_it_stores_is_what_is_stored_without_it(engine, length):
    """Lengths are written in one to four bytes, and a long payload is sent as text."""
    payload = '{"text":"' + "é" * length + '"}'
    due, options = 1_900_000_000.25, '{"attempts":3}'
    ids = []
    for _ in range(6):
        ids += push(engine, payload=payload, due=due, options=options, priority=-2)
    found = [engine.find(id)._replace(id="", created_at="") for id in ids]
    assert found == [found[0]] * 6
    assert found[0].payload == payload
    assert (found[0].priority, found[0].options) == (-2, options)


def keyed(key, **fields):
    return job(flow=Flow(Unique(key, "active", 600.5)), **fields)


@pytest.mark.parametrize("length", [0, 250, 65_536, 300_000])
def test_a_job_with_a_key_is_stored_once_with_it_and_without_it(engine, length):
    """The answer that says so is one packet, and that to a job that was stored is six."""
    payload = '{"text":"' + "é" * length + '"}'
    ids = []
    for number in range(6):
        (id,) = engine.push([keyed(f"h:{number}", payload=payload, due=1_900_000_000.25)])
        assert engine.push([keyed(f"h:{number}")]) == [id]
        ids += [id, *push(engine)]
    assert len(set(ids)) == 12
    found = [engine.find(id) for id in ids[::2]]
    assert [each.payload for each in found] == [payload] * 6
    assert [engine.unique.holder(f"h:{n}").job_id for n in range(6)] == ids[::2]


def test_an_error_leaves_the_connection_usable_for_jobs_with_a_key(engine):
    for number in range(8):
        with pytest.raises(LightjobsError, match="too long"):
            engine.push([keyed(f"h:{number}", queue="q" * 56)])
        engine.push([keyed(f"h:{number}")])
    assert engine.stats()["q"]["new"] == 8


def test_an_error_leaves_the_connection_usable(engine):
    for _ in range(8):
        with pytest.raises(LightjobsError, match="too long"):
            push(engine, queue="q" * 56)
        push(engine)
    assert engine.stats()["q"]["new"] == 8


def test_a_server_that_has_forgotten_it_is_sent_the_text(engine):
    for _ in range(5):
        push(engine)
    one = engine._db._session().one
    assert one._head
    one._head = b"\xff\xff\xff\x7f" + one._head[4:]
    push(engine)
    assert not one._head
    push(engine)
    assert engine.stats()["q"]["new"] == 7


def test_a_server_that_prepares_nothing_is_sent_the_text(engine, server):
    server.query("SET GLOBAL max_prepared_stmt_count = 0")
    try:
        for _ in range(8):
            push(engine)
    finally:
        server.query("SET GLOBAL max_prepared_stmt_count = 16382")
    assert engine.stats()["q"]["new"] == 8


@pytest.mark.parametrize("kind", ["postgres", "mariadb", *MYSQL])
def test_silence_while_it_is_prepared_leaves_no_doubt(kind, request):
    server = request.getfixturevalue(f"clean_{kind}")
    with Proxy(server.port) as proxy:
        engine = engine_of({**server.environment, "DB_PORT": str(proxy.port)})
        engine._enqueue_timeout = 0.5
        for _ in range(3):
            push(engine)
        proxy.silence(also_new=True)
        with pytest.raises(StoreUnavailable, match="was not stored"):
            push(engine)
        engine.close()
