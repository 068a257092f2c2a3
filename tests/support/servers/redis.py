"""Redis and Valkey."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

import redis

from . import programs
from .base import Server, started


class RedisServer(Server):
    """A redis-server. It keeps its data from one start to the next where it is `persistent`."""

    kind = "redis"

    def __init__(
        self,
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
        super().__init__()
        self.username, self.password = username, password
        self.socket = str(self.folder / "socket") if unix else None
        self.certificate = programs.certificate(self.folder) if tls else None
        self._cluster = cluster
        self._bus = 0  # of a cluster; kept as the port is
        self.config = [
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
        """The lines of its configuration, but for where it listens; read at each start."""
        if self.certificate:
            self.config += [
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
        """A URL only where single keys cannot say it."""
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

    def empty(self) -> None:
        """Remove all keys and scripts."""
        with self.client() as client:
            client.flushall()
            client.script_flush()

    def _find(self) -> str:
        return programs.need(f"{self.kind}-server")

    def _command(self) -> list[str]:
        listen = [f"port {self.port}"]
        if self.certificate:
            listen = ["port 0", f"tls-port {self.port}"]
        if self.socket:
            listen = ["port 0", f"unixsocket {self.socket}"]
        if self._cluster:
            self._bus = self._bus or programs.free_port()
            listen += ["cluster-enabled yes", f"cluster-port {self._bus}"]
        path = self.folder / "server.conf"
        path.write_text("\n".join([*self.config, *listen, ""]))
        return [self._binary, str(path)]

    def _answers(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + self.patience
        with self.client(socket_timeout=self.patience) as client:
            while process.poll() is None and time.monotonic() < deadline:
                try:
                    return bool(client.ping())
                except redis.exceptions.NoPermissionError:
                    return True
                except redis.exceptions.ConnectionError:  # loading its data is one, too
                    time.sleep(0.002)
        return False

    def _forget_ports(self) -> None:
        self.port = self._bus = 0


class ValkeyServer(RedisServer):
    """A valkey-server."""

    kind = "valkey"


def redis_server(**options: Any) -> contextlib.AbstractContextManager[RedisServer]:
    """A running redis-server with the options of RedisServer."""
    return started(RedisServer(**options))


def valkey_server(**options: Any) -> contextlib.AbstractContextManager[ValkeyServer]:
    """A running valkey-server, likewise."""
    return started(ValkeyServer(**options))


def _access(username: str | None, password: str | None, acl: str) -> list[str]:
    if username is not None:
        assert password is not None, "an ACL user has a password"
        return ["user default off", f'user {username} on ">{password}" {acl}']
    return [] if password is None else [f'requirepass "{password}"']
