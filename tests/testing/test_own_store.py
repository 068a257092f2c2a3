"""A place of a test's own on real servers."""

import pytest

from lightjobs import Job, current
from lightjobs.engines.where import Where
from lightjobs.testing.own_store import own_store


class Ship(Job):
    def handle(self):
        pass


@pytest.mark.parametrize(
    "server", ["clean_redis", "clean_valkey", "clean_postgres", "clean_mariadb"]
)
def test_jobs_of_the_server_are_left_alone_and_those_of_the_test_are_removed(
    request, monkeypatch, tmp_path, server
):
    monkeypatch.chdir(tmp_path)
    found = request.getfixturevalue(server)
    for name, value in found.environment.items():
        monkeypatch.setenv(name, value)
    if "redis" in server or "valkey" in server:
        monkeypatch.setenv("JOB_ENGINE", "redis")
    if server == "clean_mariadb":  # the user may not make databases, as in many places
        found.query(f"GRANT ALL ON `lightjobs\\_test%`.* TO {found.environment['DB_USER']}@'%'")
    current.use(None)
    if current.engine().schema is not None:
        current.engine().schema.install()
    Ship().dispatch({})
    real = current.engine()
    with own_store() as engine, own_store() as inner:
        assert engine.stats() == inner.stats() == {}
        Ship().dispatch({})
        Ship().dispatch({})
        assert inner.count(Where(status="new")) == 2
        assert engine.stats() == {}
    assert current.engine() is real
    assert real.count(Where(status="new")) == 1
    current.use(None)


def test_with_a_schema_the_tests_have_one_of_their_own(clean_pgbouncer, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name, value in {**clean_pgbouncer.environment, "DB_SCHEMA": "shop"}.items():
        monkeypatch.setenv(name, value)
    current.use(None)
    try:
        current.engine().schema.install()
        Ship().dispatch({})
        with own_store() as engine:
            assert engine.stats() == {}
            Ship().dispatch({})
            assert engine.count(Where(status="new")) == 1
        assert current.engine().count(Where(status="new")) == 1
    finally:
        current.use(None)
        clean_pgbouncer.query("DROP SCHEMA IF EXISTS shop CASCADE")
    schemas = clean_pgbouncer.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE '%test%'")
    assert schemas == []


def test_keys_on_another_node_of_a_cluster_are_removed(clean_cluster, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name, value in clean_cluster.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("JOB_ENGINE", "redis")
    counts = []
    for tag in "abcdef":  # not all of them belong to the node of the settings
        monkeypatch.setenv("REDIS_JOB_PREFIX", f"{{{tag}}}:")
        with own_store() as engine:
            Ship().dispatch({})
            counts.append(engine.count(Where(status="new")))
    assert counts == [1] * 6
    for node in clean_cluster.nodes:
        with node.client() as client:
            assert client.keys("*") == []
