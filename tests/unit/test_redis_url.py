import re

import pytest

from lightjobs.engines.redis.pool import pool
from lightjobs.errors import SettingsError
from lightjobs.settings.redis_url import parse
from lightjobs.settings.settings import examine, load


@pytest.fixture(autouse=True)
def _chosen(monkeypatch):
    monkeypatch.setenv("JOB_ENGINE", "redis")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("redis://h", {"tls": False, "host": "h", "port": None}),
        ("valkey://h:7/", {"tls": False, "host": "h", "port": 7}),
        ("valkeys://h/3", {"tls": True, "host": "h", "port": None, "database": 3}),
        ("redis://[::1]:7", {"tls": False, "host": "::1", "port": 7}),
        (
            "rediss://u:p%23%2F@h?db=2&ssl_cert_reqs=none&ssl_ca_certs=/ca",
            {
                **{"tls": True, "username": "u", "password": "p#/", "host": "h", "port": None},
                **{"database": 2, "tls_verify": False, "tls_ca": "/ca"},
            },
        ),
        (
            "redis://:p@h",
            {"tls": False, "username": None, "password": "p", "host": "h", "port": None},
        ),
        ("unix:///run/r.sock?db=1", {"tls": False, "host": "/run/r.sock", "database": 1}),
        ("redis:///1?protocol=3", {"tls": False, "database": 1, "protocol": "3"}),
        (
            "redis+sentinel://h1:7,h2/m/3",
            {
                **{"tls": False, "sentinels": (("h1", 7), ("h2", 26379))},
                **{"master": "m", "database": 3},
            },
        ),
        (
            "rediss+sentinel://u:p@[::1]/a%2Fb?sentinel_username=su&sentinel_password=sp",
            {
                **{"tls": True, "username": "u", "password": "p", "sentinels": (("::1", 26379),)},
                **{"master": "a/b", "sentinel_username": "su", "sentinel_password": "sp"},
            },
        ),
    ],
)
def test_a_url_says_where_the_server_is(url, found):
    assert parse(url) == found


@pytest.mark.parametrize(
    ("text", "verify"),
    [
        *[("none", False), ("None", False), ("CERT_NONE", False)],
        *[("required", True), ("CERT_REQUIRED", True), ("optional", True), ("CERT_OPTIONAL", True)],
    ],
)
def test_a_url_says_whether_to_verify_in_all_the_usual_ways(text, verify):
    assert parse(f"rediss://h?ssl_cert_reqs={text}")["tls_verify"] is verify


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "s3cret",
            "it must begin with one of redis, valkey, rediss, valkeys, unix, redis+sentinel, ",
        ),
        ("http://u:s3cret@h", "it must begin with one of redis,"),
        ("redis://u:s3cret@h:port", "not a URL"),
        ("redis://u:s3/cret@h:6379/0", "not a URL"),
        ("redis://:pa#s3cret@h:6379/0", "not a URL"),
        ("redis://u:12#s3cret@h:6379/0", "must be written as %23"),
        ("redis://u:12?s3cret@h:6379/0", "must be written as %23"),
        ("redis://u:12/s3cret@h:6379/0", "must be written as %23"),
        ("redis://u:s3cret@h/abc", "must be a number"),
        ("redis://u:s3cret@h/?db=abc", "must be a number"),
        ("redis://u:s3cret@h/0?foo=bar", "unknown option 'foo'; redis:// allows db, protocol"),
        ("redis://u:s3cret@h/0?timeout=5", "unknown option 'timeout'"),
        ("redis://u:s3cret@h/0?ssl_cert_reqs=none", "unknown option 'ssl_cert_reqs'"),
        ("rediss://u:s3cret@h/0?ssl_cert_reqs=maybe", "allowed: none, optional, required"),
        ("unix://u:s3cret@run/r.sock", "unix:///run/redis.sock"),
        ("unix://", "unix:///run/redis.sock"),
        ("redis://u:s3cret@h,h2/0", "several hosts are allowed only for sentinels"),
        ("redis+sentinel://u:s3cret@h,/m/0", "one of its hosts is empty"),
        ("redis+sentinel://u:s3cret@/m/0", "a sentinel's host is missing"),
        ("redis+sentinel://u:s3cret@h,h2", "the master's name is missing"),
        ("redis+sentinel://u:s3cret@h/m/x", "must be a number"),
        ("redis+sentinel://h/m?sentinel_pasword=s3cret", "unknown option 'sentinel_pasword'"),
        ("redis://h/0?sentinel_password=s3cret", "unknown option 'sentinel_password'"),
        ("unix+sentinel://u:s3cret@h/m", "it must begin with one of"),
    ],
)
def test_a_wrong_url_is_refused_without_showing_it(monkeypatch, url, message):
    monkeypatch.setenv("REDIS_URL", url)
    with pytest.raises(SettingsError, match=r"^REDIS_URL: ") as caught:
        load()
    assert message in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_protocol_in_the_url_is_checked_as_the_key_is(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://h?protocol=9")
    with pytest.raises(SettingsError, match="REDIS_PROTOCOL is '9'; allowed: a whole number"):
        load()


def test_the_single_keys_set_what_a_url_leaves_out(monkeypatch, tmp_path):
    authority = tmp_path / "ca.pem"
    authority.touch()
    keys = {"USERNAME": "u", "PASSWORD": "p", "TLS_CA": str(authority), "HOST": "x", "PORT": "9"}
    for key, text in keys.items():
        monkeypatch.setenv(f"REDIS_{key}", text)
    monkeypatch.setenv("REDIS_URL", "rediss://h/4")
    found = load().redis
    assert (found.host, found.port, found.tls) == ("h", 6379, True)
    assert (found.username, found.password) == ("u", "p")
    assert found.tls_ca == str(authority)
    assert pool(found).connection_kwargs["db"] == 4


def test_the_login_at_the_sentinels_is_no_ones_else(monkeypatch):
    monkeypatch.setenv("REDIS_PASSWORD", "s3cret")
    monkeypatch.setenv("REDIS_SENTINEL_PASSWORD", "s3cret2")
    monkeypatch.setenv("REDIS_URL", "redis+sentinel://h/m")
    found = load().redis
    assert (found.username, found.password) == (None, "s3cret")
    assert (found.sentinel_username, found.sentinel_password) == (None, "s3cret2")
    assert "s3cret" not in repr(found)


def test_the_jobs_database_wins_over_the_urls(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://h/4")
    monkeypatch.setenv("REDIS_JOB_DB", "0")
    assert pool(load().redis).connection_kwargs["db"] == 0


@pytest.mark.parametrize(
    ("variables", "database", "prefix"),
    [
        ({}, 0, "jobs:"),
        ({"REDIS_DB": "3"}, 3, "jobs:"),
        ({"REDIS_DB": "3", "REDIS_JOB_DB": "0"}, 0, "jobs:"),
        ({"REDIS_DB": "3", "REDIS_URL": "redis://h/4"}, 4, "jobs:"),
        ({"REDIS_DB": "3", "REDIS_URL": "redis://h"}, 3, "jobs:"),
        ({"REDIS_PREFIX": "shop:"}, 0, "shop:jobs:"),
        ({"REDIS_PREFIX": "", "REDIS_JOB_PREFIX": "q:"}, 0, "q:"),
        ({"REDIS_PREFIX": "shop:", "REDIS_JOB_PREFIX": ""}, 0, "shop:"),
    ],
)
def test_the_jobs_are_where_lightpack_has_them(monkeypatch, variables, database, prefix):
    for key, text in variables.items():
        monkeypatch.setenv(key, text)
    redis = load().redis
    assert (redis.database, redis.prefix) == (database, prefix)
    assert pool(redis).connection_kwargs["db"] == database


REDIS_FILE = """redis = {
    "default": {"host": "main", "database": 1, "prefix": "main:"},
    "queue": {"host": "other", "port": %r, "database": 2, "prefix": "other:"},
    "jobs": {"connection": %r},
}
"""


def test_the_connection_of_the_jobs_may_be_another_section(monkeypatch, project):
    project({"config/redis.py": REDIS_FILE % (7, "queue")})
    # The environment describes another server than this section.
    monkeypatch.setenv("REDIS_URL", "redis://:s3cret@main:9/4")
    monkeypatch.setenv("REDIS_PASSWORD", "s3cret")
    redis = load().redis
    assert (redis.host, redis.port, redis.database) == ("other", 7, 2)
    assert (redis.prefix, redis.password) == ("other:jobs:", None)


@pytest.mark.parametrize(
    ("port", "connection", "problem"),
    [
        (7, "qeue", "config/redis.py: the connection of 'jobs' is 'qeue'; allowed: default, queue"),
        (7, "jobs", "config/redis.py: the connection of 'jobs' is 'jobs'; allowed: default, queue"),
        (0, "queue", "port of 'queue' in config/redis.py is 0; allowed: a whole number from 1 to"),
    ],
)
def test_a_wrong_connection_is_named(monkeypatch, project, port, connection, problem):
    monkeypatch.setenv("JOB_ENGINE", "redis")
    project({"config/redis.py": REDIS_FILE % (port, connection)})
    with pytest.raises(SettingsError, match=f"^{re.escape(problem)}"):
        load()


def test_check_knows_that_lightpack_reads_no_database_of_the_jobs(monkeypatch):
    for key, text in {"JOB_ENGINE": "redis", "REDIS_JOB_DB": "2", "REDIS_DB": "3"}.items():
        monkeypatch.setenv(key, text)
    assert examine().hints == []
    monkeypatch.setenv("REDIS_JOB_FORMAT", "php")
    (hint,) = examine().hints
    assert hint.startswith("REDIS_JOB_DB is 2, but Lightpack's workers do not read it")
