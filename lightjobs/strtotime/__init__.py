"""PHP's `strtotime` for Python.

`strtotime("first monday of next month 09:00", base)` reads the text as PHP 8.2 does, in the
zone of `base`. Identifiers such as `Europe/Paris` need time zone data, which `zoneinfo` takes
from the system or from the `tzdata` package.

A text is cut into tokens (`lexer`, by the rules of `grammar` in the notation of `pattern`).
A reader for each kind of token writes what it means into a `Draft` (`parser` picks the reader
from `dates`, `times`, `relative` and `zones`; `token` and `words` read the pieces). The draft is
then applied to a base moment (`resolve`, with the arithmetic of `civil` and `transitions`).

Behavior follows PHP 8.2 (timelib 2022.12) and is tested against a running `php`. "PHP" in these
modules means that version.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ..process import clock

if TYPE_CHECKING:
    from .draft import Draft

__all__ = ["strtotime"]

# PHP has no limits. With these every answer takes less than 5 ms: 4096 characters of the costliest
# text (`1ms1ms1ms...`) take 2 to 3 ms, and trimming 64 KB of blanks less than 1 ms.
_MAX_LENGTH: Final = 4096
_MAX_PADDED_LENGTH: Final = 65_536
_MAX_CACHED_LENGTH: Final = 64
_SHOWN_LENGTH: Final = 60


def strtotime(expression: str, base: datetime | None = None) -> datetime:
    """The moment that `expression` names relative to `base`, in the zone of `base`.

    `base` defaults to the current time in UTC; a naive `base` is taken as UTC. Fields that the
    expression does not set come from `base`. The whole second is the one that PHP's
    `strtotime($expression, $base)` returns with the zone of `base` as default zone. As in PHP, the
    second pass through a repeated hour (`fold=1`) is therefore read as the first. Microseconds are
    those in the expression (`10:00:00.25`, `@1700000000.5`, `+300 ms`). They are taken from `base`
    only if the expression sets neither a date nor a time (`now`, `+5 minutes`, `next month`), as in
    `new DateTimeImmutable($expression)`.

    Raises ValueError, and nothing else, for an expression that PHP returns `false` for, for a
    moment outside the years 1-9999, and for a text longer than 4096 characters, or 65536 with the
    blanks around it. Each call is answered within milliseconds, whatever the text says.
    """
    # Imported here, because building the automaton takes longer than everything else that a worker
    # imports, and most jobs have the delay "now", which is not parsed.
    from .resolve import resolve

    draft = _parse(expression)
    if draft is None:
        raise ValueError(f"not a time expression: {_shown(expression)}")
    try:
        return resolve(draft, _settled(base))
    except OverflowError:
        raise ValueError(f"outside the years 1 to 9999: {_shown(expression)}") from None


def _parse(expression: str) -> Draft | None:
    if len(expression) <= _MAX_CACHED_LENGTH:
        return _cached_parse(expression)
    from .parser import parse, trim

    if len(expression) > _MAX_PADDED_LENGTH or len(trim(expression)) > _MAX_LENGTH:
        raise ValueError(f"too long for a time expression: {_shown(expression)}")
    return parse(expression)


@lru_cache(maxsize=1024)
def _cached_parse(expression: str) -> Draft | None:
    from .parser import parse

    return parse(expression)


def _settled(base: datetime | None) -> datetime:
    """`base` as an aware datetime that the clock of its zone really shows."""
    if base is None:
        return datetime.fromtimestamp(clock.now(), UTC)
    if base.utcoffset() is None:
        return base.replace(tzinfo=UTC)
    if base.tzinfo is UTC:
        return base
    try:
        # A reading inside a gap stands for a moment that the clock shows as another reading.
        return base.astimezone(UTC).astimezone(base.tzinfo)
    except OverflowError:
        return base


def _shown(expression: str) -> str:
    if len(expression) <= _SHOWN_LENGTH:
        return repr(expression)
    return f"{expression[:_SHOWN_LENGTH]!r}... ({len(expression)} characters)"
