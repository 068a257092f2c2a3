"""Connections that SQLAlchemy and Django wrap."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
import sqlalchemy
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from lightjobs.errors import LightjobsError
from tests.support.callers import made

from .support import claim_one, job, push


@pytest.fixture
def alchemy(caller):
    made = sqlalchemy.create_engine(caller.url())
    yield made
    made.dispose()


def a_connection(alchemy):
    return alchemy.connect()


def a_session(alchemy):
    return Session(alchemy)


def a_scoped_session(alchemy):
    return scoped_session(sessionmaker(alchemy))


def a_pools_connection(alchemy):
    return alchemy.raw_connection()


WRAPPERS = [a_connection, a_session, a_scoped_session, a_pools_connection]


@pytest.mark.parametrize("commits", [True, False])
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_sqlalchemys_transaction_takes_jobs_from_its_first_statement(
    caller, alchemy, wrapper, commits
):
    connection = wrapper(alchemy)
    (id,) = caller.engine.join(connection).push([job()])
    caller.engine.join(connection).push([job()] * 3)
    assert caller.engine.stats() == {}
    connection.commit() if commits else connection.rollback()
    connection.close()
    assert caller.engine.stats().get("q", {}).get("new", 0) == 4 * commits
    assert (caller.engine.find(id) is not None) == commits


def test_jobs_and_rows_of_a_session_are_one_transaction(caller, alchemy):
    push(caller.engine)
    claim = claim_one(caller.engine)
    with Session(alchemy) as session, session.begin():
        session.execute(sqlalchemy.text("INSERT INTO effects VALUES (1)"))
        caller.engine.join(session).push([job()])
        caller.engine.join(session).complete(claim.id, claim.fence)
        assert caller.effects() == []
        assert caller.engine.find(claim.id).status == "queued"
    assert caller.effects() == [1]
    assert caller.engine.find(claim.id) is None
    assert caller.engine.stats()["q"]["new"] == 1


def test_a_savepoint_of_sqlalchemys_takes_its_jobs_back(caller, alchemy):
    with Session(alchemy) as session, session.begin():
        caller.engine.join(session).push([job()])
        with session.begin_nested() as nested:
            caller.engine.join(session).push([job()] * 2)
            nested.rollback()
    assert caller.engine.stats()["q"]["new"] == 1


def test_sqlalchemys_async_connections_are_refused(request):
    def inside(session):
        with pytest.raises(LightjobsError, match="connection= is a sqlalchemy Session; "):
            postgres.engine.join(session)

    async def refused(alchemy):
        async with alchemy.connect() as connection, AsyncSession(alchemy) as session:
            for given in (connection, session):
                with pytest.raises(LightjobsError, match="connection= is a sqlalchemy Async"):
                    postgres.engine.join(given)
            await session.run_sync(inside)
        await alchemy.dispose()

    with made("postgres", request) as postgres:  # its driver has both kinds
        asyncio.run(refused(create_async_engine(postgres.url())))


DJANGO = """
import sys
from django.conf import settings

dialect, name, host, port, user, password = sys.argv[1:]
if dialect == "mysql":
    import pymysql
    pymysql.install_as_MySQLdb()
    pymysql.version_info = (2, 2, 1, "final", 0)
backend = {"mysql": "mysql", "postgres": "postgresql", "sqlite": "sqlite3"}[dialect]
settings.configure(
    DATABASES={"default": {
        "ENGINE": f"django.db.backends.{backend}", "NAME": name, "HOST": host, "PORT": port,
        "USER": user, "PASSWORD": password,
    }}
)
from django.db import connection, transaction
import lightjobs
from lightjobs import Job

class Greets(Job):
    handler = "Greets"
    queue = "q"

ids = []
with transaction.atomic():
    ids.append(Greets().dispatch({}, connection=connection))
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO effects VALUES (1)")
    ids += Greets.dispatchMany([{}, {}], connection=connection)
    assert lightjobs.engine().stats() == {}
try:
    with transaction.atomic():
        Greets().dispatch({}, connection=connection)
        raise KeyError
except KeyError:
    pass
ids.append(Greets().dispatch({}, connection=connection))  # no transaction: stored at once
print(*ids, lightjobs.engine().stats()["q"]["new"])
"""


def test_djangos_transaction_takes_jobs(caller, tmp_path):
    names = ("DB_NAME", "DB_HOST", "DB_PORT", "DB_USER", "DB_PSWD")
    arguments = [caller.environment.get(name, "") for name in names]
    done = subprocess.run(
        [sys.executable, "-c", DJANGO, caller.dialect, *arguments],
        env={"PATH": "", **caller.environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    *ids, count = done.stdout.split()
    assert count == "4"
    assert [caller.engine.find(id).id for id in ids] == ids
    assert caller.effects() == [1]
