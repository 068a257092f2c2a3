"""The statements that go through libpq itself: what psycopg would have seen to."""

import pytest

from lightjobs.errors import LightjobsError

from .support import push


@pytest.fixture
def engine(clean_postgres):
    engine = clean_postgres.engine()
    yield engine
    engine.close()


def test_text_with_a_nul_is_refused_and_not_cut_off(engine):
    for _ in range(8):  # as it is, and prepared
        with pytest.raises(LightjobsError, match="NUL"):
            push(engine, handler="App\\Jobs\0Payment")
        push(engine)
    assert engine.stats()["q"]["new"] == 8


def test_an_error_leaves_the_connection_usable(engine):
    for _ in range(8):
        with pytest.raises(LightjobsError, match="too long"):
            push(engine, queue="q" * 56)
        push(engine)
    ((pid,),) = engine._db.ask("SELECT pg_backend_pid()")
    assert engine.stats()["q"]["new"] == 8
    assert engine._db.ask("SELECT pg_backend_pid()") == [(pid,)]


def test_a_payload_of_many_megabytes_passes(engine):
    payload = '{"text":"' + "x" * 20_000_000 + '"}'
    for _ in range(5):
        (id,) = push(engine, payload=payload)
    assert engine.find(id).payload == payload


def test_a_notification_that_comes_with_an_answer_is_heard(engine):
    before = engine._db.changes(["q"])
    push(engine)  # to the same connection
    assert engine._db.changes(["q"]) > before


def test_statements_are_prepared_only_when_they_are_used_often(engine):
    names = "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'lightjobs%'"
    push(engine)
    assert engine._db.ask(names) == [(0,)]
    for _ in range(4):
        push(engine)
    assert engine._db.ask(names) == [(1,)]
