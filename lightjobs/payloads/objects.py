"""Converters for objects with named fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from .containers import as_object
from .converter import Converter, Misfit, refuse


class Field(NamedTuple):
    """One named value of an object."""

    name: str
    converter: Converter
    required: bool


def record(
    fields: Sequence[Field], make: Callable[..., Any] | None = None, instance: type | None = None
) -> Converter:
    """A JSON object with these fields. Loading calls `make` with them, and without one gives a
    dict; what is dispatched is an `instance` or a dict.

    Fields that are not known are refused at dispatch, where they are slips of the pen, and ignored
    when loading, where a newer program or PHP may have written them.
    """
    expects = f"{instance.__name__} or an object" if instance else "an object"
    names = {field.name for field in fields}

    def load(value: Any) -> Any:
        given = as_object(value, expects)
        loaded = {}
        for name, converter, required in fields:
            if name in given:
                try:
                    loaded[name] = converter.load(given[name])
                except Misfit as misfit:
                    raise misfit.within(f".{name}") from None
            elif required:
                raise Misfit("missing", f".{name}")
        if make is None:
            return loaded
        try:
            return make(**loaded)
        except Exception as error:
            reason = f"{make.__name__} refused it: {type(error).__name__}: {error}"
            raise Misfit(reason) from None

    def dump(value: Any) -> dict[str, Any]:
        # exactly: of a subclass, the fields beyond would be lost
        if type(value) is instance:
            given: Mapping[Any, Any] = {name: getattr(value, name) for name in names}
        elif isinstance(value, Mapping):
            given = value
        else:
            refuse(expects, value)
        for key in given:
            if key not in names:
                known = ", ".join(field.name for field in fields) or "none"
                raise Misfit(f"there is no such field; allowed: {known}", f".{key}")
        dumped = {}
        for name, converter, required in fields:
            if name in given:
                try:
                    dumped[name] = converter.dump(given[name])
                except Misfit as misfit:
                    raise misfit.within(f".{name}") from None
            elif required:
                raise Misfit("missing", f".{name}")
        return dumped

    return Converter(expects, frozenset({dict}), load, dump, frozenset({list}))
