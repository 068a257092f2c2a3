"""Typed payloads: what a job's annotations promise, checked at dispatch and kept for `handle`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any, get_args, get_origin

from ..errors import JobDefinitionError, PayloadError
from .build import Builder, resolved
from .converter import Converter, Misfit
from .objects import Field, record

_UNTYPED = (Any, object, dict, Mapping)


class Typed:
    """The type of a payload. Built once for a class or function, used for each job."""

    __slots__ = ("_converter",)

    def __init__(self, converter: Converter) -> None:
        self._converter = converter

    def dump(self, payload: Any) -> Any:
        """The dict to store for `payload`, an instance or a dict for one. Raises PayloadError with
        the path of the field that is wrong."""
        try:
            dumped = self._converter.dump(payload)
            if isinstance(payload, Mapping):
                self._converter.load(dumped)  # the class may refuse what each field allows
        except Misfit as misfit:
            raise PayloadError(misfit.described("payload")) from None
        except RecursionError:
            raise PayloadError("payload is nested too deeply, or contains itself") from None
        return dumped

    def load(self, payload: dict[str, Any]) -> Any:
        """What `payload` stands for. Raises PayloadError with the path of what does not fit."""
        try:
            return self._converter.load(payload)
        except Misfit as misfit:
            raise PayloadError(misfit.described("payload")) from None
        except RecursionError:
            raise PayloadError("payload is nested too deeply") from None


def of_class(job: type[Any], base: type[Any]) -> Typed | None:
    """The type that `payload` is annotated with in `job` or the nearest class above it, below
    `base`; None for none, or for any dict. Raises JobDefinitionError for what is no JSON object.
    """
    for owner in job.__mro__[: job.__mro__.index(base)]:
        annotation = inspect.get_annotations(owner).get("payload")
        if annotation is not None:
            return _of(_evaluated(annotation, owner), f"{owner.__name__}.payload")
    return None


def of_function(function: Callable[..., Any], names: list[str], required: frozenset[str]) -> Typed:
    """The type of the dict of arguments of `function` with these parameters."""
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
            f"{where} is annotated {annotation!r}, which is no JSON object; allowed: a dataclass, "
            "TypedDict, msgspec Struct, or dict with str keys"
        )
    return Typed(converter)


def _evaluated(annotation: Any, owner: type[Any]) -> Any:
    if not isinstance(annotation, str):
        return annotation
    module = sys.modules.get(owner.__module__)
    try:
        return eval(annotation, dict(vars(module)) if module else {}, dict(vars(owner)))
    except Exception as error:
        raise JobDefinitionError(
            f"{owner.__name__}.payload is annotated {annotation!r}, which cannot be read: "
            f"{type(error).__name__}: {error}; name what the module itself imports or defines"
        ) from None
