"""PHP's `strtotime` for Python.

`strtotime("first monday of next month 09:00", base)` reads the text as PHP 8.2 does, in the
zone of `base`. Identifiers such as `Europe/Paris` need time zone data: `zoneinfo` takes it
from the system or from the `tzdata` package.

A text is cut into tokens (`lexer`, by the rules of `grammar` in the notation of `pattern`).
Each token notes what it says in a `Draft` (`parser` picks the function from `dates`, `times`,
`relative` and `zones`; `token` and `words` read the pieces). The draft is then applied to a
base moment (`resolve`, on the arithmetic of `civil` and `transitions`).

Behavior follows PHP 8.2 (timelib 2022.12) and was checked against a running `php`; "PHP" in
these modules means that version.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .draft import Draft

__all__ = ["strtotime"]

# PHP has no limit. 4096 characters of the costliest text (`1ms1ms1ms...`) take 2 to 3 ms, and
# finding the ends of 64 KB of blanks under 1 ms; the two keep every answer below 5 ms.
_MAX_LENGTH: Final = 4096
_MAX_PADDED_LENGTH: Final = 65_536
_MAX_CACHED_LENGTH: Final = 64
_SHOWN_LENGTH: Final = 60


def strtotime(expression: str, base: datetime | None = None) -> datetime:
    """The moment `expression` names, seen from `base`, in the zone of `base`.

    `base` is the current time in UTC if None; a naive `base` is taken as UTC. What the
    expression leaves open comes from `base`. The whole second is the one PHP's
    `strtotime($expression, $base)` answers, with the zone of `base` as default zone; as in PHP
    that makes the second pass through a repeated hour (`fold=1`) indistinguishable from the
    first. Microseconds are those the expression gives (`10:00:00.25`, `@1700000000.5`,
    `+300 ms`); they are kept from `base` only if the expression sets no date and no time, as
    `new DateTimeImmutable($expression)` does (`now`, `+5 minutes`, `next month`).

    Raises ValueError, and nothing else, for an expression PHP answers `false` to, for a moment
    outside the years 1-9999, and for a text of more than 4096 characters (65536 with the blanks
    around it), whatever it says: each call is answered within milliseconds.
    """
    # Here, and not above: building the automaton takes longer than all else that a worker imports,
    # and most jobs say "now", for which nobody asks.
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
    """`base` as an aware moment that exists on the clock of its zone."""
    if base is None:
        return datetime.now(UTC)
    if base.utcoffset() is None:
        return base.replace(tzinfo=UTC)
    if base.tzinfo is UTC:
        return base
    try:
        # A clock reading inside a gap belongs to a moment that reads differently.
        return base.astimezone(UTC).astimezone(base.tzinfo)
    except OverflowError:
        return base


def _shown(expression: str) -> str:
    if len(expression) <= _SHOWN_LENGTH:
        return repr(expression)
    return f"{expression[:_SHOWN_LENGTH]!r}... ({len(expression)} characters)"
