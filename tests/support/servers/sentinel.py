"""Redis Sentinel: a master, a replica, and the sentinels that watch them."""

from __future__ import annotations

import contextlib
import subprocess
import time
from typing import Any

import redis

from ..waiting import wait_until
from . import programs
from .base import Server, started
from .redis import RedisServer

MASTER = "mymaster"
"""What the sentinels call the master."""


class Sentinel(Server):
    """A `redis-server --sentinel` that watches `master`. It uses TLS, with the same certificate,
    where its master does."""

    kind = "redis"

    def __init__(self, master: RedisServer, quorum: int = 1, password: str | None = None) -> None:
        super().__init__()
        self._master, self._quorum, self.password = master, quorum, password

    @property
    def environment(self) -> dict[str, str]:
        """What tells lightjobs to ask this sentinel alone."""
        return {
            "JOB_ENGINE": "redis",
            "REDIS_URL": f"redis+sentinel://{self.host}:{self.port}/{MASTER}/0",
        }

    def client(self, **options: Any) -> redis.Redis:
        """A client of its own pool."""
        if self._master.certificate:
            options |= {"ssl": True, "ssl_ca_certs": str(self._master.certificate)}
        return redis.Redis(
            host=self.host,
            port=self.port,
            password=self.password,
            decode_responses=True,
            protocol=2,
            **options,
        )

    def ask(self, *words: str) -> Any:
        """The answer to SENTINEL with these words, as text."""
        with self.client() as client:
            return client.execute_command("SENTINEL " + words[0], *words[1:])

    def _find(self) -> str:
        return programs.need("redis-server")

    def _command(self) -> list[str]:
        lines = [
            f"dir {self.folder}",
            f"bind {self.host}",
            *self._listen(),
            *([f"requirepass {self.password}"] if self.password else []),
            f"sentinel monitor {MASTER} {self._master.host} {self._master.port} {self._quorum}",
            f"sentinel down-after-milliseconds {MASTER} 800",
            f"sentinel failover-timeout {MASTER} 4000",
        ]
        if self._master.password is not None:
            lines.append(f"sentinel auth-pass {MASTER} {self._master.password}")
        # A sentinel writes to its file, and reads from it what it knew.
        path = self.folder / "sentinel.conf"
        if not path.exists():
            path.write_text("\n".join([*lines, ""]))
        return [self._binary, str(path), "--sentinel"]

    def _listen(self) -> list[str]:
        certificate = self._master.certificate
        if certificate is None:
            return [f"port {self.port}"]
        return [
            "port 0",
            f"tls-port {self.port}",
            f"tls-cert-file {certificate}",
            f"tls-key-file {certificate.with_suffix('.key')}",
            f"tls-ca-cert-file {certificate}",
            "tls-auth-clients no",
            "tls-replication yes",  # of the connections to the master, too
        ]

    def _answers(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + self.patience
        with self.client() as client:
            while process.poll() is None and time.monotonic() < deadline:
                with contextlib.suppress(redis.exceptions.ConnectionError):
                    return bool(client.ping())
                time.sleep(0.01)
        return False

    def _forget_ports(self) -> None:
        self.port = 0
        (self.folder / "sentinel.conf").unlink()


class Watched:
    """A master and its replica with `count` sentinels, of which more than half decide."""

    def __init__(
        self, *, count: int = 1, password: str | None = None, sentinel_password: str | None = None
    ) -> None:
        self.first = RedisServer(password=password)
        """The master at the start."""
        self.second = RedisServer(password=password)
        if password is not None:
            for server in (self.first, self.second):
                server.config.append(f"masterauth {password}")
        quorum = count // 2 + 1
        self.sentinels = [Sentinel(self.first, quorum, sentinel_password) for _ in range(count)]

    @property
    def url(self) -> str:
        """Without any password."""
        hosts = ",".join(f"{each.host}:{each.port}" for each in self.sentinels)
        return f"redis+sentinel://{hosts}/{MASTER}/0"

    @property
    def environment(self) -> dict[str, str]:
        """What makes lightjobs use the master, whichever it is."""
        found = {"JOB_ENGINE": "redis", "REDIS_URL": self.url}
        if self.first.password is not None:
            found["REDIS_PASSWORD"] = self.first.password
        if self.sentinels[0].password is not None:
            found["REDIS_SENTINEL_PASSWORD"] = self.sentinels[0].password
        return found

    def master(self) -> RedisServer:
        """The server that the first sentinel calls the master."""
        _host, port = self.sentinels[0].ask("GET-MASTER-ADDR-BY-NAME", MASTER)
        return next(each for each in (self.first, self.second) if str(each.port) == str(port))

    def start(self) -> None:
        """Start all of them, and wait until the replica is in step and all know all."""
        self.first.start()
        self.second.config.append(f"replicaof {self.first.host} {self.first.port}")
        self.second.start()
        with self.second.client() as client:
            wait_until(
                lambda: client.info("replication")["master_link_status"] == "up",
                what="the replica is in step",
            )
        for sentinel in self.sentinels:
            sentinel.start()
        wait_until(lambda: all(map(self._knows_all, self.sentinels)), what="all know all")

    def _knows_all(self, sentinel: Sentinel) -> bool:
        with sentinel.client() as client:
            state: Any = client.sentinel_masters()
            others = state[MASTER]["num-other-sentinels"]
            return bool(state[MASTER]["num-slaves"] == 1 and others == len(self.sentinels) - 1)

    def close(self) -> None:
        """Kill all of them, and remove what is on the disk."""
        for server in (*self.sentinels, self.second, self.first):
            server.close()


def watched(**options: Any) -> contextlib.AbstractContextManager[Watched]:
    """A running Watched with the options of its class."""
    return started(Watched(**options))
