"""The converter for msgspec's Structs, which leaves the work to msgspec."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, partial
from itertools import repeat
from types import ModuleType
from typing import Any

from .containers import as_object
from .converter import Converter, Misfit, refuse, unknown_field

_MISSING = re.compile(r"Object missing required field `(.*)`")


def struct(kind: type, msgspec: ModuleType) -> Converter:
    """The converter for the Struct `kind`. As with other objects, unknown fields are refused at
    dispatch and ignored when a stored payload is loaded."""
    expects = f"{kind.__name__} or an object"
    inspect = msgspec.inspect
    info = cache(partial(inspect.type_info, kind))

    def load(value: Any) -> Any:
        try:
            return msgspec.convert(as_object(value, expects), kind)
        except msgspec.ValidationError as error:
            raise _misfit(str(error)) from None

    def dump(value: Any) -> Any:
        if type(value) is not kind and not isinstance(value, Mapping):
            refuse(expects, value)
        try:
            dumped = msgspec.to_builtins(value, str_keys=True)
        except TypeError as error:
            raise Misfit(str(error)) from None
        load(dumped)
        if isinstance(value, Mapping):
            _refuse_unknown(dumped, info(), inspect)
        return dumped

    return Converter(expects, frozenset({dict}), load, dump, frozenset({list}))


def _misfit(text: str) -> Misfit:
    reason, _, place = text.partition(" - at `")
    place = place.removesuffix("`").removeprefix("$")
    missing = _MISSING.fullmatch(reason)
    if missing:
        return Misfit("missing", f"{place}.{missing[1]}")
    return Misfit(
        re.sub(" value .*", " value", reason), place
    )  # without the value: payloads must not be logged


def _refuse_unknown(value: Any, info: Any, inspect: Any) -> None:
    """Raise Misfit for a field, here or further within, that the object in its place does not have.
    `info` is what msgspec knows of a type, and `value` has that type."""
    for place, item, kind in _parts(value, info, inspect):
        try:
            _refuse_unknown(item, kind, inspect)
        except Misfit as misfit:
            raise misfit.within(place) from None


Parts = Iterable[tuple[str, Any, Any]]
"""Values directly within another, each with its place and type."""


def _parts(value: Any, info: Any, inspect: Any) -> Parts:
    if isinstance(info, inspect.UnionType):
        # Its types differ in JSON, so the value has parts in only one of them.
        return [("", value, kind) for kind in info.types]
    if isinstance(value, Mapping):
        return _parts_of_object(value, info, inspect)
    return _parts_of_list(value, info, inspect) if isinstance(value, list) else ()


def _parts_of_object(value: Mapping[str, Any], info: Any, inspect: Any) -> Parts:
    if isinstance(info, inspect.DictType):
        return [(f".{key}", item, info.value_type) for key, item in value.items()]
    return _fields(value, info) if hasattr(info, "fields") and _is_tagged(value, info) else ()


def _parts_of_list(value: list[Any], info: Any, inspect: Any) -> Parts:
    kinds: Iterable[Any] = ()
    if isinstance(info, inspect.CollectionType):
        kinds = repeat(info.item_type)
    elif isinstance(info, inspect.TupleType):
        kinds = info.item_types
    return [(f"[{n}]", *part) for n, part in enumerate(zip(value, kinds, strict=False))]


def _is_tagged(value: Mapping[str, Any], info: Any) -> bool:
    """Whether `value` is an object of this class. Between the Structs of a union a tag decides."""
    tag = getattr(info, "tag", None)
    return tag is None or value.get(info.tag_field, tag) == tag


def _fields(value: Mapping[str, Any], info: Any) -> Parts:
    kinds = {field.encode_name: field.type for field in info.fields}
    for key, item in value.items():
        if key in kinds:
            yield f".{key}", item, kinds[key]
        elif key != getattr(info, "tag_field", None):
            raise unknown_field(key, kinds)
