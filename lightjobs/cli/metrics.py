"""The command metrics."""

from __future__ import annotations

import signal
from types import FrameType

import click

from ..errors import StoreUnavailable
from ..metrics import exposition
from ..metrics.listener import Answer, Listener
from ..metrics.store import StoreMetrics
from .address import Address, address
from .filters import queues
from .persistent import watched_engine


@click.command("metrics")
@click.option(
    "--port",
    help="Serve /metrics here until stopped; the host is 0.0.0.0 unless given. Without it the "
    "metrics are printed once.",
    envvar="JOB_EXPORTER_PORT",
    show_envvar=True,
    callback=address,
    metavar="[HOST:]PORT",
)
@click.option(
    "--queue",
    help="Only these queues, separated by commas; all by default.",
    envvar="JOB_EXPORTER_QUEUE",
    show_envvar=True,
    callback=queues,
    metavar="NAMES",
)
def metrics(port: Address | None, queue: tuple[str, ...]) -> None:
    """Show queues, workers and schedule for Prometheus. Only the store is asked: one such process
    is enough for a store, and it needs nothing of the project but its settings."""
    engine = watched_engine()
    try:
        engine.ensure_ready()
    except StoreUnavailable:
        if port is None:
            raise  # else it is served that the store is away
    shown = StoreMetrics(engine, queue)
    if port is None:
        click.echo(exposition.text(shown.families()), nl=False)
    else:
        _serve(port, shown)


def _serve(port: Address, shown: StoreMetrics) -> None:
    """Serve until a signal asks for a stop."""

    def answer(accept: str) -> Answer:
        format = exposition.content_type(accept)
        return Answer(200, exposition.text(shown.families(), format), format)

    listener = Listener(*port, {"/metrics": answer})

    def stop(_number: int, _frame: FrameType | None) -> None:
        listener.end()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, stop)
    host = f"[{port.host}]" if ":" in port.host else port.host
    click.echo(f"serving http://{host}:{port.port}/metrics; Ctrl-C stops")
    listener.serve()
    listener.close()
