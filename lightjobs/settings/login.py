"""The login at a store, read again when the store refuses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from .. import env
from ..errors import SettingsError
from .redis_settings import RedisSettings
from .settings import Settings, load


class Login(NamedTuple):
    """A user name and its password."""

    user: str | None
    password: str | None

    def __repr__(self) -> str:
        return f"Login(user={self.user!r}, password=…)"


LoginAgain = Callable[[Login], Login | None]
"""Given the login that was refused, returns another one to try, or None."""


def no_other(refused: Login) -> None:
    """The LoginAgain of a store whose login stays as it is."""


class Account(NamedTuple):
    """A login, and the store for which it is meant: its engine and all its other settings."""

    login: Login
    store: tuple[object, ...]


def of_redis(settings: Settings, server: int = 0) -> Account:
    """The account at Redis that `settings` name, of several servers at the one with that place."""
    redis = _server(settings, server)
    return Account(Login(redis.username, redis.password), _redis_store(settings, redis))


def of_sentinels(settings: Settings, server: int = 0) -> Account:
    """The account at the sentinels of Redis that `settings` name."""
    redis = _server(settings, server)
    return Account(
        Login(redis.sentinel_username, redis.sentinel_password), _redis_store(settings, redis)
    )


def _server(settings: Settings, server: int) -> RedisSettings:
    servers = (settings.redis, *settings.redis.others)
    return servers[min(server, len(servers) - 1)]


def _redis_store(settings: Settings, redis: RedisSettings) -> tuple[object, ...]:
    redis = redis._replace(
        username=None, password=None, sentinel_username=None, sentinel_password=None, others=()
    )
    return (settings.engine, redis)


def of_database(settings: Settings) -> Account:
    """The account at the database that `settings` name."""
    database = settings.database
    store = (settings.engine, database._replace(user=None, password=None))
    return Account(Login(database.user, database.password), store)


def reading_again(settings: Settings, account: Callable[[Settings], Account]) -> LoginAgain:
    """A LoginAgain that reads the settings in the present folder again; `account` finds the account
    in them. A login for another store than that of `settings` is not returned."""
    folder = Path.cwd()
    store = account(settings).store

    def again(refused: Login) -> Login | None:
        if Path.cwd() != folder:  # another .env would be read
            return None
        env.forget()
        try:
            found = account(load(folder))
        except (SettingsError, OSError):
            return None
        return found.login if found.store == store and found.login != refused else None

    return again
