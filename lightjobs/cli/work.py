"""The command job:work."""

from __future__ import annotations

import contextlib
import gc
import os
import re
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from .. import current
from ..engines import connect
from ..engines.control import Engine
from ..errors import LightjobsError, SettingsError
from ..execution import registry
from ..model import QUEUE_NAMES, is_queue
from ..settings.settings import Settings
from ..text import escaped, shortened
from ..workers import job_log, logging_setup, streams
from ..workers.job_log import JobLog
from ..workers.options import Options
from . import init_process

if TYPE_CHECKING:
    from ..schedule.scheduler_subprocess import SchedulerSubprocess

_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def _size(ctx: click.Context, param: click.Parameter, value: str) -> int:
    found = re.fullmatch(r"(\d+)\s*([kmg]?)b?", value.strip().lower())
    if not found:
        raise click.BadParameter(
            f"{value!r} is not a size; allowed: bytes, or such as 256M or 1G", ctx, param
        )
    return int(found[1]) * _UNITS[found[2]]


def _queues(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in value.split(","))
    for name in names:
        if not is_queue(name):
            raise click.BadParameter(f"{shortened(name)!r} is not {QUEUE_NAMES}", ctx, param)
    return tuple(dict.fromkeys(names))


def _option(name: str, help: str, **keywords: Any) -> Callable[[Any], Any]:
    variable = "JOB_" + name.removeprefix("--").replace("-", "_").upper()
    return click.option(
        name, help=help, envvar=variable, show_envvar=True, show_default=True, **keywords
    )


_NATURAL = click.IntRange(min=0)
_SECONDS = click.FloatRange(min=0)


@click.command("job:work")
@_option(
    "--queue",
    "Queues to take jobs from, in strict order, separated by commas.",
    default="default",
    callback=_queues,
    metavar="NAMES",
)
@_option(
    "--workers",
    "Number of child processes; 0 runs jobs in this process.",
    default=1,
    type=click.IntRange(0, 1000),
)
@_option(
    "--concurrency",
    "Number of jobs that each child runs at a time.",
    default=1,
    type=click.IntRange(1, 1000),
)
@_option(
    "--sleep",
    "Longest time between two polls of the store, in seconds; 0 means 0.01, the shortest.",
    default=1.0,
    type=_SECONDS,
)
@_option("--cooldown", "Stop after this many seconds; 0 means never.", default=0.0, type=_SECONDS)
@_option("--max-jobs", "Stop after this many runs; 0 means never.", default=0, type=_NATURAL)
@_option(
    "--max-memory",
    "Replace a child that uses more memory than this, such as 256M; 0 means never.",
    default="0",
    callback=_size,
    metavar="SIZE",
)
@_option("--stop-when-empty", "Stop when no job is due and none is running.", is_flag=True)
@_option(
    "--grace",
    "Seconds that running jobs have to finish when the worker stops.",
    default=25.0,
    type=_SECONDS,
)
@_option(
    "--log-format",
    "Format of the log.",
    default="text",
    type=click.Choice(["text", "json"]),
)
@_option("--quiet", "Print only warnings and errors.", is_flag=True)
@_option("--schedule", "Also dispatch the jobs of config/schedule.py.", is_flag=True)
def job_work(queue: tuple[str, ...], workers: int, schedule: bool, **rest: object) -> int:
    """Run jobs until stopped. SIGTERM, SIGQUIT, SIGHUP and Ctrl-C stop the worker gracefully: it
    starts no new job, gives running jobs --grace seconds to finish and hands the others back at no
    cost. A second signal stops it at once."""
    init_process.split()
    gc.disable()  # collecting during the imports finds no garbage and takes 6 % of the start
    settings = current.settings()
    # A supervisor needs no middleware: it imports nothing from the project.
    engine = connect(settings) if workers else current.engine()
    if engine.unworkable is not None:
        raise SettingsError(engine.unworkable)
    engine.ensure_ready()  # an unreachable store ends the command here, with exit status 3
    options = Options(
        queues=queue,
        workers=workers,
        lease=settings.lease,
        unknown_after=settings.unknown_after,
        timeout_grace=settings.timeout_grace,
        color=sys.stdout.isatty() and not os.environ.get("NO_COLOR"),  # see no-color.org
        **rest,  # type: ignore[arg-type]
    )
    lines = job_log.make(options.log_format, options.quiet, options.color)
    streams.install(None if workers else lines)
    if not workers:
        registry.load(settings.modules)
    scheduler = _scheduler(options) if schedule else None
    logging_setup.configure(options.log_format, options.quiet)
    with scheduler or contextlib.nullcontext():
        gc.freeze()
        gc.enable()
        on_stop = scheduler.worker_stops if scheduler else lambda: None
        status = _work(engine, settings, options, lines, on_stop)
    if options.stop_when_empty and not status:
        _print_left(engine, options)
    return status


def _work(
    engine: Engine,
    settings: Settings,
    options: Options,
    lines: JobLog,
    on_stop: Callable[[], None],
) -> int:
    print_ready = partial(_print_ready, settings, options)
    if not options.workers:
        from ..workers.foreground import work

        return work(engine, settings, options, lines, print_ready, on_stop)
    from ..workers.supervisor import Supervisor

    return Supervisor(engine, options, print_ready, on_stop).run()


def _print_left(engine: Engine, options: Options) -> None:
    """Say which jobs wait elsewhere or until later: a worker that finds nothing may have been told
    the wrong queue."""
    if options.quiet or options.log_format != "text":
        return
    from .left_waiting import left_waiting

    with contextlib.suppress(LightjobsError):
        if lines := left_waiting(engine, options.queues):
            streams.write(1, (" [EMPTY] " + "\n         ".join(lines) + "\n").encode())


def _print_ready(settings: Settings, options: Options) -> None:
    if options.quiet or options.log_format != "text":
        return
    kind, count = settings.engine, options.workers
    if kind == "database":
        kind += f" ({settings.database.driver})"
    processes = f"{count} worker{'s' if count != 1 else ''}" if count else "this process"
    queues = escaped(", ".join(options.queues))
    line = f" [READY] engine {kind}, queues {queues}, {processes}; Ctrl-C stops\n"
    streams.write(1, line.encode())


def _scheduler(options: Options) -> SchedulerSubprocess:
    """A scheduler that runs next to the worker. Raises SettingsError for a wrong schedule."""
    from ..schedule.loading import FILE, load
    from ..schedule.scheduler_subprocess import SchedulerSubprocess

    registry.load(current.settings().modules)
    if not load():
        raise SettingsError(f"--schedule has nothing to dispatch: there are no entries in {FILE}")
    quiet = ["--quiet"] if options.quiet else []
    return SchedulerSubprocess([f"--log-format={options.log_format}", *quiet])
