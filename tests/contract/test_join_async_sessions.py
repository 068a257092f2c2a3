"""Jobs in the caller's own transaction on an event loop, in whatever session its connection has."""

from __future__ import annotations

import traceback

import pytest

from lightjobs.errors import LightjobsError
from lightjobs.model import NewJob
from tests.support.async_callers import WAYS, opened, run, ways

from .support import job
from .test_join import waiting
from .test_push import HOSTILE


@pytest.fixture(params=WAYS)
def asynchronous(request):
    yield from opened(request)


def test_any_text_is_stored_as_it_is(asynchronous):
    jobs = [NewJob(f"Handler {t}", f"queue {t}", t, due=1e9 + 0.25, options=t) for t in HOSTILE]

    async def use(connection):
        ids = [(await asynchronous.push(connection, each))[0] for each in jobs]
        ids += await asynchronous.push(connection, *jobs)
        await connection.commit()
        return ids

    stored = [asynchronous.engine.find(id) for id in asynchronous.inside(use)]
    for new, found in zip([*jobs, *jobs], stored, strict=True):
        assert (found.handler, found.queue) == (new.handler, new.queue)
        assert (found.payload, found.options) == (new.payload, new.options)
        assert found.scheduled_at == "2001-09-09 01:46:40"


def test_text_that_no_store_can_hold_is_refused(asynchronous):
    async def use(connection):
        with pytest.raises(LightjobsError, match="half a surrogate pair") as caught:
            await asynchronous.push(connection, job(payload='{"secret":"\ud800"}'))
        assert "secret" not in str(caught.value)

    asynchronous.inside(use)
    assert waiting(asynchronous.caller) == 0


def test_an_error_does_not_show_the_parameters_as_sqlalchemys_would(asynchronous):
    refused = NewJob(None, "q", '{"card":"4111"}')

    async def use(connection):
        with pytest.raises(LightjobsError) as caught:
            await asynchronous.push(connection, refused)
        assert "4111" not in str(caught.value)
        text = "".join(traceback.format_exception(caught.value))
        assert "[parameters: " not in text

    asynchronous.inside(use)


@pytest.fixture(params=["psycopg-session", "psycopg-own"])
def psycopg_async(request):
    """Without asyncpg, which mangles text in sessions that are not in UTF-8."""
    yield from opened(request)


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "EUC_JP"])
def test_a_session_in_another_encoding_takes_any_text(psycopg_async, encoding):
    async def use(connection):
        await run(connection, f"SET client_encoding = '{encoding}'")
        ids = await psycopg_async.push(connection, *[job(payload=text) for text in HOSTILE])
        await connection.commit()
        return ids

    stored = [psycopg_async.engine.find(id).payload for id in psycopg_async.inside(use)]
    assert stored == HOSTILE


@pytest.fixture(params=ways("mariadb", "mysql"))
def mariadb_async(request):
    yield from opened(request)


@pytest.mark.parametrize(
    "statement",
    [
        "SET NAMES latin1",
        "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
        "SET SESSION auto_increment_increment = 7",
    ],
)
def test_any_session_of_mariadbs_takes_any_text(mariadb_async, statement):
    async def use(connection):
        await run(connection, statement)
        ids = await mariadb_async.push(connection, *[job(payload=text) for text in HOSTILE])
        await connection.commit()
        return ids

    stored = [mariadb_async.engine.find(id).payload for id in mariadb_async.inside(use)]
    assert stored == HOSTILE


@pytest.mark.parametrize("count", [1, 3])
def test_a_payload_longer_than_the_column_is_refused_and_never_cut(mariadb_async, count):
    query = mariadb_async.caller.server.query
    query("ALTER TABLE jobs MODIFY payload text NOT NULL")  # as Lightpack makes it, 64 KB

    async def use(connection):
        await run(connection, "SET sql_mode = ''")
        with pytest.raises(LightjobsError, match="too long for column 'payload'"):
            await mariadb_async.push(connection, *[job(payload="x" * 70_000)] * count)
        await connection.commit()

    try:
        mariadb_async.inside(use)
    finally:
        query("ALTER TABLE jobs MODIFY payload longtext NOT NULL")
    assert waiting(mariadb_async.caller) == 0


def test_a_payload_beyond_the_servers_packets_is_refused(mariadb_async):
    async def use(connection):
        with pytest.raises(LightjobsError, match="max_allowed_packet"):
            await mariadb_async.push(connection, job(payload="x" * 9_000_000))
        await mariadb_async.push(connection, job(payload="x" * 7_000_000))
        await connection.commit()

    mariadb_async.inside(use)
    assert waiting(mariadb_async.caller) == 1
