"""The files in `config/`: the project's own say some values, the packaged ones take the others from
the environment."""

from __future__ import annotations

import ast
import traceback
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import SettingsError

TEMPLATES = Path(__file__).parent.parent / "templates"
"""What `lightjobs init` copies into a project."""

_LIGHTPACKS = ("timeout", "read_timeout", "retry_interval")
"""Keys in Lightpack's config/redis.php for which lightjobs has values of its own."""


class Given(NamedTuple):
    """The values of one dict of settings, from both of their sources."""

    own: Mapping[str, Any]
    """What the project's file says; {} if it has none."""
    environment: Mapping[str, Any]
    """What the environment says. It counts where `own` has no value, None or an empty one."""

    def section(self, name: str) -> Given:
        """The dict called `name` within these. Raises ValueError when `own` has something else."""
        own = self.own.get(name)
        if not isinstance(own, dict | None):
            raise ValueError(f"{name} must be a dict")
        return Given(own or {}, self.environment.get(name, {}))


class ConfigFile(NamedTuple):
    """What one of the files in `config/` comes to."""

    given: Given
    unknown: list[str]
    """A sentence for each key that nothing reads."""
    ignored: str | None
    """Why the project's file is not read, if it is there and defines no such dict. It belongs to
    another program then, or its dict has another name."""


class Elsewhere(NamedTuple):
    """Where a framework keeps the values of a file in `config/`."""

    place: str
    """What messages call it."""
    given: Callable[[Mapping[str, Any]], Given]
    """Returns the values; it is passed what the environment says. May raise SettingsError."""


_elsewhere: dict[str, Elsewhere] = {}


def read_elsewhere(name: str, elsewhere: Elsewhere) -> None:
    """From now on take the values of `config/<name>.py` from another place; the file itself is not
    read."""
    _elsewhere[name] = elsewhere


def elsewhere() -> dict[str, Elsewhere]:
    """What `read_elsewhere` has set, by name."""
    return dict(_elsewhere)


def restore_elsewhere(former: Mapping[str, Elsewhere]) -> None:
    """Have all values come from where they came when `elsewhere` returned `former`."""
    _elsewhere.clear()
    _elsewhere.update(former)


def read(project: Path, name: str) -> ConfigFile:
    """Run `config/<name>.py` of the project if it defines a dict called `name`, and read the
    environment.

    Other programs have a config/database.py, too. A file that does not assign `name` is not run.
    Raises SettingsError, with the line if there is one, when the file cannot be run.
    """
    file = f"config/{name}.py"
    environment = _run(TEMPLATES / file, name)
    assert isinstance(environment, dict)
    if name in _elsewhere:
        place, given_by = _elsewhere[name]
        given = given_by(environment)
        return ConfigFile(
            given, [f"{place}: {why}" for why in _unknown(given.own, environment)], None
        )
    path = project / file
    own = _run(path, name) if path.is_file() else {}
    if not isinstance(own, dict):
        ignored = f"{file} is not read: it defines no dict called {name}"
        return ConfigFile(Given({}, environment), [], ignored)
    unknown = [f"{file}: {reason}" for reason in _unknown(own, environment)]
    return ConfigFile(Given(own, environment), unknown, None)


def _run(path: Path, name: str) -> Any:
    """What the file at `path` assigns to `name`; None if it does not assign it."""
    namespace: dict[str, Any] = {"__name__": f"config.{name}", "__file__": str(path)}
    try:
        source = path.read_text(encoding="utf-8-sig")
        tree = ast.parse(source, str(path))
        if _assigns(tree, source, name):
            exec(compile(tree, str(path), "exec"), namespace)
    except SettingsError:
        raise
    except (Exception, SystemExit) as error:
        raise SettingsError(f"config/{name}.py{_line(error, path)}: {error!r}") from None
    return namespace.get(name)


def _assigns(tree: ast.Module, source: str, name: str) -> bool:
    """Whether `name` is assigned or imported in the module, as far as reading it shows."""
    imports = (node for node in tree.body if isinstance(node, ast.ImportFrom))
    if any(node.names[0].name == "*" for node in imports):
        return True
    import symtable  # here: most projects have no such file, and it takes 1 ms of a start

    table = symtable.symtable(source, name, "exec")
    try:
        symbol = table.lookup(name)
    except KeyError:
        return False
    return symbol.is_assigned() or symbol.is_imported()


def _unknown(own: Mapping[Any, Any], known: Mapping[str, Any]) -> Iterator[str]:
    has_sections = any(isinstance(value, dict) for value in known.values())
    for key, value in own.items():
        section = known.get(key)
        if isinstance(section, dict) and isinstance(value, dict):
            yield from (f"in {key!r}, {reason}" for reason in _unknown(value, section))
        elif key not in known and key not in _LIGHTPACKS:
            meant = get_close_matches(str(key), known, 1, 0.7)
            # Among the sections there may be other connections, and those of Lightpack's cache.
            if meant or not has_sections:
                hint = f"did you mean {meant[0]!r}? " if meant else ""
                yield f"unknown key {key!r}; {hint}allowed: {', '.join(known)}"


def _line(error: BaseException, path: Path) -> str:
    if isinstance(error, SyntaxError):
        return f" line {error.lineno}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return f" line {frames[-1].lineno}" if frames else ""
