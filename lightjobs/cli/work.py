"""The command job:work."""

from __future__ import annotations

import contextlib
import gc
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from .. import current
from ..engines import connect, outage
from ..engines.control import Engine
from ..errors import LightjobsError, SettingsError
from ..execution import registry
from ..process.service_manager import ServiceManager
from ..settings.settings import Settings
from ..workers.logs import logging_setup, streams
from ..workers.logs.job_log import JobLog
from ..workers.options import Options
from ..workers.queue_order import ORDERS
from ..workers.shared.shared_file import shared_file
from .address import Address, address
from .filters import queues
from .work_events import WorkEvents

if TYPE_CHECKING:
    from ..metrics.worker_port import WorkerPort
    from ..schedule.scheduler_subprocess import SchedulerSubprocess

_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def _size(ctx: click.Context, param: click.Parameter, value: str) -> int:
    found = re.fullmatch(r"(\d+)\s*([kmg]?)b?", value.strip().lower())
    if not found:
        raise click.BadParameter(
            f"{value!r} is not a size; allowed: bytes, or such as 256M or 1G", ctx, param
        )
    return int(found[1]) * _UNITS[found[2]]


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
    "Queues to take jobs from, separated by commas.",
    default="default",
    callback=queues,
    metavar="NAMES",
)
@_option(
    "--queue-order",
    "Whether a queue goes before all that are named after it, or the queues take turns.",
    default="strict",
    type=click.Choice(ORDERS),
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
@_option(
    "--metrics-port",
    "Serve /metrics, /live and /ready here; the host is 0.0.0.0 unless given.",
    callback=address,
    metavar="[HOST:]PORT",
)
@_option("--reload", "Restart when a file of the project changes, for development.", is_flag=True)
def job_work(
    workers: int, schedule: bool, metrics_port: Address | None, reload: bool, **rest: Any
) -> int:
    """Run jobs until stopped. SIGTERM, SIGQUIT, SIGHUP and Ctrl-C stop the worker gracefully: it
    starts no new job, gives running jobs --grace seconds to finish and hands the others back at no
    cost. A second signal stops it at once."""
    if reload:
        from .reload import work

        return work(sys.argv[1:])
    service = ServiceManager.of_environment()
    gc.disable()  # collecting during the imports finds no garbage and takes 6 % of the start
    settings = current.settings()
    engine = _engine(settings, workers)
    options = _options(settings, workers, **rest)
    port = None if metrics_port is None else _port(metrics_port, engine, options)
    lines = logging_setup.make(options.log_format, options.quiet)
    streams.install(None if workers else lines)
    if not workers:
        registry.load(settings.modules)
    away = outage.share(shared_file(outage.SIZE))
    scheduler = _scheduler(options, away) if schedule else None
    logging_setup.configure(lines, options.quiet)
    events = WorkEvents(lines, options)
    events.start(settings)
    with port or contextlib.nullcontext(), scheduler or contextlib.nullcontext():
        gc.freeze()
        gc.enable()
        try:
            status = _work(engine, settings, options, away, lines, events, scheduler, port, service)
        except LightjobsError as error:
            events.stopped(error.exit_code)
            raise
    service.stopping("the work is over")
    if options.stop_when_empty and not status:
        events.left(engine)
    events.stopped(status)
    return status


def _engine(settings: Settings, workers: int) -> Engine:
    """The engine, whose store answers: an unreachable one ends the command with exit status 3."""
    # A supervisor needs no middleware: it imports nothing from the project.
    engine = connect(settings) if workers else current.engine()
    if engine.unworkable is not None:
        raise SettingsError(engine.unworkable)
    engine.ensure_ready()
    return engine


def _options(settings: Settings, workers: int, queue: tuple[str, ...], **rest: Any) -> Options:
    return Options(
        queues=queue,
        workers=workers,
        lease=settings.lease,
        unknown_after=settings.unknown_after,
        timeout_grace=settings.timeout_grace,
        keep_history=settings.keep_history,
        **rest,
    )


def _port(at: Address, engine: Engine, options: Options) -> WorkerPort:
    """The port of the metrics, taken before there are children: one in use is found at once."""
    from ..metrics.worker_port import WorkerPort

    return WorkerPort(*at, engine.name, options.lease)


def _work(
    engine: Engine,
    settings: Settings,
    options: Options,
    away: int,
    lines: JobLog,
    events: WorkEvents,
    scheduler: SchedulerSubprocess | None,
    port: WorkerPort | None,
    service: ServiceManager,
) -> int:
    def on_stop(why: str) -> None:
        if scheduler is not None:
            scheduler.worker_stops()
        service.stopping(f"{why}; running jobs may take {options.grace:g} s")
        events.stopping(why)

    def on_ready() -> None:
        events.ready()
        service.ready(f"queues {', '.join(options.queues)}")

    if not options.workers:
        from ..workers.foreground import work

        if port is not None:
            port.start()
        return work(engine, settings, options, lines, on_ready, on_stop, events.stopped)
    from ..workers.supervisor import Supervisor

    return Supervisor(engine, options, away, on_ready, on_stop, port, service).run()


def _scheduler(options: Options, away: int) -> SchedulerSubprocess:
    """A scheduler that runs next to the worker, and shares with it what is known of a store that is
    `away`. Raises SettingsError for a wrong schedule."""
    from ..schedule.loading import FILE, load
    from ..schedule.scheduler_subprocess import SchedulerSubprocess

    registry.load(current.settings().modules)
    if not load():
        raise SettingsError(f"--schedule has nothing to dispatch: there are no entries in {FILE}")
    quiet = ["--quiet"] if options.quiet else []
    return SchedulerSubprocess([f"--log-format={options.log_format}", *quiet], away)
