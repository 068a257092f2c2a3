"""What a table refuses, by a trigger or a check, fails one job and no other."""

import pytest

from lightjobs.errors import LightjobsError, StoreUnavailable
from lightjobs.model import Done, Failed, Release, Settlement
from lightjobs.workers.refused import settle
from tests.support.servers.mysql import MYSQL, SERVERS
from tests.support.stores import STORES

from .support import claim_one, push, worker

RAISING = {
    "sqlite": [
        "CREATE TRIGGER picky BEFORE DELETE ON jobs WHEN OLD.payload = 'odd'"
        " BEGIN SELECT RAISE(ABORT, 'no such deletion'); END",
        "CREATE TRIGGER auditing BEFORE UPDATE ON jobs WHEN NEW.exception LIKE 'audit%'"
        " BEGIN SELECT json('{'); END",
    ],
    "postgres": [
        "CREATE FUNCTION picky() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF OLD.payload = 'odd' THEN RAISE EXCEPTION 'no such deletion'; END IF;"
        " RETURN OLD; END $$",
        "CREATE TRIGGER picky BEFORE DELETE ON jobs FOR EACH ROW EXECUTE FUNCTION picky()",
        "CREATE FUNCTION auditing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NEW.exception LIKE 'audit%%' THEN INSERT INTO audit VALUES (1); END IF;"
        " RETURN NEW; END $$",
        "CREATE TRIGGER auditing BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION auditing()",
        "ALTER TABLE jobs ADD CONSTRAINT short CHECK (length(exception) < 2000)",
    ],
    "mysql": [
        "CREATE TRIGGER picky BEFORE DELETE ON jobs FOR EACH ROW IF OLD.payload = 'odd' THEN"
        " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no such deletion'; END IF",
        "CREATE TRIGGER auditing BEFORE UPDATE ON jobs FOR EACH ROW"
        " IF NEW.exception LIKE 'audit%' THEN INSERT INTO audit VALUES (1); END IF",
        "ALTER TABLE jobs ADD CONSTRAINT short CHECK (length(exception) < 2000)",
    ],
}


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", *MYSQL])
def engine(request):
    made = STORES[request.param](request).engine
    made.schema.install()
    if request.param != "sqlite":
        kind = "postgres" if request.param == "postgresql" else request.param
        server = request.getfixturevalue(f"clean_{kind}")
        server.reset()
        made.close()
        made.schema.install()
    run = made._db.ask if request.param == "sqlite" else server.query
    for statement in RAISING[made._db.dialect.name]:
        run(statement)
    yield made
    made.close()
    if request.param != "sqlite":
        server.reset()


def test_a_trigger_that_raises_fails_its_own_job(engine, caplog):
    push(engine)
    push(engine, payload="odd")
    push(engine)
    name = worker(engine)
    claims = engine.claim(name, ["q"], 3)
    settled = settle(engine, name, [Done(claim.id, claim.fence) for claim in claims])
    assert [settlement for _outcome, settlement in settled] == [Settlement.ACCEPTED] * 3
    first, odd, last = (engine.find(claim.id) for claim in claims)
    assert first is last is None
    assert odd.status == "failed"
    assert "no such deletion" in odd.exception
    assert len(caplog.records) == 1
    assert engine.held(name) == []


def test_a_trigger_that_goes_wrong_itself_fails_its_own_job(engine):
    """It may lack a table, which is not a missing migration."""
    name = worker(engine)
    push(engine, 2)
    first, second = engine.claim(name, ["q"], 2)
    outcomes = [Failed(first.id, first.fence, "audit this"), Done(second.id, second.fence)]
    settled = settle(engine, name, outcomes)
    assert [settlement for _outcome, settlement in settled] == [Settlement.ACCEPTED] * 2
    assert engine.find(first.id).exception.startswith("the store refused")


def test_a_text_that_is_too_long_for_a_check_is_shortened(engine, request):
    if "sqlite" in request.node.name:
        pytest.skip("SQLite cannot add a check to a table")
    push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    ((_outcome, settlement),) = settle(engine, name, [Failed(claim.id, claim.fence, "x" * 5000)])
    assert settlement is Settlement.ACCEPTED
    assert engine.find(claim.id).exception == "x" * 1000


def test_what_is_wrong_with_a_statement_is_not_waited_for(engine):
    """As `StoreUnavailable` it would be tried again for ever."""
    push(engine, payload="odd")
    name = worker(engine)
    claim = claim_one(engine, name)
    with pytest.raises(LightjobsError) as caught:
        engine.settle(name, [Done(claim.id, claim.fence)])
    assert not isinstance(caught.value, StoreUnavailable)


@pytest.mark.slow
@pytest.mark.parametrize("started", SERVERS)
def test_many_long_texts_are_more_than_one_statement_may_hold(started):
    """Such a statement broke the connection, and was tried again for ever."""
    with started(config=["--max-allowed-packet=1M"]) as server:
        server.empty()
        engine = server.engine()
        ids = push(engine, 200)
        name = worker(engine)
        claims = engine.claim(name, ["q"], 200)
        texts = ["x" * 16_000, '"\\\n' * 5_000, "“" * 5_000]
        kinds = [
            lambda claim, text: Failed(claim.id, claim.fence, text),
            lambda claim, text: Release(claim.id, claim.fence, 2e9, 1, text),
        ]
        outcomes = [
            kinds[number // 100](claim, texts[number % 3]) for number, claim in enumerate(claims)
        ]
        assert engine.settle(name, outcomes) == [Settlement.ACCEPTED] * 200
        assert [len(engine.find(id).exception) for id in ids[:3]] == [16_000, 15_000, 5_000]
        engine.close()
