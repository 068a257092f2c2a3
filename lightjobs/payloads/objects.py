"""Converters for objects with named fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from .containers import as_object
from .converter import Converter, Misfit, refuse, unknown_field


class Field(NamedTuple):
    """One named value of an object."""

    name: str
    converter: Converter
    required: bool


def record(fields: Sequence[Field], kind: type | None = None) -> Converter:
    """The converter for a JSON object with these fields. It loads an instance of `kind`, or a dict
    if that is None, and dumps either.

    An unknown field is refused at dispatch, where it is most likely a typing error. It is ignored
    when a stored payload is loaded, which a newer program or PHP may have written.
    """
    expects = f"{kind.__name__} or an object" if kind else "an object"
    names = [field.name for field in fields]

    def load(value: Any) -> Any:
        loaded = _converted(fields, as_object(value, expects), "load")
        return loaded if kind is None else _made(kind, loaded)

    def dump(value: Any) -> dict[str, Any]:
        # Exactly this class: the further fields of a subclass would be lost.
        if type(value) is kind:
            return _converted(fields, {name: getattr(value, name) for name in names}, "dump")
        if not isinstance(value, Mapping):
            refuse(expects, value)
        for key in value:
            if key not in names:
                raise unknown_field(key, names)
        return _converted(fields, value, "dump")

    return Converter(expects, frozenset({dict}), load, dump, frozenset({list}))


def _converted(
    fields: Sequence[Field], given: Mapping[Any, Any], verb: Literal["load", "dump"]
) -> dict[str, Any]:
    """The values in `given`, by field name, converted by the `verb` of each field's converter."""
    converted = {}
    for name, converter, required in fields:
        if name in given:
            try:
                converted[name] = getattr(converter, verb)(given[name])
            except Misfit as misfit:
                raise misfit.within(f".{name}") from None
        elif required:
            raise Misfit("missing", f".{name}")
    return converted


def _made(kind: type, loaded: dict[str, Any]) -> Any:
    try:
        return kind(**loaded)
    except Exception as error:  # a class may check its fields, and raise anything
        reason = f"{kind.__name__} refused it: {type(error).__name__}: {error}"
        raise Misfit(reason) from None
