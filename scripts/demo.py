"""`make demo`: runs a few hundred payments, with retries, failures and delays.

The worker is the real `lightjobs job:work`. This script dispatches the payments, reads the JSON
lines that the worker prints, and counts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

PROJECT = Path(__file__).resolve().parent.parent
PAYMENTS, FLAKY, CLOSED, DELAYED, BURST = 300, 40, 8, 30, 20_000
PATIENCE = 45.0
"""Seconds to wait for the worker."""
_UNFINISHED = "the worker did not finish all payments; see its output above"


def main() -> int:
    os.chdir(PROJECT)
    sys.path.insert(0, str(PROJECT))
    from lightjobs import engine
    from lightjobs.cli import run

    if engine().unworkable is not None:
        click.echo(f"the demo needs an engine that stores jobs: {engine().unworkable}", err=True)
        return 2
    click.secho("1. migrate", bold=True)
    if status := run(["migrate:up"]):
        return status
    click.secho(f"2. dispatch {PAYMENTS + FLAKY + CLOSED + DELAYED} payments", bold=True)
    expected = dispatch()
    click.secho("3. lightjobs job:work --queue=payments", bold=True)
    counts, seconds = work(expected)
    if counts["processed"] + counts["failed"] < expected:
        click.echo(_UNFINISHED, err=True)
        return 1
    click.secho(f"4. {BURST:,} more payments, to measure the speed", bold=True)
    rate = burst()
    summarize(counts, seconds, rate)
    return 0


def dispatch() -> int:
    """Dispatch payments of each kind; return how many."""
    from app_jobs.process_payment import ProcessPayment

    numbers = iter(range(1, 1_000_000))
    ProcessPayment.dispatchMany([{"payment": next(numbers)} for _ in range(PAYMENTS)])
    ProcessPayment.dispatchMany(
        [{"payment": next(numbers), "gateway": "slow"} for _ in range(FLAKY)]
    )
    ProcessPayment.dispatchMany(
        [{"payment": next(numbers), "gateway": "closed"} for _ in range(CLOSED)]
    )
    for n in range(DELAYED):
        ProcessPayment().setDelay(f"+{2 + n % 3} seconds").dispatch({"payment": next(numbers)})
    click.echo(f"   {PAYMENTS} that succeed, {FLAKY} whose gateway times out once,")
    click.echo(f"   {CLOSED} whose account is closed, {DELAYED} due in 2 to 4 seconds")
    return PAYMENTS + FLAKY + CLOSED + DELAYED


@contextmanager
def worker(*options: str) -> Iterator[subprocess.Popen[str]]:
    """A running `job:work`, stopped gracefully at the end."""
    command = [sys.executable, "-m", "lightjobs", "job:work", "--queue=payments", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def work(expected: int) -> tuple[Counter[str], float]:
    """Run the worker until all payments have ended. Returns the number of each event and the
    seconds it took."""
    counts: Counter[str] = Counter()
    started = time.monotonic()
    with worker("--log-format=json") as process, Progress(expected) as progress:
        assert process.stdout is not None
        for line in process.stdout:
            counts[json.loads(line)["event"]] += 1
            progress.show(counts["processed"] + counts["failed"], counts["retried"])
            if counts["processed"] + counts["failed"] >= expected:
                break
            if time.monotonic() - started > PATIENCE:
                break
    return counts, time.monotonic() - started


class Progress:
    """Shows a progress bar on a terminal and otherwise prints a line each second."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._shown_at = 0.0
        self._done = 0
        self._bar = None
        if sys.stdout.isatty():
            self._bar = click.progressbar(length=expected, label="   payments", show_eta=False)

    def __enter__(self) -> Progress:
        if self._bar is not None:
            self._bar.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)

    def show(self, done: int, retried: int) -> None:
        """Show that `done` payments have ended and `retried` runs will be repeated."""
        if self._bar is not None:
            self._bar.update(done - self._done)
        elif time.monotonic() - self._shown_at > 1 or done == self._expected != self._done:
            self._shown_at = time.monotonic()
            click.echo(f"   {done} of {self._expected} done, {retried} will be retried")
        self._done = done


def burst() -> float:
    """The payments per second that one worker process takes from the queue."""
    import lightjobs
    from app_jobs.process_payment import ProcessPayment

    engine = lightjobs.engine()
    ProcessPayment.dispatchMany([{"payment": n} for n in range(BURST)])
    dispatched = engine.stats()["payments"]["new"]
    until = time.monotonic() + PATIENCE

    def left() -> int:
        if process.poll() is not None or time.monotonic() > until:
            raise click.ClickException(_UNFINISHED)
        return engine.stats().get("payments", {}).get("new", 0)

    with worker("--quiet") as process:
        while (waiting := left()) == dispatched:
            time.sleep(0.002)
        started = time.monotonic()
        while left():
            time.sleep(0.002)
        return waiting / (time.monotonic() - started)


def summarize(counts: Counter[str], seconds: float, rate: float) -> None:
    """Print the results and the commands to try next."""
    rows = [
        ("completed", f"{counts['processed']:,}"),
        ("retried", f"{counts['retried']:,}"),
        ("failed", f"{counts['failed']:,}"),
        ("seconds, delays included", f"{seconds:.1f}"),
        ("jobs per second, one worker", f"{rate:,.0f}"),
    ]
    click.echo()
    for name, value in rows:
        click.echo(f"   {name:<28} {value:>8}")
    command = Path(sys.executable).parent / "lightjobs"
    shown = command.relative_to(PROJECT) if command.is_relative_to(PROJECT) else command.name
    click.secho("\nNext, try:", bold=True)
    for line in (
        f"{shown} job:stats",
        f"{shown} job:failed",
        f"{shown} job:retry --queue=payments",
        f"{shown} job:dispatch ProcessPayment '{{\"payment\": 42}}'",
        f"{shown} job:work --queue=payments --stop-when-empty",
        "make demo-web   # a shop at work, and its jobs in the browser",
    ):
        click.echo(f"   {line}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
