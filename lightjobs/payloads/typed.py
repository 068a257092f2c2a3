"""Typed payloads: checked against a job's annotations at dispatch, and rebuilt for `handle`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, ForwardRef, get_args, get_origin

from ..errors import JobDefinitionError, PayloadError
from .annotations import own_annotation
from .build import Builder, resolved
from .converter import Converter, Misfit
from .objects import Field, record

_UNTYPED = (Any, object, dict, Mapping)


class Typed:
    """The type of a payload, built once for a class or function and used for each of its jobs."""

    __slots__ = ("_converter",)

    def __init__(self, converter: Converter) -> None:
        self._converter = converter

    def dump(self, payload: Any) -> Any:
        """The dict to store for `payload`, an instance of the type or a dict of its fields. Raises
        PayloadError with the path of the field that is wrong."""
        try:
            dumped = self._converter.dump(payload)
            if isinstance(payload, Mapping):
                self._converter.load(dumped)  # the class may check more than each field's type
        except Misfit as misfit:
            raise PayloadError(misfit.described("payload")) from None
        except RecursionError:
            raise PayloadError("payload is nested too deeply, or contains itself") from None
        return dumped

    def load(self, payload: dict[str, Any]) -> Any:
        """The instance or dict for a stored `payload`. Raises PayloadError with the path of the
        field that does not fit."""
        try:
            return self._converter.load(payload)
        except Misfit as misfit:
            raise PayloadError(misfit.described("payload")) from None
        except RecursionError:
            raise PayloadError("payload is nested too deeply") from None


def of_class(job: type[Any], base: type[Any]) -> Typed | None:
    """The type that annotates `payload` in `job` or its nearest base class below `base`.

    None if there is no such annotation, or if it allows any dict. Raises JobDefinitionError for a
    type that is not a JSON object.
    """
    for owner in job.__mro__[: job.__mro__.index(base)]:
        annotation = own_annotation(owner, "payload")
        if annotation is not None:
            return _of(_evaluated(annotation, owner), f"{owner.__name__}.payload")
    return None


def of_function(function: Callable[..., Any], names: list[str], required: frozenset[str]) -> Typed:
    """The type of a dict with the arguments of `function` for the parameters `names`."""
    hints, builder = resolved(function), Builder()
    where = function.__name__
    fields = [
        Field(name, builder.build(hints.get(name, Any), f"{where}({name})"), name in required)
        for name in names
    ]
    return Typed(record(fields))


def _of(annotation: Any, where: str) -> Typed | None:
    arguments = get_args(annotation)
    plain = get_origin(annotation) or annotation
    if plain in _UNTYPED and arguments in ((), (str, Any), (str, object)):
        return None
    converter = Builder().build(annotation, where)
    if converter.kinds != {dict}:
        raise JobDefinitionError(
            f"{where} is annotated {annotation!r}, which is not a JSON object; allowed: a "
            "dataclass, TypedDict, msgspec Struct, or dict with str keys"
        )
    return Typed(converter)


def _evaluated(annotation: Any, owner: type[Any]) -> Any:
    if isinstance(annotation, ForwardRef):  # Python 3.14 could not evaluate it
        annotation = annotation.__forward_arg__
    if not isinstance(annotation, str):
        return annotation
    module = sys.modules.get(owner.__module__)
    try:
        return eval(annotation, dict(vars(module)) if module else {}, dict(vars(owner)))
    except Exception as error:
        raise JobDefinitionError(
            f"{owner.__name__}.payload is annotated {annotation!r}, which cannot be read: "
            f"{type(error).__name__}: {error}; use names that the module itself imports or defines"
        ) from None
