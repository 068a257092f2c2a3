"""The servers that the tests start are what they were asked to be, and go with the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from tests.support.processes import alive
from tests.support.servers.cluster import redis_cluster
from tests.support.servers.redis import redis_server, valkey_server
from tests.support.waiting import wait_until

BOTH = pytest.mark.parametrize("running", [redis_server, valkey_server])


@BOTH
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"password": "p w:/@#'"},
        {"username": "worker", "password": "x", "acl": "~jobs:* &* +@all"},
        {"tls": True, "password": "x"},
        {"unix": True},
        {"maxmemory": "8mb", "policy": "allkeys-lru", "config": ["databases 3"]},
    ],
    ids=lambda options: " ".join(options) or "plain",
)
def test_a_server_is_what_was_asked_for(running, options):
    with running(**options) as server, server.client() as client:
        assert client.set("jobs:x", 1)
        assert server.environment["JOB_ENGINE"] == server.kind
        if "maxmemory" in options:
            assert client.config_get("maxmemory") == {"maxmemory": str(8 * 1024**2)}
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "allkeys-lru"}
        if "password" in options:
            server.password = "wrong"
            with pytest.raises(redis.AuthenticationError):
                server.client().ping()


@BOTH
@pytest.mark.parametrize(("persistent", "kept"), [(True, "1"), (False, None)])
def test_a_server_killed_comes_back_at_its_port_with_what_it_keeps(running, persistent, kept):
    with running(persistent=persistent) as server:
        port = server.port
        server.client().set("x", 1)
        server.kill()
        with pytest.raises(redis.ConnectionError):
            server.client().ping()
        server.start()
        assert server.port == port
        assert server.client().get("x") == kept
        server.stop()


@pytest.mark.slow
def test_a_cluster_spreads_keys_over_three_nodes():
    with redis_cluster() as cluster:
        client = cluster.client()
        for n in range(100):
            client.set(f"key{n}", n)
        assert all(10 < node.client().dbsize() < 90 for node in cluster.nodes)


def test_no_server_outlives_a_killed_pytest(tmp_path):
    script = tmp_path / "holds_a_server.py"
    script.write_text(
        f"import sys, time\nsys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
        "from tests.support.servers.redis import RedisServer\n"
        "server = RedisServer()\nserver.start()\n"
        "print(server.process.pid, flush=True)\ntime.sleep(60)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, str(script)],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    server = int(holder.stdout.readline())
    assert alive(server)
    holder.kill()
    holder.communicate()
    wait_until(lambda: not alive(server), what="its end")


def test_a_missing_server_skips_the_test_and_fails_it_in_ci(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="valkey-server is not installed"):
        valkey_server().__enter__()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="valkey-server is not installed"):
        valkey_server().__enter__()
