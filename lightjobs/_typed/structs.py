"""The converter for msgspec's Structs, which msgspec itself reads and writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
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
    """Raises Misfit for a field, here or within, that the Struct at its place does not have.
    `value` fits `info`, what msgspec knows of a type."""
    if isinstance(info, inspect.StructType) and isinstance(value, Mapping):
        fields = {field.encode_name: field.type for field in info.fields}
        for key, item in value.items():
            if key in fields:
                _within(f".{key}", item, fields[key], inspect)
            elif key != info.tag_field:
                known = ", ".join(fields) or "none"
                raise Misfit(f"there is no such field; allowed: {known}", f".{key}")
    elif isinstance(info, inspect.CollectionType) and isinstance(value, list):
        for number, item in enumerate(value):
            _within(f"[{number}]", item, info.item_type, inspect)
    elif isinstance(info, inspect.DictType) and isinstance(value, Mapping):
        for key, item in value.items():
            _within(f".{key}", item, info.value_type, inspect)
    elif isinstance(info, inspect.UnionType):
        structs = [each for each in info.types if isinstance(each, inspect.StructType)]
        if len(structs) == 1:  # of several a tag decides, which msgspec alone reads
            _refuse_unknown(value, structs[0], inspect)


def _within(place: str, value: Any, info: Any, inspect: Any) -> None:
    try:
        _refuse_unknown(value, info, inspect)
    except Misfit as misfit:
        raise misfit.within(place) from None
