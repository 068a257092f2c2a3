"""Parsers for single settings. Each takes the value as configured, which is usually text, and
raises ValueError with a description of what is allowed. The description never repeats the value.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from ..strtotime import strtotime
from .duration import age

_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}")

_BOOLEANS = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


def one_of(allowed: Collection[str]) -> Callable[[Any], str]:
    """A parser for one of the `allowed` words, in any case."""

    def parse(raw: Any) -> str:
        word = str(raw).lower()
        if word not in allowed:
            raise ValueError(", ".join(allowed))
        return word

    return parse


def one_of_or_class(allowed: Collection[str]) -> Callable[[Any], str]:
    """A parser for one of the `allowed` words, in any case, or the place of a class:
    module:Class."""

    def parse(raw: Any) -> str:
        module, _, name = str(raw).partition(":")
        if all(part.isidentifier() for part in (*module.split("."), name)):
            return str(raw)
        try:
            return one_of(allowed)(raw)
        except ValueError as error:
            raise ValueError(f"{error}, or module:Class for an engine of your own") from None

    return parse


def boolean(raw: Any) -> bool:
    try:
        return _BOOLEANS[str(raw).lower()]
    except KeyError:
        raise ValueError("true or false") from None


def integer(least: int, most: int | None = None) -> Callable[[Any], int]:
    """A parser for a whole number from `least` to `most`, both included."""
    allowed = f"a whole number from {least}" + ("" if most is None else f" to {most}")

    def parse(raw: Any) -> int:
        try:
            number = int(str(raw))
        except ValueError:
            raise ValueError(allowed) from None
        if number < least or (most is not None and number > most):
            raise ValueError(allowed)
        return number

    return parse


def port(raw: Any) -> int:
    try:
        return integer(1, 65535)(raw)
    except ValueError as error:
        if not str(raw).startswith(("tcp://", "udp://")):
            raise
        reason = "Kubernetes sets this address for a service; enableServiceLinks: false prevents it"
        raise ValueError(f"{error} ({reason})") from None


def ports(raw: Any) -> tuple[int, ...]:
    """One port, or several with commas between."""
    return tuple(port(part.strip()) for part in str(raw).split(","))


def schema(raw: Any) -> str:
    if not _IDENTIFIER.fullmatch(str(raw)) or str(raw).startswith("pg_"):
        raise ValueError(
            "lower-case letters, digits and underscores, 63 at most, no digit first and not pg_"
        )
    return str(raw)


def table_prefix(raw: Any) -> str:
    if not _IDENTIFIER.fullmatch(str(raw)) or len(str(raw)) > 32:
        raise ValueError("lower-case letters, digits and underscores, 32 at most, no digit first")
    return str(raw)


def seconds(least: float) -> Callable[[Any], float]:
    """A parser for a finite number of seconds, fractions allowed."""
    allowed = f"seconds, at least {least:g}"

    def parse(raw: Any) -> float:
        try:
            number = float(str(raw))
        except ValueError:
            raise ValueError(allowed) from None
        if not least <= number < 1e9:  # false for "nan", too
            raise ValueError(allowed)
        return number

    return parse


def duration(raw: Any) -> float:
    """A number of seconds, or a text such as "1 day"."""
    try:
        return seconds(0)(raw)
    except ValueError:
        pass
    try:
        return age(str(raw).strip().lower())
    except ValueError:
        raise ValueError("seconds, at least 0, or a time such as 1 day") from None


def readable_file(raw: Any) -> str:
    path = Path(str(raw))
    if not (path.is_file() and os.access(path, os.R_OK)):
        raise ValueError("a file that can be read")
    return str(raw)


def retention(raw: Any) -> float | None:
    """Seconds to keep jobs that have ended: 0 for "drop", None for "keep"."""
    text = str(raw).strip().lower()
    if text == "drop":
        return 0.0
    if text == "keep":
        return None
    try:
        return age(text)
    except ValueError:
        raise ValueError("drop, keep, or how long to keep, such as 7 days") from None


def keep_or_drop(raw: Any) -> bool:
    """True for "keep", False for "drop"."""
    return one_of(("keep", "drop"))(raw) == "keep"


def timeout(raw: Any) -> float:
    try:
        number = float(str(raw))
    except ValueError:
        number = 0.0
    if not 0 < number <= 1_000_000:
        raise ValueError("seconds, more than 0 and at most 1,000,000")
    return number


def retry_after(raw: Any) -> Any:
    """A strtotime expression, a list of them, or a Backoff, which has checked itself. Text may be
    several expressions, separated by commas."""
    if isinstance(raw, str) and "," in raw:  # strtotime would add them up
        raw = [part.strip() for part in raw.split(",")]
    if isinstance(raw, str):
        is_right = _is_moment(raw)
    elif isinstance(raw, (list, tuple)):
        is_right = bool(raw) and all(isinstance(each, str) and _is_moment(each) for each in raw)
    else:
        is_right = callable(getattr(raw, "seconds", None)) and hasattr(raw, "attempts")
    if not is_right:
        raise ValueError("what PHP's strtotime reads, several of that, or a Backoff")
    return raw


def _is_moment(expression: str) -> bool:
    try:
        strtotime(expression)
    except ValueError:
        return False
    return True


def middleware(raw: Any) -> tuple[Any, ...]:
    if not isinstance(raw, (list, tuple)):
        raise ValueError("a list of classes or their dotted paths")
    return tuple(raw)


def modules(raw: Any) -> tuple[str, ...]:
    if isinstance(raw, (list, tuple)):
        if not raw:  # a program may have none of its own
            return ()
        raw = ",".join(map(str, raw))
    names = tuple(part.strip() for part in str(raw).split(",") if part.strip())
    if not names or not all(part.isidentifier() for name in names for part in name.split(".")):
        raise ValueError("names of importable packages, separated by commas")
    return names


def schedule_name(raw: Any) -> str:
    name = str(raw)
    if not 0 < len(name) <= 50 or not name.isprintable() or name != name.strip():
        raise ValueError("1 to 50 printable characters")
    return name


def shown(settings: Any, *secrets: str) -> str:
    """The repr of a NamedTuple of settings, without the values of its fields `secrets`."""
    fields = {**settings._asdict(), **dict.fromkeys(secrets, "…")}
    listed = ", ".join(f"{name}={value!r}" for name, value in fields.items())
    return f"{type(settings).__name__}({listed})"
