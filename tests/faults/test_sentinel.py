"""A master that fails, is demoted or cannot be found, behind sentinels: programs and workers go on
with the next master and are not restarted."""

from __future__ import annotations

import contextlib
import signal
import threading
import time

import pytest
import redis

from lightjobs import engines, env
from lightjobs.errors import StoreInDoubt, StoreUnavailable
from lightjobs.model import NewJob
from lightjobs.settings import settings
from tests.support.environment import engine_of
from tests.support.servers.base import started
from tests.support.servers.redis import redis_server
from tests.support.servers.sentinel import MASTER, Sentinel, watched
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def pair():
    with watched() as made:
        yield made


def job(n):
    return NewJob("App\\Jobs\\Work", "default", f'{{"n":{n},"sleep":0.001}}')


class Dispatcher(threading.Thread):
    """Pushes numbered jobs one by one until it is told to stop."""

    def __init__(self, engine):
        super().__init__(daemon=True)
        self.engine = engine
        self.stored, self.in_doubt, self.lost = [], [], []
        self.stopping = threading.Event()

    def run(self):
        n = 0
        while not self.stopping.is_set():
            try:
                self.engine.push([job(n)])
                self.stored.append(n)
            except StoreInDoubt:
                self.in_doubt.append(n)
            except StoreUnavailable as error:
                self.lost.append(error)
            n += 1
            time.sleep(0.001)

    def stop(self):
        self.stopping.set()
        self.join()


def replicated(server):
    """Wait until the replica has everything that has been written before now."""
    with server.client() as client:
        client.set("mark", 1)
        assert client.wait(1, 5000) == 1


@pytest.mark.parametrize(
    ("number", "timeout"),
    # Of a frozen server it is not known whether it has stored what was sent: that is waited for.
    [(signal.SIGKILL, "60"), (signal.SIGSTOP, "8")],
    ids=["killed", "frozen"],
)
def test_a_master_that_fails_under_load_loses_nothing_that_its_replica_had(
    project, number, timeout
):
    with watched(count=3) as store:
        environment = {**store.environment, "JOB_ENQUEUE_TIMEOUT": timeout}
        engine = engine_of(environment)
        worker = project.work("--workers=2", **environment).ready()
        children = worker.children()
        dispatcher = Dispatcher(engine)
        dispatcher.start()
        wait_until(lambda: len(project.book("end")) > 300)
        before = len(dispatcher.stored)
        replicated(store.first)
        store.first.process.send_signal(number)
        wait_until(lambda: store.master() is store.second, what="the replica is promoted")
        at_promotion = len(dispatcher.stored)
        wait_until(lambda: len(dispatcher.stored) > at_promotion + 300)
        dispatcher.stop()
        wait_until(lambda: not engine.stats(), what="the queue is empty")
        assert worker.running()
        assert worker.children() == children
        assert worker.stop() == 0
        assert dispatcher.lost == []
        assert "Traceback" not in worker.err
        promised = dispatcher.stored[:before] + dispatcher.stored[at_promotion:]
        missing = {str(n) for n in promised} - set(project.runs("end"))
        assert missing == set()
        assert len(dispatcher.in_doubt) < 5
        engine.close()


def is_replica(server):
    """Whether a server is one now; a sentinel that makes it one ends its connections."""
    with contextlib.suppress(redis.ConnectionError), server.client() as client:
        return client.role()[0] == "slave"
    return False


def test_a_failover_by_hand_under_load_loses_and_fails_nothing(project, pair):
    """The sentinels ask the old master to follow the new one: it refuses every write then."""
    environment = {**pair.environment, "JOB_ENQUEUE_TIMEOUT": "60"}
    engine = engine_of(environment)
    worker = project.work("--workers=1", **environment).ready()
    dispatcher = Dispatcher(engine)
    dispatcher.start()
    wait_until(lambda: len(project.book("end")) > 100)
    replicated(pair.first)
    before = len(dispatcher.stored)
    pair.sentinels[0].ask("FAILOVER", MASTER)
    wait_until(lambda: pair.master() is pair.second, what="the replica is promoted")
    wait_until(lambda: is_replica(pair.first), what="the old master is demoted")
    at_demotion = len(dispatcher.stored)
    wait_until(lambda: len(dispatcher.stored) > at_demotion + 100)
    dispatcher.stop()
    wait_until(lambda: not engine.stats(), what="the queue is empty")
    assert worker.stop() == 0
    assert dispatcher.lost == []
    assert "Traceback" not in worker.err
    promised = dispatcher.stored[: before - 1] + dispatcher.stored[at_demotion:]
    assert {str(n) for n in promised} - set(project.runs("end")) == set()
    engine.close()


def exchange_roles(pair):
    """Make the second server the master without ending a connection."""
    with pair.second.client() as second, pair.first.client() as first:
        second.replicaof("NO", "ONE")
        first.replicaof(pair.second.host, pair.second.port)
    (sentinel,) = pair.sentinels
    sentinel.ask("REMOVE", MASTER)
    sentinel.ask("MONITOR", MASTER, pair.second.host, str(pair.second.port), "1")


def push_at_once(engine, count):
    """Push by as many connections, which idle afterwards."""
    pushes = [threading.Thread(target=engine.push, args=([job(n)],)) for n in range(count)]
    for push in pushes:
        push.start()
    for push in pushes:
        push.join()


def test_no_connection_stays_with_a_demoted_master(pair):
    engine = engine_of(pair.environment)
    engine.register("w", 60)
    push_at_once(engine, 4)
    assert not engine.wait(["other"], 0.1)
    exchange_roles(pair)
    engine.push([job(4)])  # refused, and sent again to the new master
    assert not engine.wait(["other"], 0.1)
    assert len(engine.claim("w", ["default"], 10)) == 5
    engine.close()


def test_a_frozen_master_is_waited_for_once_and_not_by_each_connection(pair):
    engine = engine_of({**pair.environment, "JOB_ENQUEUE_TIMEOUT": "2"})
    push_at_once(engine, 4)
    replicated(pair.first)
    pair.first.process.send_signal(signal.SIGSTOP)
    wait_until(lambda: pair.master() is pair.second, what="the replica is promoted")
    with pytest.raises(StoreInDoubt):
        engine.push([job(4)])
    engine.push([job(5)])
    assert engine.stats()["default"]["new"] == 5
    engine.close()


def test_a_replica_that_a_sentinel_takes_for_the_master_is_not_used(pair):
    with pair.second.client() as client:
        engine = engine_of(pair.environment)
        engine.push([job(0)])
        (sentinel,) = pair.sentinels
        sentinel.ask("REMOVE", MASTER)
        with pair.first.client() as first:
            first.replicaof("127.0.0.1", "1")
        client.replicaof("NO", "ONE")
        sentinel.ask("MONITOR", MASTER, pair.first.host, str(pair.first.port), "1")
        with pytest.raises(StoreUnavailable, match="read-only replica"):
            engine_of(pair.environment).stats()
    engine.close()


def test_a_sentinel_that_is_gone_is_passed_over():
    with watched(count=2) as store:
        engine = engine_of(store.environment)
        store.sentinels[0].kill()
        engine.push([job(0)])
        assert engine.stats()["default"]["new"] == 1
        engine.close()


def problem(project, environment):
    done = project.cli("check", **environment)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def test_check_names_what_is_wrong_with_the_sentinels(project, pair):
    right = pair.environment
    assert project.cli("check", **right).returncode == 0
    url = pair.url.replace(f"/{MASTER}/", "/other/")
    assert f"knows no master of this name, but: {MASTER}" in problem(
        project, {**right, "REDIS_URL": url}
    )
    with redis_server() as plain:
        url = f"redis+sentinel://{plain.host}:{plain.port}/{MASTER}/0"
        assert "is it a sentinel?" in problem(project, {**right, "REDIS_URL": url})
    text = problem(project, {**right, "REDIS_URL": url})  # which does not run any more
    assert f"no sentinel knows where the master '{MASTER}' is" in text
    assert "does not answer" in text
    pair.first.kill()
    pair.second.kill()
    wait_until(lambda: "says that it is down" in problem(project, right))


def test_tls_is_used_for_sentinels_and_servers():
    with redis_server(tls=True) as server, started(Sentinel(server)) as sentinel:
        wait_until(lambda: sentinel.ask("MASTERS")[MASTER]["flags"] == "master")
        url = f"rediss+sentinel://{sentinel.host}:{sentinel.port}/{MASTER}/0"
        environment = {
            **{"JOB_ENGINE": "redis", "REDIS_URL": url, "JOB_ENQUEUE_TIMEOUT": "1"},
            **{"REDIS_TLS_CA": str(server.certificate), "REDIS_PROTOCOL": "3"},
        }
        engine = engine_of(environment)
        engine.push([job(0)])
        assert engine.stats()["default"]["new"] == 1
        engine.close()
        for wrong in ({"REDIS_TLS_CA": ""}, {"REDIS_URL": url.replace("rediss", "redis")}):
            with pytest.raises(StoreUnavailable, match="no sentinel knows"):
                engine_of({**environment, **wrong}).push([job(1)])


def test_passwords_of_servers_and_sentinels_are_their_own(project):
    with watched(password="x", sentinel_password="y") as store:
        engine = engine_of(store.environment)
        engine.push([job(0)])
        project.drain(**store.environment)
        assert project.runs("end") == {"0": 1}
        text = problem(project, {**store.environment, "REDIS_SENTINEL_PASSWORD": "s3cret"})
        assert "check REDIS_SENTINEL_USERNAME and REDIS_SENTINEL_PASSWORD" in text
        assert "s3cret" not in text
        engine.close()


def test_a_new_password_of_the_sentinels_is_read_again(tmp_path, monkeypatch):
    with watched(sentinel_password="y") as store:
        (tmp_path / "secret").write_text("y\n")
        found = {**store.environment, "REDIS_SENTINEL_PASSWORD_FILE": str(tmp_path / "secret")}
        del found["REDIS_SENTINEL_PASSWORD"]
        lines = "".join(f"{key}={value}\n" for key, value in found.items())
        (tmp_path / ".env").write_text(lines)
        monkeypatch.chdir(tmp_path)
        env.forget()
        engine = engines.connect(settings.load())
        engine.push([job(0)])
        (sentinel,) = store.sentinels
        with sentinel.client() as client:
            client.execute_command("ACL SETUSER", "default", "resetpass", ">new")
            client.execute_command("CLIENT KILL", "TYPE", "normal", "SKIPME", "yes")
        with store.first.client() as client:
            client.execute_command("CLIENT KILL", "TYPE", "normal", "SKIPME", "yes")
        with pytest.raises(StoreUnavailable, match="REDIS_SENTINEL_PASSWORD"):
            engine.stats()
        (tmp_path / "secret").write_text("new\n")
        engine.push([job(1)])
        assert engine.stats()["default"]["new"] == 2
        sentinel.password = "new"
        engine.close()
