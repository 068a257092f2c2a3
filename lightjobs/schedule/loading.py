"""Reads a project's config/schedule.py."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import JobDefinitionError, LightjobsError, SettingsError
from ..execution import registry
from ..settings.settings import examine
from . import command

if TYPE_CHECKING:
    from .entry import Entry
    from .event import Event

FILE = "config/schedule.py"

_OURS = Path(__file__).parents[1]
_lock = threading.Lock()


def load(project: Path | None = None) -> list[Entry]:
    """The entries of the project in the folder `project` (default: the current directory), in the
    order of its config/schedule.py; none if there is no such file. The job modules must have been
    imported. Raises SettingsError, with file and line, for anything wrong."""
    path = (project or Path.cwd()) / FILE
    if not path.exists():
        return []
    # Imported here, because every job:dispatch imports this module, and the builder takes 40 ms.
    from .builder import schedule

    handlers = registry.READY_MADE.keys() | registry.handlers()  # workers know the same ones
    with _lock:
        schedule.events.clear()
        try:
            _run(path)
            schedule_name = examine(project).settings.schedule_name
            entries = [_finished(event, handlers, schedule_name) for event in schedule.events]
        finally:
            schedule.events.clear()
    _refuse_duplicates(entries)
    return entries


def _commands() -> list[list[str]]:
    jobs = [entry.job for entry in load()]
    return [job.getPayload()["command"] for job in jobs if isinstance(job, command.RunCommand)]


command.allow(_commands)


def _run(path: Path) -> None:
    namespace = {"__name__": "config.schedule", "__file__": str(path)}
    try:
        exec(compile(path.read_text(encoding="utf-8-sig"), FILE, "exec"), namespace)
    except (Exception, SystemExit) as error:
        raise SettingsError(f"{_place(error)}: {_reason(error)}") from None


def full_name(schedule_name: str, name: str) -> str:
    """The name under which the store keeps the entry `name` of a schedule."""
    return f"{schedule_name}: {name}" if schedule_name else name


def _finished(event: Event, handlers: Collection[str], schedule_name: str) -> Entry:
    from .checks import entry_name  # late, as the builder

    try:
        entry = event.entry()
        entry = replace(entry, name=entry_name(full_name(schedule_name, entry.name)))
        if entry.handler not in handlers:
            raise JobDefinitionError(
                f"no worker would find {entry.handler}: workers import the packages in "
                f"JOB_MODULES, and none of them contains {type(entry.job).__module__}"
            )
        entry.new_job(0)  # raises PayloadError for a wrong payload
    except LightjobsError as error:
        raise SettingsError(f"{event.place}: {_reason(error)}") from None
    return entry


def _refuse_duplicates(entries: list[Entry]) -> None:
    places: dict[str, str] = {}
    for entry in entries:
        if entry.name in places:
            raise SettingsError(
                f"{entry.place}: the entry of {places[entry.name]} is called {entry.name!r} too; "
                'give one of them another name with .name("…")'
            )
        places[entry.name] = entry.place


def _place(error: BaseException) -> str:
    """The file and line to name for the error. For an error of ours it is the line that called us,
    perhaps in a file that the schedule imports. For any other it is the line in the schedule."""
    if isinstance(error, SyntaxError):
        file = FILE if error.filename in (None, "<string>") else error.filename
        return file if error.lineno is None else f"{file} line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, LightjobsError):
        callers = [frame for frame in frames if _OURS not in Path(frame.filename).parents]
    else:
        callers = [frame for frame in frames if frame.filename == FILE]
    return f"{callers[-1].filename} line {callers[-1].lineno}" if callers else FILE


def _reason(error: BaseException) -> str:
    return str(error) if isinstance(error, LightjobsError) else f"{type(error).__name__}: {error}"
