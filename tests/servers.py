"""Redis and Valkey servers for the tests: real ones, on free ports, in folders that go with them.

`with redis_server(password="x") as server:` starts one; `clean_redis`, `clean_valkey` and
`clean_cluster` are fixtures for tests that share one, emptied before each; a conftest imports them.

No server outlives pytest, however that ends: `setpriv` asks the kernel to kill the server when
the thread that started it ends, and that thread lives exactly as long as the process.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote, urlencode

import pytest
import redis

_LAUNCHER = ThreadPoolExecutor(1, "server-launcher")
_PATIENCE = 10.0


class Server:
    """One server. `start` and `kill` as often as you like: port, folder and, where `persistent`,
    data stay the same."""

    def __init__(
        self,
        kind: str = "redis",
        *,
        password: str | None = None,
        username: str | None = None,
        acl: str = "~* &* +@all",
        tls: bool = False,
        unix: bool = False,
        maxmemory: str | None = None,
        policy: str = "noeviction",
        persistent: bool = False,
        cluster: bool = False,
        config: Sequence[str] = (),
    ) -> None:
        self.kind = kind
        self.binary = need(f"{kind}-server")
        self.host, self.port = "127.0.0.1", 0
        self.username, self.password = username, password
        self.process: subprocess.Popen[bytes] | None = None
        # Not pytest's tmp_path: a socket's path may have 107 bytes.
        self._folder = tempfile.TemporaryDirectory(prefix=f"{kind}-")
        self.folder = Path(self._folder.name)
        self.socket = str(self.folder / "socket") if unix else None
        self.certificate = _certificate(self.folder) if tls else None
        self._cluster = cluster
        self._bus = 0  # of a cluster; kept as the port is
        self._job_log = [
            f"dir {self.folder}",
            "daemonize no",
            f"bind {self.host}",
            'save ""',
            f"appendonly {'yes' if persistent else 'no'}",
            "appendfsync always",
            f"maxmemory {maxmemory or 0}",
            f"maxmemory-policy {policy}",
            *_access(username, password, acl),
            *config,
        ]
        if self.certificate:
            self._job_log += [
                f"tls-cert-file {self.certificate}",
                f"tls-key-file {self.certificate.with_suffix('.key')}",
                f"tls-ca-cert-file {self.certificate}",
                "tls-auth-clients no",
            ]

    @property
    def url(self) -> str:
        """A URL that says all: TLS certificate or socket, user and password."""
        user = ""
        if self.password is not None:
            user = f"{quote(self.username or '', '')}:{quote(self.password, '')}@"
        if self.socket:
            return f"unix://{user}{self.socket}?db=0"
        if self.certificate:
            options = urlencode({"ssl_ca_certs": str(self.certificate)})
            return f"rediss://{user}{self.host}:{self.port}/0?{options}"
        return f"redis://{user}{self.host}:{self.port}/0"

    @property
    def environment(self) -> dict[str, str]:
        """What makes lightjobs use this server. A URL only where single keys cannot say it."""
        found = {"JOB_ENGINE": self.kind, "REDIS_DB": "0"}
        if self.socket or self.certificate:
            return {**found, "REDIS_URL": self.url}
        found |= {"REDIS_HOST": self.host, "REDIS_PORT": str(self.port), "REDIS_TLS": "false"}
        if self.username is not None:
            found["REDIS_USERNAME"] = self.username
        if self.password is not None:
            found["REDIS_PASSWORD"] = self.password
        return found

    def client(self, **options: Any) -> redis.Redis:
        """A client of its own pool, with every right that `acl` gives."""
        return redis.Redis.from_url(self.url, **{"decode_responses": True, **options})

    def start(self) -> Server:
        """Start, on the port of last time, and return when it answers."""
        assert self.process is None, "it runs"
        for _ in range(1 if self.port else 5):  # another process may take a port that was free
            port = self.port or _free_port()
            if self._launch(port):
                return self
        pytest.fail(f"{self.kind}-server does not start:\n{self.log[-2000:]}")

    def stop(self) -> None:
        """Stop as an administrator would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Stop as a power cut would."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """Kill, and remove what is on the disk."""
        self.kill()
        self._folder.cleanup()

    @property
    def log(self) -> str:
        """What the server has printed since it was made."""
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / "log").read_text(errors="backslashreplace")
        return ""

    def _launch(self, port: int) -> bool:
        listen = [f"port {port}"]
        if self.certificate:
            listen = ["port 0", f"tls-port {port}"]
        if self.socket:
            listen = ["port 0", f"unixsocket {self.socket}"]
        if self._cluster:
            self._bus = self._bus or _free_port()
            listen += ["cluster-enabled yes", f"cluster-port {self._bus}"]
        path = self.folder / "server.conf"
        path.write_text("\n".join([*self._job_log, *listen, ""]))
        command = [*_tied_to_us(), self.binary, str(path)]
        with (self.folder / "log").open("ab") as log:
            self.process = _LAUNCHER.submit(
                subprocess.Popen, command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            ).result()
        self.port = port
        if self._answers():
            return True
        self.kill()
        self.port = self._bus = 0
        return False

    def _answers(self) -> bool:
        assert self.process is not None
        deadline = time.monotonic() + _PATIENCE
        with self.client(socket_timeout=_PATIENCE) as client:
            while self.process.poll() is None and time.monotonic() < deadline:
                try:
                    return bool(client.ping())
                except redis.exceptions.NoPermissionError:
                    return True
                except redis.exceptions.ConnectionError:  # loading its data is one, too
                    time.sleep(0.002)
        return False

    def _end(self, number: int) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(number)
            process.wait(_PATIENCE)


class Cluster:
    """Three nodes without replicas; stands for its first node."""

    def __init__(self, kind: str = "redis", **options: Any) -> None:
        self.kind = kind
        self.nodes = [Server(kind, cluster=True, **options) for _ in range(3)]

    @property
    def environment(self) -> dict[str, str]:
        return self.nodes[0].environment

    def client(self, **options: Any) -> redis.RedisCluster:
        first = self.nodes[0]
        return redis.RedisCluster.from_url(first.url, **{"decode_responses": True, **options})

    def start(self) -> Cluster:
        """Start all nodes, give each a third of the slots, and wait until all know all."""
        bounds = [0, 5461, 10923, 16384]
        clients = [node.start().client() for node in self.nodes]
        for index, client in enumerate(clients):
            first, last = bounds[index], bounds[index + 1] - 1
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
            client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", index + 1)
        for node in self.nodes[1:]:
            bus = node.client().execute_command("CONFIG", "GET", "cluster-port")["cluster-port"]
            clients[0].execute_command("CLUSTER", "MEET", node.host, node.port, bus)
        deadline = time.monotonic() + _PATIENCE
        while not all(_knows_all(client) for client in clients):
            assert time.monotonic() < deadline, "the cluster does not come together"
            time.sleep(0.01)
        return self

    def owner(self, key: str) -> Server:
        """The node that has the slot of `key`."""
        with self.client() as client:
            port = client.get_node_from_key(key).port
        return next(node for node in self.nodes if node.port == port)

    def give(self, key: str, node: Server) -> None:
        """Give the slot of `key`, in which there must be no key, to `node`."""
        slot = self.client().keyslot(key)
        name = node.client().execute_command("CLUSTER", "MYID")
        for each in [node, *self.nodes]:
            each.client().execute_command("CLUSTER", "SETSLOT", slot, "NODE", name)

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()

    def close(self) -> None:
        for node in self.nodes:
            node.close()


@contextlib.contextmanager
def redis_server(**options: Any) -> Iterator[Server]:
    """A running redis-server with Server's options; skips the test where there is none."""
    with _running(Server("redis", **options)) as server:
        yield server


@contextlib.contextmanager
def valkey_server(**options: Any) -> Iterator[Server]:
    """A running valkey-server, likewise."""
    with _running(Server("valkey", **options)) as server:
        yield server


@contextlib.contextmanager
def redis_cluster(**options: Any) -> Iterator[Cluster]:
    """A running cluster of three redis-servers."""
    with _running(Cluster("redis", **options)) as cluster:
        yield cluster


@contextlib.contextmanager
def valkey_cluster(**options: Any) -> Iterator[Cluster]:
    """A running cluster of three valkey-servers."""
    with _running(Cluster("valkey", **options)) as cluster:
        yield cluster


@pytest.fixture
def clean_redis() -> Server:
    """The session's redis-server, emptied."""
    return _emptied(shared("redis"))


@pytest.fixture
def clean_valkey() -> Server:
    """The session's valkey-server, emptied."""
    return _emptied(shared("valkey"))


@pytest.fixture
def clean_cluster() -> Cluster:
    """The session's cluster of redis-servers, emptied."""
    cluster = shared("redis", Cluster)
    for node in cluster.nodes:
        _emptied(node)
    return cluster


@cache
def shared(kind: str, made: type[Any] = Server) -> Any:
    """The one server, or cluster, of this kind that tests share: fixtures imported by several
    conftests would each start their own. Leave it running and with its configuration."""
    server = made(kind)
    atexit.register(server.close)
    return server.start()


def _emptied(server: Server) -> Server:
    with server.client() as client:
        client.flushall()
        client.script_flush()
    return server


@contextlib.contextmanager
def _running(server: Any) -> Iterator[Any]:
    try:
        yield server.start()
    finally:
        server.close()


def need(binary: str) -> str:
    """The path of a program; without it the test is skipped, in CI it fails."""
    return shutil.which(binary) or missing(binary)


def missing(what: str) -> NoReturn:
    """End the test because `what` is not installed."""
    sentence = f"{what} is not installed (scripts/install-tools brings it)"
    if os.environ.get("CI"):
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


@cache
def _tied_to_us() -> tuple[str, ...]:
    # Of util-linux; where there is none (macOS), `close` and atexit are what there is.
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL") if setpriv else ()


def _free_port() -> int:
    # Below the kernel's range for outgoing connections: a port there may be gone at `start` again.
    # Of that a part for each of pytest's processes, as they start and restart servers side by side.
    span = 22_000 // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    first = 10_000 + span * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    while True:
        port = random.randrange(first, first + span)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _access(username: str | None, password: str | None, acl: str) -> list[str]:
    if username is not None:
        assert password is not None, "an ACL user has a password"
        return ["user default off", f'user {username} on ">{password}" {acl}']
    return [] if password is None else [f'requirepass "{password}"']


def _certificate(folder: Path) -> Path:
    """A certificate for localhost and 127.0.0.1 that is its own authority; beside it its key."""
    path = folder / "server.crt"
    key = path.with_suffix(".key")
    options = f"-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -out {path}"
    options = [*options.split(), "-keyout", str(key)]
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    subprocess.run(
        [need("openssl"), "req", "-x509", "-subj", "/CN=localhost", "-addext", names, *options],
        check=True,
        capture_output=True,
    )
    return path


def _knows_all(client: redis.Redis) -> bool:
    info = client.execute_command("CLUSTER INFO")
    return info["cluster_state"] == "ok" and info["cluster_known_nodes"] == "3"
