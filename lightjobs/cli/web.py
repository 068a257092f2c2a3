"""The command web."""

from __future__ import annotations

import re
import webbrowser
from collections.abc import Callable
from typing import Any

import click

from .. import current
from ..engines import connect
from ..engines.control import Engine
from ..errors import SettingsError
from ..extras import require
from ..process.service_manager import ServiceManager
from ..text import shortened
from ..workers.logs import logging_setup
from ..workers.logs.job_log import JobLog

VARIABLES = {
    "JOB_WEB_PASSWORD",
    "JOB_WEB_READ_PASSWORD",
    "JOB_WEB_REDACT",
    "JOB_WEB_LINKS",
    "JOB_WEB_SLOW",
}
"""The variables that are no options: secrets, which other users of the machine could read in a
command line, and what pages show."""


def _option(name: str, help: str, **keywords: Any) -> Callable[[Any], Any]:
    variable = "JOB_WEB_" + name.removeprefix("--").replace("-", "_").upper()
    return click.option(
        name, help=help, envvar=variable, show_envvar=True, show_default=True, **keywords
    )


def _prefix(ctx: click.Context, param: click.Parameter, value: str) -> str:
    prefix = value.rstrip("/")
    if prefix and not re.fullmatch(r"(/[\w.~-]+)+", prefix, re.ASCII):
        raise click.BadParameter(
            f"{shortened(value)!r} is not a path; allowed: such as /jobs", ctx, param
        )
    return prefix


def _hosts(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    hosts = tuple(host for value in given for host in re.split(r"[,\s]+", value) if host)
    for host in hosts:
        if not re.fullmatch(r"(\[[0-9a-f:.]+\]|[\w.-]+)(:\d+)?", host, re.ASCII | re.IGNORECASE):
            raise click.BadParameter(
                f"{shortened(host)!r} is not a host; allowed: a name such as jobs.example.com, "
                "with or without a port",
                ctx,
                param,
            )
    return hosts


@click.command("web")
@_option("--host", "Address to listen on.", default="127.0.0.1", metavar="ADDRESS")
@_option("--port", "Port to listen on; 0 takes any.", default=8585, type=click.IntRange(0, 65535))
@_option(
    "--prefix",
    "Path under which a proxy shows the page, such as /jobs.",
    default="",
    callback=_prefix,
    metavar="PATH",
)
@_option("--write", "Allow changes: retry, cancel, pause, delete.", is_flag=True)
@_option("--hide-payloads", "Show no payloads.", is_flag=True)
@_option(
    "--allowed-host",
    "Host by which a browser may call this page. Can be repeated.",
    multiple=True,
    callback=_hosts,
    metavar="HOST",
)
@_option(
    "--trusted-proxy",
    "Address of a proxy whose X-Forwarded headers are believed.",
    metavar="ADDRESS",
)
@_option("--no-auth", "Ask for no password: a proxy in front decides who may look.", is_flag=True)
@click.option("--open", "opens", help="Open the page in a browser.", is_flag=True)
def web(opens: bool, allowed_host: tuple[str, ...], **rest: Any) -> None:
    """Show the queues in a browser. Nobody can change anything there without --write. The page
    asks for the password JOB_WEB_PASSWORD; without one, it prints a link with a secret."""
    require("web", "werkzeug", "jinja2", "waitress")
    service = ServiceManager.of_environment()
    from ..web.serving import Server, ServerOptions

    options = ServerOptions(allowed_hosts=allowed_host, **rest)
    server = Server(_engine(), options)
    logging_setup.configure(JobLog(), quiet=False)

    def ready() -> None:
        may = "look and change" if options.write else "look; --write allows changes"
        click.echo(f" [READY] {server.link} ({may}); Ctrl-C stops")
        if options.no_auth:
            click.echo(
                "--no-auth: whoever reaches this port may do that; a proxy in front of it "
                "must decide who does",
                err=True,
            )
        if opens:
            webbrowser.open(server.link)
        service.ready("serving the page")

    server.run(ready, service.beat)
    service.stopping("stopping")


def _engine() -> Engine:
    """The engine, without the project's middleware: nothing of the project's is imported."""
    if current.is_made():
        return current.engine()
    engine = connect(current.settings())
    if engine.unworkable is not None:
        raise SettingsError(f"{engine.unworkable} The page has no jobs to show either.")
    return engine
