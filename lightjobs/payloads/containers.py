"""Converters for lists, dicts and unions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from .converter import Converter, Misfit, refuse

_LIST = frozenset({list})
_DICT = frozenset({dict})


def _each(convert: Callable[[Any], Any], values: Iterable[Any]) -> list[Any]:
    done: list[Any] = []
    try:
        for value in values:
            done.append(convert(value))
    except Misfit as misfit:
        raise misfit.within(f"[{len(done)}]") from None
    return done


def _each_value(convert: Callable[[Any], Any], values: Mapping[str, Any]) -> dict[str, Any]:
    done = {}
    for key, value in values.items():
        try:
            done[key] = convert(value)
        except Misfit as misfit:
            raise misfit.within(f".{key}") from None
    return done


def collection(item: Converter, make: type, taken: tuple[type[Iterable[Any]], ...]) -> Converter:
    """The converter for a JSON list of `item`s. It loads a `make` (list, tuple, set or frozenset),
    and dumps the types in `taken`."""
    expects = "a list"
    load_item, dump_item = item.load, item.dump

    def load(value: Any) -> Any:
        if type(value) is not list:
            refuse(expects, value)
        items = _each(load_item, value)
        try:
            return items if make is list else make(items)
        except TypeError:
            raise Misfit(f"expected items that a {make.__name__} can hold") from None

    def dump(value: Any) -> list[Any]:
        if not isinstance(value, taken):
            refuse(expects, value)
        return _each(dump_item, value)

    return Converter(expects, _LIST, load, dump)


def fixed_tuple(items: Sequence[Converter]) -> Converter:
    """The converter for a tuple with one value for each of `items`, a list in JSON."""
    expects = f"a list of {len(items)}"

    def convert(verb: Literal["load", "dump"], value: Any) -> list[Any]:
        if len(value) != len(items):
            raise Misfit(f"expected {expects}, got one of {len(value)}")
        converters = iter(items)
        return _each(lambda each: getattr(next(converters), verb)(each), value)

    def load(value: Any) -> tuple[Any, ...]:
        return tuple(convert("load", value)) if type(value) is list else refuse(expects, value)

    def dump(value: Any) -> list[Any]:
        fits = isinstance(value, (tuple, list))
        return convert("dump", value) if fits else refuse(expects, value)

    return Converter(expects, _LIST, load, dump)


def as_object(value: Any, expects: str) -> dict[str, Any]:
    """The JSON object `value`. An empty one may be `[]`, as PHP writes it."""
    if type(value) is dict:
        return value
    return {} if type(value) is list and not value else refuse(expects, value)


def mapping(item: Converter) -> Converter:
    """The converter for a dict with any keys that are strings."""
    expects = "an object"

    def load(value: Any) -> dict[str, Any]:
        return _each_value(item.load, as_object(value, expects))

    def dump(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            value = as_object(value, expects)
        if not all(isinstance(key, str) for key in value):
            raise Misfit("expected keys that are strings")
        return _each_value(item.dump, value)

    return Converter(expects, _DICT, load, dump, _LIST)


def union(variants: Sequence[Converter]) -> Converter | None:
    """The converter for any of `variants`; None when they could not be told apart in JSON."""
    claims = [kind for variant in variants for kind in variant.kinds]
    if len(set(claims)) < len(claims):
        return None
    by_kind = {kind: variant for variant in reversed(variants) for kind in variant.also}
    by_kind |= {kind: variant for variant in variants for kind in variant.kinds}
    expects = " or ".join(variant.expects for variant in variants)

    def load(value: Any) -> Any:
        variant = by_kind.get(type(value))
        return refuse(expects, value) if variant is None else variant.load(value)

    def dump(value: Any) -> Any:
        variant = by_kind.get(type(value))
        if variant is not None:
            return variant.dump(value)
        for variant in variants:
            try:
                return variant.dump(value)
            except Misfit as misfit:
                if misfit.is_inside:
                    raise
        return refuse(expects, value)

    return Converter(expects, frozenset(claims), load, dump, frozenset(by_kind) - set(claims))
