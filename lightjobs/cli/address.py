"""The options that say where a command listens."""

from __future__ import annotations

import re
from typing import NamedTuple

import click
from click.core import ParameterSource

from ..text import shortened

EVERYWHERE = "0.0.0.0"


class Address(NamedTuple):
    """A host and a port."""

    host: str
    port: int


def address(ctx: click.Context, param: click.Parameter, value: str | None) -> Address | None:
    """A click callback for text such as "8586", "127.0.0.1:8586" or "[::1]:8586"; without a host it
    is EVERYWHERE. Raises click.BadParameter for any other."""
    if not value or (value.startswith("tcp://") and not _is_typed(ctx, param)):
        return None  # Kubernetes sets JOB_METRICS_PORT for a service that is named job-metrics
    found = re.fullmatch(r"(?:(\[[0-9a-fA-F:.]+\]|[^\s:\[\]]+):)?([0-9]{1,5})", value.strip())
    if not found or not 0 < int(found[2]) < 65_536:
        reason = "is not a place to listen; allowed: such as 8586, 127.0.0.1:8586 or [::1]:8586"
        raise click.BadParameter(f"{shortened(value)!r} {reason}", ctx, param)
    return Address((found[1] or EVERYWHERE).strip("[]"), int(found[2]))


def _is_typed(ctx: click.Context, param: click.Parameter) -> bool:
    return ctx.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE
