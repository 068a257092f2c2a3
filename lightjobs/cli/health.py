"""The command health."""

from __future__ import annotations

import socket

import click

from ..errors import LightjobsError
from ..text import escaped
from .address import Address, address

PROBE_SECONDS = 5.0
"""How long the port may take to answer."""


@click.command("health")
@click.option(
    "--port",
    help="Ask the job:work that has this --metrics-port; the host is 127.0.0.1 unless given.",
    envvar="JOB_HEALTH_PORT",
    show_envvar=True,
    callback=address,
    metavar="[HOST:]PORT",
)
@click.option(
    "--ready",
    help="With --port: whether jobs are taken, not only whether the processes work.",
    envvar="JOB_HEALTH_READY",
    is_flag=True,
)
def health(port: Address | None, ready: bool) -> None:
    """Say whether workers of this host are well. The status is 1 if not. With --port the worker's
    own probe answers, whether or not the store is away. Without it the store is asked for a living
    worker on this host."""
    if port is None:
        if ready:
            raise click.UsageError("--ready needs --port")
        click.echo(_from_store())
    else:
        click.echo(_from_port(port, "/ready" if ready else "/live"))


def _from_port(port: Address, path: str) -> str:
    """The probe's answer. Raises LightjobsError unless it is good."""
    place = Address("127.0.0.1", port.port) if port.host == "0.0.0.0" else port
    request = f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode()
    answer = b""
    try:
        with socket.create_connection(place, PROBE_SECONDS) as connection:
            connection.sendall(request)
            while more := connection.recv(4096):
                answer += more
    except OSError as error:
        reason = error.strerror or str(error)
        raise LightjobsError(f"port {place.port} does not answer: {reason}") from None
    head, _, body = answer.decode("latin-1").partition("\r\n\r\n")
    text = escaped(body.strip()) or "no answer"
    if head.split(" ")[1:2] != ["200"]:
        raise LightjobsError(text)
    return text


def _from_store() -> str:
    """A line about the workers of this host. Raises LightjobsError if none of them lives."""
    from .persistent import watched_engine  # here: with --port neither project nor driver is needed

    host = socket.gethostname()
    living = [
        worker
        for worker in watched_engine().workers()
        if worker.note is not None and worker.note.host == host and not worker.is_silent
    ]
    if not living:
        raise LightjobsError(f"no living worker on {host} is known to the store")
    return f"{len(living)} living worker{'' if len(living) == 1 else 's'} on {escaped(host)}"
