"""The command torture."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from .. import current
from ..engines.own_place import HAVING_STORES
from ..errors import SettingsError
from ..settings.settings import Settings
from ..text import escaped, shortened
from ..torture.faults import FAULTS, LeftOut, left_out
from ..torture.report import Report
from ..torture.run import LEASE_SECONDS, Progress, Result, is_cluster, run_torture
from .output import json_option, print_json

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

_MOST_NUMBERS = 10
"""How many numbers of lost jobs are printed."""


def _faults(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...]:
    names = [name.strip() for name in (value or "").split(",") if name.strip()]
    for name in names:
        if name not in FAULTS:
            raise click.BadParameter(
                f"{shortened(name)!r} is no fault; allowed: {', '.join(FAULTS)}", ctx, param
            )
    return tuple(kind for kind in FAULTS if kind in names)


@click.command("torture")
@click.option(
    "--minutes",
    help="How long faults are injected.",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.05, 24 * 60),
)
@click.option(
    "--faults",
    help=f"Faults to inject, separated by commas: {', '.join(FAULTS)}. All that fit the store, "
    "unless given.",
    callback=_faults,
    metavar="NAMES",
)
@click.option(
    "--seed",
    help="Repeats the order and the moments of the faults of the torture that printed it.",
    type=click.IntRange(0, 2**32 - 1),
)
@json_option
def torture(minutes: float, faults: tuple[str, ...], seed: int | None, as_json: bool) -> int:
    """Prove that the store loses no job. Dispatches numbered jobs to an empty place of its own in
    the configured store, works them with real workers, and injects faults meanwhile. Then it
    counts. The place is removed afterwards; other jobs of the store are not touched. The exit
    status is 1 if a job was lost or had two outcomes."""
    settings = current.settings()
    if settings.engine not in HAVING_STORES:
        raise SettingsError(
            f"JOB_ENGINE={shortened(settings.engine)} has no store to torture; allowed: "
            f"{', '.join(HAVING_STORES)}"
        )
    unfit = left_out(settings, is_cluster(settings))
    kinds = _fitting(faults, unfit)
    unfit = [] if faults else unfit
    if seed is None:
        seed = secrets.randbelow(2**32)
    store = _name(settings)
    lease = min(settings.lease, LEASE_SECONDS)
    click.echo(f"torture of {store}: {60 * minutes:g} s, seed {seed}", err=as_json)
    with _progress(60 * minutes) as progress:
        result = run_torture(settings, kinds, 60 * minutes, seed, progress)
    if as_json:
        print_json(_as_dict(result, store, 60 * minutes, seed, lease, unfit))
    else:
        _print(result, lease, unfit)
    return 0 if result.report.is_good else 1


def _fitting(wanted: tuple[str, ...], unfit: Sequence[LeftOut]) -> tuple[str, ...]:
    """The faults to inject. Raises click.UsageError if one that was asked for does not fit."""
    reasons = {kind: each.reason for each in unfit for kind in each.kinds}
    allowed = tuple(kind for kind in FAULTS if kind not in reasons)
    for kind in wanted:
        if kind in reasons:
            raise click.UsageError(
                f"the fault {kind} does not fit this store: {reasons[kind]}; allowed: "
                f"{', '.join(allowed)}"
            )
    return wanted or allowed


def _name(settings: Settings) -> str:
    return settings.database.driver if settings.engine == "database" else settings.engine


@contextmanager
def _progress(seconds: float) -> Iterator[Progress]:
    """What shows on a terminal how far it is; elsewhere it shows nothing."""
    if not sys.stderr.isatty():
        yield lambda _passed, _event: None
        return
    parts, event = 1000, ""
    bar: ProgressBar[int]
    with click.progressbar(
        length=parts, file=sys.stderr, show_eta=False, item_show_func=lambda _item: event
    ) as bar:

        def show(passed: float, what: str) -> None:
            nonlocal event
            event = what
            bar.update(int(parts * min(1.0, passed / seconds)) - bar.pos)

        yield show


def _rows(report: Report) -> Iterator[tuple[str, str, str]]:
    """What each row of the table says: a name, a value, and what is allowed."""
    yield "acknowledged", f"{report.acknowledged:,}", "jobs whose dispatch returned"
    yield "completed", f"{report.completed:,}", ""
    yield "lost", f"{report.lost:,}", "must be 0"
    yield "double outcomes", f"{report.double_outcomes:,}", "must be 0"
    if report.unfinished:
        yield "unfinished", f"{report.unfinished:,}", "must be 0; there was no more time"
    yield "failed for good", f"{report.failed:,}", "they have lost their worker too often"
    yield "ran twice", f"{report.ran_again:,}", "allowed: at least once"
    yield "not acknowledged", f"{report.refused:,}", "the dispatch said that it was not stored"
    if report.refused_but_ran:
        yield "of these, ran", f"{report.refused_but_ran:,}", "must be 0"
    yield "in doubt", f"{report.in_doubt:,}", "the dispatch could not say; may have run"
    yield "longest recovery", _seconds(report.recovery), "from a kill to the job's next run"
    yield "p99 wait", _seconds(report.wait), "from the dispatch to the first run"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"


def _print(result: Result, lease: float, unfit: Sequence[LeftOut]) -> None:
    click.echo()
    for name, value, remark in _rows(result.report):
        click.echo(f"{name:<18}{value:>10}   {remark}".rstrip())
    click.echo()
    click.echo(f"faults injected, with a lease of {lease:g} s:")
    for kind, count in result.injected.items():
        click.echo(f"{kind:<18}{count:>10,}   {FAULTS[kind]}")
    for each in unfit:
        click.echo(f"left out: {', '.join(each.kinds)}\n  because {each.reason}")
    click.echo()
    click.echo(_verdict(result))


def _verdict(result: Result) -> str:
    if result.report.is_good:
        return "Nothing was lost, and no job had two outcomes."
    if not result.report.acknowledged:
        return f"Nothing was proven: no job could be dispatched.\n{_notes(result)}"
    numbers = result.report.lost_numbers
    more = ", …" if len(numbers) > _MOST_NUMBERS else ""
    lost = ", ".join(map(str, numbers[:_MOST_NUMBERS])) + more
    named = f" Lost: {lost}." if numbers else ""
    return f"The store has not kept its promise.{named}\n{_notes(result)}"


def _notes(result: Result) -> str:
    return f"Notes and logs: {escaped(result.notes or '')}"


def _as_dict(
    result: Result, store: str, seconds: float, seed: int, lease: float, unfit: Sequence[LeftOut]
) -> Mapping[str, Any]:
    report = result.report._asdict()
    return {
        "store": store,
        "seconds": seconds,
        "seed": seed,
        "lease": lease,
        "good": result.report.is_good,
        **report,
        "injected": result.injected,
        "left_out": {kind: each.reason for each in unfit for kind in each.kinds},
        "notes": result.notes,
    }
