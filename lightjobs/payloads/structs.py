"""The converter for msgspec's Structs, which msgspec itself reads and writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, partial
from types import ModuleType
from typing import Any

from .containers import as_object
from .converter import Converter, Misfit, refuse

_MISSING = re.compile(r"Object missing required field `(.*)`")


def struct(kind: type, msgspec: ModuleType) -> Converter:
    """A msgspec Struct. As for the other objects, fields that are not known are refused at
    dispatch and ignored when loading."""
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
    return Misfit(re.sub(" value .*", " value", reason), place)  # the value is not for logs


def _refuse_unknown(value: Any, info: Any, inspect: Any) -> None:
    """Raises Misfit for a field, here or within, that the object at its place does not have.
    `value` fits `info`, what msgspec knows of a type."""
    for place, item, kind in _parts(value, info, inspect):
        try:
            _refuse_unknown(item, kind, inspect)
        except Misfit as misfit:
            raise misfit.within(place) from None


def _parts(value: Any, info: Any, inspect: Any) -> Iterator[tuple[str, Any, Any]]:
    """What is within `value`, each with its place and type."""
    if isinstance(info, inspect.UnionType):  # of which JSON tells the types apart
        for kind in info.types:
            yield "", value, kind
    elif isinstance(value, Mapping):
        if isinstance(info, inspect.DictType):
            for key, item in value.items():
                yield f".{key}", item, info.value_type
        elif hasattr(info, "fields") and _is_tagged(value, info):
            yield from _fields(value, info)
    elif isinstance(value, list):
        if isinstance(info, inspect.CollectionType):
            for number, item in enumerate(value):
                yield f"[{number}]", item, info.item_type
        elif isinstance(info, inspect.TupleType):
            for number, (item, kind) in enumerate(zip(value, info.item_types, strict=True)):
                yield f"[{number}]", item, kind


def _is_tagged(value: Mapping[str, Any], info: Any) -> bool:
    """Whether `value` is meant for this class: of several in a union a tag decides."""
    tag = getattr(info, "tag", None)
    return tag is None or value.get(info.tag_field, tag) == tag


def _fields(value: Mapping[str, Any], info: Any) -> Iterator[tuple[str, Any, Any]]:
    fields = {field.encode_name: field.type for field in info.fields}
    for key, item in value.items():
        if key in fields:
            yield f".{key}", item, fields[key]
        elif key != getattr(info, "tag_field", None):
            known = ", ".join(fields) or "none"
            raise Misfit(f"there is no such field; allowed: {known}", f".{key}")
