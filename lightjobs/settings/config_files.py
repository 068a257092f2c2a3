"""The files in `config/`: the project's own, or the packaged ones where a project has none."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

from ..errors import SettingsError

TEMPLATES = Path(__file__).parent.parent / "templates"
"""What `lightjobs init` copies into a project."""


def read(project: Path, name: str) -> dict[str, Any]:
    """Run `config/<name>.py` and return the dict called `name` that it defines.

    Raises SettingsError, with the line if there is one, when the file cannot be run or does not
    define that dict.
    """
    path = project / "config" / f"{name}.py"
    if not _is_ours(path):
        path = TEMPLATES / "config" / f"{name}.py"
    namespace: dict[str, Any] = {"__name__": f"config.{name}", "__file__": str(path)}
    try:
        exec(compile(path.read_text(encoding="utf-8-sig"), str(path), "exec"), namespace)
    except SettingsError:
        raise
    except Exception as error:
        raise SettingsError(f"config/{name}.py{_line(error, path)}: {error!r}") from None
    values = namespace.get(name)
    if not isinstance(values, dict):
        raise SettingsError(f"config/{name}.py must define a dict called {name}")
    return values


def _is_ours(path: Path) -> bool:
    # Other programs have a config/database.py, too. Ours imports `env` from lightjobs.
    try:
        return "lightjobs" in path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False


def _line(error: Exception, path: Path) -> str:
    if isinstance(error, SyntaxError):
        return f" line {error.lineno}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return f" line {frames[-1].lineno}" if frames else ""
