"""`make demo-web`: a shop whose jobs are dispatched, scheduled, worked and shown in a browser.

The shop is a project in a temporary folder, with the jobs of `app_jobs/` and those of
`scripts/demo_project/`. Its processes are the real `lightjobs job:work`, `schedule:work` and `web`.
Ctrl-C ends them and removes the folder.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from scripts.demo import PROJECT, dispatch

DOTENV = """\
JOB_ENGINE=database
DB_DRIVER=sqlite
DB_NAME=jobs.sqlite
RETAIN_COMPLETED=1 hour
RETAIN_CANCELLED=1 hour
"""
PORT = 8585
BEGINNINGS = ("JOB_", "DB_", "REDIS_", "RETAIN_", "DATABASE_URL")
"""How the names of lightjobs' variables begin. Those of the shell are not the demo's."""

PROCESSES = {
    "payments": ("job:work", "--queue=payments,billing,mail", "--workers=2"),
    "others": ("job:work", "--queue=imports,reports,newsletter,images", "--concurrency=4"),
    "scheduler": ("schedule:work",),
}
"""What runs besides the page, by the name of its log."""


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # both end the demo alike
    with contextlib.suppress(KeyboardInterrupt), tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with shop(folder) as (link, processes):
            click.echo("A shop is at work. Its jobs are at")
            click.secho(f"\n   {link}\n", bold=True)
            click.echo(f"The project is in {folder}. Ctrl-C ends all and removes it.")
            while all(process.poll() is None for process in processes.values()):
                sell()
                time.sleep(1)
            ended = [name for name, process in processes.items() if process.poll() is not None]
            said = "".join((folder / f"{name}.log").read_text() for name in ended)
            raise click.ClickException(f"ended: {', '.join(ended)}\n{said[-2000:]}")
    return 0


@contextlib.contextmanager
def shop(folder: Path) -> Iterator[tuple[str, dict[str, subprocess.Popen[str]]]]:
    """A shop in `folder`, with first jobs and all its processes. Gives the link to the page and the
    processes of PROCESSES. This process becomes part of the shop: it may dispatch."""
    make(folder)
    enter(folder)
    from lightjobs import engine

    store = engine()
    assert store.schema is not None
    store.schema.install()
    store.pause_queue("newsletter")
    dispatch()
    stock()
    with ExitStack() as running:
        processes = {}
        for name, command in PROCESSES.items():
            with (folder / f"{name}.log").open("w") as log:
                process = started(command, stdout=log, stderr=log)
                processes[name] = running.enter_context(process)
        yield running.enter_context(page(folder)), processes


def make(folder: Path) -> None:
    """Write the shop's project."""
    ignored = shutil.ignore_patterns("__pycache__")
    for source in (PROJECT / "app_jobs", PROJECT / "scripts/demo_project/app_jobs"):
        shutil.copytree(source, folder / "app_jobs", ignore=ignored, dirs_exist_ok=True)
    for source in (PROJECT / "config", PROJECT / "scripts/demo_project/config"):
        shutil.copytree(source, folder / "config", ignore=ignored, dirs_exist_ok=True)
    (folder / ".env").write_text(DOTENV)


def enter(folder: Path) -> None:
    """Make the shop the project of this process, and of those that it starts."""
    for name in [name for name in os.environ if name.startswith(BEGINNINGS)]:
        del os.environ[name]
    os.chdir(folder)
    sys.path.insert(0, str(folder))


@contextlib.contextmanager
def started(command: tuple[str, ...], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A running `lightjobs`, stopped gracefully at the end, and soon."""
    # In a session of its own: Ctrl-C at the terminal is for us, who end it.
    process = subprocess.Popen(
        [sys.executable, "-m", "lightjobs", *command], start_new_session=True, text=True, **options
    )
    try:
        yield process
    finally:
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):  # two: without its grace
            process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(3)
                break
        process.wait()


@contextlib.contextmanager
def page(folder: Path) -> Iterator[str]:
    """The page, at PORT or, if that is taken, at any. Gives the link."""
    log = folder / "web.log"
    for port in (PORT, 0):
        command = ("web", "--write", f"--port={port}")
        with log.open("w") as err, started(command, stdout=subprocess.PIPE, stderr=err) as process:
            assert process.stdout is not None
            if (line := process.stdout.readline()).startswith(" [READY] "):
                yield line.split()[1]
                return
    raise click.ClickException(log.read_text())


def stock() -> None:
    """What waits in the shop from the beginning."""
    # The folder of that module is made by us.
    from app_jobs.shop import ImportCatalog, ResizeImages, SendNewsletter  # type: ignore[import-untyped]

    ImportCatalog.dispatchMany([{"supplier": name} for name in ("acme", "bolt", "acme", "crate")])
    ResizeImages.dispatchMany([{"album": n, "seconds": 5 + 4 * n} for n in range(8)])
    SendNewsletter.dispatchMany([{"reader": n, "password": "s3cret"} for n in range(250)])


def sell() -> None:
    """Dispatch what a second brings."""
    from app_jobs.shop import ImportCatalog, ResizeImages

    from app_jobs.billing.send_invoice import SendInvoice
    from app_jobs.process_payment import ProcessPayment
    from app_jobs.send_receipt import SendReceipt

    first = int(time.time() * 10)
    payments: list[Mapping[str, object]] = [
        {"payment": first + n, "gateway": random.choices(("ok", "slow", "closed"), (90, 9, 1))[0]}
        for n in range(random.randrange(2, 9))
    ]
    ProcessPayment.dispatchMany(payments)
    SendReceipt().dispatch({"payment": first})
    SendInvoice().dispatch({"invoice": first, "total": random.randrange(-1, 60)})
    if random.random() < 0.2:
        ResizeImages().dispatch({"album": first, "seconds": random.randrange(2, 20)})
    if random.random() < 0.05:
        ImportCatalog().dispatch({"supplier": random.choice(("acme", "bolt"))})


if __name__ == "__main__":
    try:
        sys.exit(main())
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
