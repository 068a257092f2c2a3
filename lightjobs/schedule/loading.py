"""Reading a project's config/schedule.py."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Collection
from pathlib import Path

from ..errors import JobDefinitionError, LightjobsError, SettingsError
from ..execution import registry
from .builder import schedule
from .entry import Entry
from .event import Event

FILE = "config/schedule.py"

_OURS = Path(__file__).parents[1]
_lock = threading.Lock()


def load(project: Path | None = None) -> list[Entry]:
    """The entries of the project in `project` (default: the current directory), in the file's
    order; none without a file. The job modules must have been imported. Raises SettingsError with
    file and line for anything wrong."""
    path = (project or Path.cwd()) / FILE
    if not path.exists():
        return []
    handlers = registry.READY_MADE.keys() | registry.handlers()  # what workers know, too
    with _lock:
        schedule.events.clear()
        try:
            _run(path)
            entries = [_finished(event, handlers) for event in schedule.events]
        finally:
            schedule.events.clear()
    _refuse_doubles(entries)
    return entries


def _run(path: Path) -> None:
    namespace = {"__name__": "config.schedule", "__file__": str(path)}
    try:
        exec(compile(path.read_text(encoding="utf-8"), FILE, "exec"), namespace)
    except (Exception, SystemExit) as error:
        raise SettingsError(f"{_place(error)}: {_reason(error)}") from None


def _finished(event: Event, handlers: Collection[str]) -> Entry:
    try:
        entry = event.entry()
        if entry.handler not in handlers:
            raise JobDefinitionError(
                f"no worker would find {entry.handler}: workers import the packages of "
                f"JOB_MODULES, and {type(entry.job).__module__} is in none of them"
            )
        entry.new_job(0)  # for its payload
    except LightjobsError as error:
        raise SettingsError(f"{event.place}: {_reason(error)}") from None
    return entry


def _refuse_doubles(entries: list[Entry]) -> None:
    places: dict[str, str] = {}
    for entry in entries:
        if entry.name in places:
            raise SettingsError(
                f"{entry.place}: the entry of {places[entry.name]} is called {entry.name!r} too; "
                'give one of them a name: .name("…")'
            )
        places[entry.name] = entry.place


def _place(error: BaseException) -> str:
    """Where the error is. What we refuse is wrong where it was said, perhaps in a file that the
    schedule imports; for anything else, the line of the schedule."""
    if isinstance(error, SyntaxError):
        file = FILE if error.filename in (None, "<string>") else error.filename
        return file if error.lineno is None else f"{file} line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, LightjobsError):
        said = [frame for frame in frames if _OURS not in Path(frame.filename).parents]
    else:
        said = [frame for frame in frames if frame.filename == FILE]
    return f"{said[-1].filename} line {said[-1].lineno}" if said else FILE


def _reason(error: BaseException) -> str:
    return str(error) if isinstance(error, LightjobsError) else f"{type(error).__name__}: {error}"
