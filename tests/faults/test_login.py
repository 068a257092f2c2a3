"""A password that changes at the store: it is named as what it is, and read again."""

from __future__ import annotations

import time

import pytest

from lightjobs import engines, env
from lightjobs.errors import LoginRefused
from lightjobs.model import NewJob
from lightjobs.settings import settings
from tests.support.environment import engine_of
from tests.support.servers.mariadb import MariaServer
from tests.support.servers.mysql import MYSQL, MysqlServer
from tests.support.servers.postgres import PostgresServer
from tests.support.servers.redis import RedisServer, ValkeyServer
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

NEW = "n3w"


def change(server):
    """Change the password and end all sessions."""
    if isinstance(server, RedisServer):
        with server.client() as client:
            client.config_set("requirepass", NEW)
        server.password = NEW
    else:
        server.query(
            {
                "postgres": f"ALTER USER lightjobs PASSWORD '{NEW}'",
                "mysql": f"ALTER USER lightjobs IDENTIFIED BY '{NEW}'",
            }[server.dialect]
        )
        if server.kind == "mysql":
            # Debian's MySQL takes what is in its cache of logins until the new one is used.
            engine = engine_of({**server.environment, "DB_PSWD": NEW})
            engine.stats()
            engine.close()
    end_sessions(server)


def end_sessions(server):
    if isinstance(server, RedisServer):
        with server.client() as client:
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    else:
        server.kill_connections()
        time.sleep(0.1)  # a session notices a moment later


@pytest.fixture(
    params=["redis", pytest.param("valkey", marks=pytest.mark.long), "postgres", "mariadb", *MYSQL]
)
def server(request):
    kinds = {
        "redis": lambda: RedisServer(password="x"),
        "valkey": lambda: ValkeyServer(password="x"),
        "postgres": PostgresServer,
        "mariadb": MariaServer,
        "mysql": MysqlServer,
    }
    server = kinds[request.param]()
    server.start()
    if not isinstance(server, RedisServer):
        server.empty()
    yield server
    server.close()


def password_key(server):
    return "REDIS_PASSWORD" if isinstance(server, RedisServer) else "DB_PSWD"


def dotenv(folder, environment):
    lines = "".join(f"{key}={value}\n" for key, value in environment.items())
    (folder / ".env").write_text(lines)


def jobs(*numbers):
    return [NewJob("App\\Jobs\\Work", "default", f'{{"n":{n}}}') for n in numbers]


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_is_named_and_nothing_is_waited_for(server, password):
    key = password_key(server)
    engine = engine_of({**server.environment, key: password, "JOB_ENQUEUE_TIMEOUT": "60"})
    before = time.monotonic()
    for ask in (lambda: engine.push(jobs(1)), lambda: engine.push(jobs(1, 2)), engine.stats):
        with pytest.raises(LoginRefused, match=f"authentication failed: .*check .* and {key}"):
            ask()
    assert time.monotonic() - before < 30


def test_a_dispatch_after_the_change_reads_the_new_password(server, tmp_path, monkeypatch):
    old = server.environment
    dotenv(tmp_path, old)
    monkeypatch.chdir(tmp_path)
    env.forget()
    engine = engines.connect(settings.load())
    engine.push(jobs(0))
    change(server)
    with pytest.raises(LoginRefused):
        engine.push(jobs(1))
    dotenv(tmp_path, {**old, password_key(server): NEW})
    engine.push(jobs(1, 2))
    assert engine.stats()["default"]["new"] == 3
    engine.close()


def test_a_file_with_the_password_is_read_again(server, tmp_path, monkeypatch):
    key = password_key(server)
    found = dict(server.environment)
    (tmp_path / "secret").write_text(found.pop(key, "") + "\n")
    dotenv(tmp_path, {**found, f"{key}_FILE": tmp_path / "secret"})
    monkeypatch.chdir(tmp_path)
    env.forget()
    engine = engines.connect(settings.load())
    engine.push(jobs(0))
    change(server)
    with pytest.raises(LoginRefused):
        engine.push(jobs(1))
    (tmp_path / "secret").write_text(f"{NEW}\n")
    engine.push(jobs(1, 2))
    assert engine.stats()["default"]["new"] == 3
    engine.close()


def test_a_login_for_another_store_is_not_tried(server, tmp_path, monkeypatch):
    old = server.environment
    dotenv(tmp_path, old)
    monkeypatch.chdir(tmp_path)
    env.forget()
    engine = engines.connect(settings.load())
    change(server)
    elsewhere = {"REDIS_HOST": "localhost", "DB_HOST": "localhost", password_key(server): NEW}
    dotenv(tmp_path, {**old, **elsewhere})
    with pytest.raises(LoginRefused):
        engine.push(jobs(1))


def secret_file(folder, environment, key):
    """Keep the password in a file of its own, and the rest in `.env`."""
    (folder / "secret").write_text(f"{environment[key]}\n")
    rest = {name: text for name, text in environment.items() if name != key}
    dotenv(folder, {**rest, f"{key}_FILE": folder / "secret"})


@pytest.mark.parametrize(("workers", "is_file"), [("0", False), ("1", True)])
def test_a_worker_names_the_refusal_waits_and_reads_the_new_password(
    server, project, workers, is_file
):
    old, key = server.environment, password_key(server)
    new = {**old, key: NEW}
    if is_file:
        secret_file(project.root, old, key)
    else:
        dotenv(project.root, old)
    worker = project.work(f"--workers={workers}", JOB_LEASE="3").ready()
    change(server)

    def is_named():
        end_sessions(server)  # of which one may have been about to begin
        return "the store refuses the login, trying again" in worker.err

    wait_until(is_named, pause=0.3)
    refusals = [line for line in worker.err.splitlines() if "authentication failed" in line]
    assert refusals
    assert not any("is away" in line for line in refusals)
    engine_of(new).push(jobs(0, 1, 2))
    time.sleep(4)  # longer than the lease
    assert worker.running()
    if is_file:
        (project.root / "secret").write_text(f"{NEW}\n")
    else:
        dotenv(project.root, new)
    wait_until(lambda: project.runs("end") == {"0": 1, "1": 1, "2": 1})
    assert worker.stop() == 0


def test_a_child_that_is_started_after_the_change_reads_the_new_password(server, project):
    old = server.environment
    dotenv(project.root, old)
    new = {**old, password_key(server): NEW}
    worker = project.work("--max-memory=1").ready()  # replaced after each job
    engine_of(old).push(jobs(0))
    wait_until(lambda: project.runs("end") == {"0": 1})
    dotenv(project.root, new)
    change(server)
    engine_of(new).push(jobs(1, 2))
    wait_until(lambda: project.runs("end") == {"0": 1, "1": 1, "2": 1})
    assert worker.stop() == 0
