"""`env("KEY")` looks up a setting in the real environment and then in `.env`."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import SettingsError

SECRETS = (
    *("DATABASE_URL", "DB_PSWD", "REDIS_URL", "REDIS_URLS", "REDIS_PASSWORD"),
    *("REDIS_SENTINEL_PASSWORD", "JOB_WEB_PASSWORD", "JOB_WEB_READ_PASSWORD"),
)
"""The keys that may stand in a file of their own, which the key with _FILE behind it names, as
Docker and Kubernetes mount their secrets."""

_exported: dict[str, str] = {}
"""What `export` has put into the environment."""

_loaded: tuple[Path, dict[str, str]] | None = None


def env(key: str, default: str | None = None, *, empty: bool = False) -> str | None:
    """The value of `key` in the real environment, or else in the current directory's `.env`, or
    else `default`.

    An empty value counts as unset, because a line `REDIS_PASSWORD=` in `.env` means that there is
    no password. With `empty` it is a value like any other. Where one of SECRETS is unset, the file
    that `key`_FILE names is read, anew each time. Raises SettingsError when it or `.env` cannot be
    read.
    """
    for look_up in (_real, dotenv().get, os.environ.get):
        value = look_up(key)
        if value or (empty and value is not None):
            return value
        path = look_up(f"{key}_FILE") if key in SECRETS else None
        if path:
            return _secret(key, path) or default
    return default


def _secret(key: str, path: str) -> str:
    """The text of a file without the line end that editors and `echo` leave."""
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise SettingsError(f"{key}_FILE: {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{key}_FILE: {path} is not UTF-8") from None


def dotenv() -> dict[str, str]:
    """The values in the current directory's `.env`, or {} if there is no such file. It is read
    once and again when the current directory changes.

    Raises SettingsError when the file exists but cannot be read.
    """
    global _loaded
    path = Path.cwd() / ".env"
    if _loaded is None or _loaded[0] != path:
        _loaded = (path, _read(path))
    return _loaded[1]


def export() -> None:
    """Put the values in `.env` into the environment of this process, for handlers and the programs
    that they start. Variables that are already set take precedence."""
    for key, value in dotenv().items():
        if key not in os.environ:
            os.environ[key] = _exported[key] = value


def for_children() -> dict[str, str]:
    """The environment for a child process that calls `export` itself: without what `.env` holds, in
    which it may find other values by then."""
    forget()
    try:
        found = dotenv()
    except SettingsError:
        found = {}
    return {
        key: value
        for key, value in os.environ.items()
        if key not in found or _real(key) is not None
    }


def _real(key: str) -> str | None:
    """The value of `key` in the environment, unless `export` has put it there."""
    value = os.environ.get(key)
    return None if value == _exported.get(key) else value


def forget() -> None:
    """Read `.env` again when a key is looked up the next time."""
    global _loaded
    _loaded = None


def _read(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    # Imported only here, because most deployments have no .env and the import takes 10 ms.
    from dotenv.parser import parse_stream
    from dotenv.variables import parse_variables

    values: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig") as stream:  # Windows writes a BOM
            for binding in parse_stream(stream):
                if binding.error:
                    line = binding.original.line
                    raise SettingsError(f".env line {line} is not KEY=value")
                if binding.key and binding.value is not None:
                    real = {
                        name: text for name, text in os.environ.items() if _real(name) is not None
                    }
                    known = {**values, **real}
                    atoms = parse_variables(binding.value)
                    values[binding.key] = "".join(atom.resolve(known) for atom in atoms)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f".env cannot be read: {error}") from None
    return values
