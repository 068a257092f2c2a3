"""The server that Redis Sentinel names as the master, found anew for each connection."""

from __future__ import annotations

from typing import Any

import redis
from redis import exceptions
from redis.backoff import NoBackoff
from redis.retry import Retry

from ...settings.login import Login, LoginAgain
from ...settings.redis_settings import RedisSettings

SENTINEL_SECONDS = 1.0
"""How long a sentinel has to answer before the next one is asked."""

Address = tuple[str, int]


class Sentinels:
    """The sentinels of one master. The one that answered last is asked first."""

    def __init__(
        self, settings: RedisSettings, login_again: LoginAgain, connection: dict[str, Any]
    ) -> None:
        """`connection` has the options of their connections, such as those of TLS."""
        self._settings = settings
        self._login_again = login_again
        self._connection = connection
        self._use(Login(settings.sentinel_username, settings.sentinel_password))
        self.latest: Address | None = None
        """The master according to the last answer; None once that was found to be wrong."""

    def _use(self, login: Login) -> None:
        self._login = login
        self._clients = [
            redis.Redis(
                connection_pool=redis.ConnectionPool(
                    host=host,
                    port=port,
                    username=login.user,
                    password=login.password,
                    protocol=2,
                    socket_timeout=SENTINEL_SECONDS,
                    socket_connect_timeout=SENTINEL_SECONDS,
                    retry=Retry(NoBackoff(), 0),
                    **self._connection,
                )
            )
            for host, port in self._settings.sentinels
        ]

    def master(self) -> Address:
        """Where the master is. Raises redis-py's ConnectionError when no sentinel knows one that is
        up; its text says what each of them answered."""
        try:
            return self._found()
        except exceptions.AuthenticationError as error:
            login = self._login_again(self._login)
            if login is None:
                raise exceptions.ConnectionError(str(error)) from error
        self._use(login)
        return self.master()

    def _found(self) -> Address:
        name, answers, is_refused = self._settings.master, [], False
        for client in self._clients:
            try:
                found = _masters(client)
            except (exceptions.RedisError, OSError) as error:
                is_refused |= isinstance(error, exceptions.AuthenticationError)
                answers.append(f"{_place(client)} does not answer ({_reason(error)})")
                continue
            state = found.get(name)
            if state is None:
                known = ", ".join(sorted(found)) or "none"
                answers.append(f"{_place(client)} knows no master of this name, but: {known}")
            elif not state["is_master"] or state["is_sdown"] or state["is_odown"]:
                answers.append(f"{_place(client)} says that it is down")
            else:
                # In one assignment: other threads read the list.
                self._clients = [client, *(each for each in self._clients if each is not client)]
                self.latest = (state["ip"], int(state["port"]))
                return self.latest
        kind = exceptions.AuthenticationError if is_refused else exceptions.ConnectionError
        raise kind(f"no sentinel knows where the master {name!r} is: {'; '.join(answers)}")


def _masters(client: redis.Redis) -> dict[str, Any]:
    found: Any = client.sentinel_masters()
    return dict(found)


def _place(client: redis.Redis) -> str:
    used = client.connection_pool.connection_kwargs
    return f"{used['host']}:{used['port']}"


def _reason(error: Exception) -> str:
    if isinstance(error, exceptions.AuthenticationError):
        return (
            f"{str(error).rstrip('.')}; check REDIS_SENTINEL_USERNAME and REDIS_SENTINEL_PASSWORD"
        )
    if isinstance(error, exceptions.ResponseError):
        return f"{error}; is it a sentinel?"
    return str(error)


class _ToMaster(redis.Connection):
    """A connection that asks the sentinels where to connect to."""

    def __init__(self, *, sentinels: Sentinels, **options: Any) -> None:
        super().__init__(redis_connect_func=_be_sure, **options)  # type: ignore[no-untyped-call]
        self.sentinels = sentinels

    def _connect(self) -> Any:
        # Here, because redis-py connects again in several ways that all end here.
        self.host, self.port = self.sentinels.master()
        return super()._connect()  # type: ignore[no-untyped-call]


class _ToMasterByTls(_ToMaster, redis.SSLConnection):
    pass


def to_master(tls: bool) -> type[redis.Connection]:
    """The class of connections to a master; it has the option `sentinels`."""
    return _ToMasterByTls if tls else _ToMaster


def doubt(pool: redis.ConnectionPool) -> None:
    """Have the next use of the pool's server ask the sentinels: it does not answer. Otherwise each
    connection that idles would be tried, and waited for, before a new one is made."""
    sentinels: Sentinels | None = pool.connection_kwargs.get("sentinels")
    if sentinels is not None:
        sentinels.latest = None


def is_left(connection: Any) -> bool:
    """Whether the sentinels have named another master than that of this connection."""
    if not isinstance(connection, _ToMaster):
        return False
    return connection.sentinels.latest != (connection.host, connection.port)


def _be_sure(connection: Any) -> None:
    """Log in, and make sure that the server is a master: sentinels may not know yet that it is no
    longer one."""
    connection.on_connect()
    connection.send_command("ROLE", check_health=False)
    try:
        role = connection.read_response()[0]
    except exceptions.NoPermissionError:
        return  # a replica will refuse to write
    if role not in (b"master", "master"):
        raise exceptions.ReadOnlyError(
            f"{connection.host}:{connection.port}, which the sentinels name as the master, is a "
            "read-only replica"
        )
