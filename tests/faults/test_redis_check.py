"""`lightjobs check` warns of servers that may lose jobs."""

from __future__ import annotations

import json

import pytest

from tests.support.servers.cluster import redis_cluster
from tests.support.servers.redis import redis_server, valkey_server

pytestmark = pytest.mark.slow

SAVED = {"persistent": True}
SNAPSHOTS = {"config": ["save 60 1"]}
EVICTION = "maxmemory-policy is allkeys-lru: a full server deletes jobs; set it to noeviction"
VOLATILE = "neither appendonly nor save is set: a restart loses all jobs; set appendonly to yes"
ACL = {"username": "worker", "password": "x"}


def checked(project, environment):
    done = project.cli("check", "--json", **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["problems"] == []
    return found["warnings"]


@pytest.mark.parametrize(
    ("options", "warnings"),
    [
        (SAVED, []),
        (SNAPSHOTS, []),
        ({}, [VOLATILE]),
        ({**SAVED, "maxmemory": "50mb", "policy": "allkeys-lru"}, [EVICTION]),
        ({"policy": "allkeys-lru"}, [EVICTION, VOLATILE]),
        ({**ACL, "acl": "~* +@all -config"}, []),
        ({**ACL, "acl": "~* +@all -config -info", "policy": "allkeys-lru"}, []),
    ],
)
def test_check_warns_of_what_may_lose_jobs_and_of_nothing_it_cannot_know(
    project, options, warnings
):
    with redis_server(**options) as server:
        expected = [f"redis: {warning}" for warning in warnings]
        assert checked(project, server.environment) == expected


def test_check_knows_valkey(project):
    with valkey_server(policy="volatile-ttl") as server:
        first, second = checked(project, {**server.environment, "REDIS_PROTOCOL": "3"})
        assert first.startswith("valkey: maxmemory-policy is volatile-ttl: ")
        assert second == f"valkey: {VOLATILE}"


def test_check_asks_the_node_that_has_the_jobs(project):
    with redis_cluster(persistent=True) as cluster:
        owner = cluster.owner("{jobs}:")
        owner.client().config_set("maxmemory-policy", "allkeys-lru")
        other = next(node for node in cluster.nodes if node is not owner)
        environment = {**other.environment, "REDIS_JOB_PREFIX": "{jobs}:"}
        assert checked(project, environment) == [f"redis: {EVICTION}"]


def test_check_prints_a_warning_and_exits_0(project):
    with redis_server() as server:
        done = project.cli("check", **server.environment)
        assert done.returncode == 0
        assert f"warning: redis: {VOLATILE}\n" in done.stdout
        assert "all is well" in done.stdout


@pytest.mark.parametrize(
    "options",
    [
        {**SAVED, "config": [f'rename-command {name} ""' for name in ("SCAN", "HSCAN", "ZSCAN")]},
        {**SAVED, **ACL, "acl": "~* +@all -scan -hscan -zscan"},
    ],
    ids=["renamed", "refused"],
)
def test_a_server_that_does_not_allow_scan_still_answers(project, options):
    with redis_server(**options) as server:
        (warning,) = checked(project, server.environment)
        assert warning.startswith("redis: SCAN is not allowed: ")
        done = project.cli("job:stats", "--json", **server.environment)
        assert (done.returncode, json.loads(done.stdout)["queues"]) == (0, {})
