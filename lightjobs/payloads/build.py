"""Building the converter for an annotation."""

from __future__ import annotations

import collections.abc as abc
import dataclasses
import enum
import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal, NotRequired, Required, Union

from ..errors import JobDefinitionError
from ..text import shortened
from . import containers, objects, scalars, structs
from .converter import Converter

ALLOWED = (
    "str, int, float, bool, None, Any, datetime, date, time, UUID, Decimal, Enum, Literal, list, "
    "tuple, set, dict with str keys, unions of these, dataclass, TypedDict, msgspec Struct"
)

_LISTS: dict[Any, tuple[type, tuple[type[Iterable[Any]], ...]]] = {
    list: (list, (list, tuple)),
    abc.Sequence: (list, (list, tuple)),
    abc.MutableSequence: (list, (list, tuple)),
    tuple: (tuple, (tuple, list)),
    set: (set, (set, frozenset, list)),
    frozenset: (frozenset, (frozenset, set, list)),
    abc.Set: (frozenset, (frozenset, set, list)),
}
"""For each annotation of a JSON list: the type that it loads and the types that it dumps."""

_DICTS = (dict, abc.Mapping, abc.MutableMapping)


class Builder:
    """Builds converters. A builder builds each class once, so that a class may contain itself."""

    def __init__(self) -> None:
        self._classes: dict[type, Converter] = {}

    def build(self, annotation: Any, where: str) -> Converter:
        """The converter for `annotation`. Raises JobDefinitionError, which names `where` it is
        used, for a type that JSON cannot hold."""
        if annotation is Any or annotation is object:
            return scalars.ANYTHING
        try:
            if annotation in scalars.SCALARS:
                return scalars.SCALARS[annotation]
        except TypeError:  # it is not hashable
            raise _refused(annotation, where) from None
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin in (Annotated, Required, NotRequired):
            return self.build(arguments[0], where)
        if origin in (Union, types.UnionType):
            return self._union(annotation, where)
        if origin is Literal:
            return scalars.choice({_json_of(each, annotation, where): each for each in arguments})
        alias = getattr(annotation, "__supertype__", None) or getattr(annotation, "__value__", None)
        if alias is not None:  # a NewType or a `type X = …`
            return self.build(alias, where)
        if origin is None and isinstance(annotation, type) and annotation not in _BARE:
            return self._class(annotation, where)
        return self._container(annotation, origin or annotation, arguments, where)

    def _union(self, annotation: Any, where: str) -> Converter:
        variants = [self.build(each, where) for each in typing.get_args(annotation)]
        if scalars.ANYTHING in variants:
            return scalars.ANYTHING
        made = containers.union(variants)
        if made is None:
            raise JobDefinitionError(
                f"{where} is {_shown(annotation)}, whose types cannot be told apart in JSON; "
                "allowed: a union of types that differ in JSON"
            )
        return made

    def _container(self, annotation: Any, origin: Any, arguments: Any, where: str) -> Converter:
        if origin in _DICTS:
            key, item = arguments or (str, Any)
            if key is not str and key is not Any:
                raise _refused(annotation, where)
            return containers.mapping(self.build(item, f"{where}.*"))
        if origin not in _LISTS:
            raise _refused(annotation, where)
        many = len(arguments) == 2 and arguments[1] is Ellipsis
        if origin is tuple and annotation is not tuple and not many:
            items = [self.build(each, f"{where}[{n}]") for n, each in enumerate(arguments)]
            return containers.fixed_tuple(items)
        item = self.build(arguments[0] if arguments else Any, f"{where}[]")
        return containers.collection(item, *_LISTS[origin])

    def _class(self, kind: type, where: str) -> Converter:
        known = self._classes.get(kind)
        if known is not None:  # it may be unfinished, so look up its functions when they are called
            return dataclasses.replace(
                known, load=lambda value: known.load(value), dump=lambda value: known.dump(value)
            )
        if issubclass(kind, enum.Enum) and not issubclass(kind, enum.Flag) and len(kind):
            return scalars.choice({_json_of(each, kind, where): each for each in kind})
        msgspec = sys.modules.get("msgspec")  # there is no Struct before it is imported
        if msgspec is not None and issubclass(kind, msgspec.Struct):
            return _struct(kind, msgspec, where)
        make = kind if dataclasses.is_dataclass(kind) else None
        if make is None and not typing.is_typeddict(kind):
            raise _refused(kind, where)
        shell = objects.record([], make)
        self._classes[kind] = shell
        fields = self._dataclass(kind) if make else self._typed_dict(kind)
        made = objects.record(fields, make)
        shell.load, shell.dump = made.load, made.dump
        return made

    def _dataclass(self, kind: type) -> list[objects.Field]:
        hints = resolved(kind)
        known = [field for field in dataclasses.fields(kind) if field.init]
        for name, parameter in inspect.signature(kind).parameters.items():
            if parameter.default is parameter.empty and name not in {f.name for f in known}:
                raise JobDefinitionError(
                    f"{kind.__name__} needs the argument {name!r}, which is not one of its fields, "
                    "so it cannot be rebuilt from JSON"
                )
        missing = dataclasses.MISSING
        return [
            objects.Field(
                field.name,
                self.build(hints[field.name], f"{kind.__name__}.{field.name}"),
                field.default is missing and field.default_factory is missing,
            )
            for field in known
        ]

    def _typed_dict(self, kind: type) -> list[objects.Field]:
        required: frozenset[str] = kind.__required_keys__  # type: ignore[attr-defined]
        # If an annotation is text, Python 3.11 does not notice Required or NotRequired in it.
        says = {Required: True, NotRequired: False}
        return [
            objects.Field(
                name,
                self.build(hint, f"{kind.__name__}.{name}"),
                says.get(typing.get_origin(hint), name in required),
            )
            for name, hint in resolved(kind).items()
        ]


_BARE = {*_LISTS, *_DICTS}


def resolved(annotated: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of a class or function; those that are text, evaluated. Raises
    JobDefinitionError for one that cannot be evaluated."""
    try:
        return typing.get_type_hints(annotated, include_extras=True)
    except Exception as error:  # an annotation can be any expression and raise anything
        raise JobDefinitionError(
            f"an annotation of {annotated.__module__}.{annotated.__qualname__} cannot be read: "
            f"{type(error).__name__}: {error}"
        ) from None


def _struct(kind: type, msgspec: types.ModuleType, where: str) -> Converter:
    if kind.__struct_config__.array_like:  # type: ignore[attr-defined]
        raise _refused(kind, where)
    try:
        msgspec.json.Decoder(kind)
    except (TypeError, NameError) as error:
        raise JobDefinitionError(f"{where} is {kind.__name__}: {error}") from None
    return structs.struct(kind, msgspec)


def _json_of(member: Any, annotation: Any, where: str) -> Any:
    """What stands in JSON for a member of an Enum or Literal. Raises JobDefinitionError."""
    value = member.value if isinstance(member, enum.Enum) else member
    if value is not None and type(value) not in (str, int, bool):
        raise _refused(annotation, where)
    return value


def _shown(annotation: Any) -> str:
    name = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    return shortened(name)


def _refused(annotation: Any, where: str) -> JobDefinitionError:
    return JobDefinitionError(f"{where} is {_shown(annotation)}; allowed: {ALLOWED}")
