"""What a store keeps next to the jobs: values of the project by their keys."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from ..errors import PayloadError
from ..payloads.encoding import decode, encode
from ..text import shortened

KEY_LENGTH = 150
"""Characters of a key; the narrowest store indexes it in full."""


class MetadataStore(ABC):
    """The metadata of a store, reached as `engine.metadata`: small JSON values that all processes
    of a project share, such as how far a synchronization has come."""

    def get(self, key: str) -> Any:
        """The value that was last set under `key`; None if there is none. Raises ValueError for a
        wrong key, and StoreUnavailable."""
        text = self._get(_checked(key))
        return None if text is None else decode(text)["value"]

    def set(self, key: str, value: Any) -> None:
        """Keep `value`, which may be anything that JSON holds, under `key`, in the place of a
        former one. None is a value, too.

        Raises ValueError for a key that is not 1 to KEY_LENGTH printable characters, PayloadError
        for a value that would not come back equal or is larger than 1 MiB, and StoreUnavailable.
        """
        _checked(key)
        try:
            text = encode({"value": value})
        except PayloadError as error:
            raise PayloadError(f"the metadata {key!r} cannot be kept: {error}") from None
        self._set(key, text)

    def delete(self, key: str) -> bool:
        """Forget what is kept under `key`. Returns whether there was anything."""
        return self._delete(_checked(key))

    @abstractmethod
    def _get(self, key: str) -> str | None:
        """The text kept under `key`; None if there is none."""

    @abstractmethod
    def _set(self, key: str, text: str) -> None:
        """Keep `text` under `key`."""

    @abstractmethod
    def _delete(self, key: str) -> bool:
        """Forget `key`. Returns whether it was known."""


class MemoryMetadata(MetadataStore):
    """Metadata in the memory of this process: the specification, and all that the engines need
    that keep nothing elsewhere."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def _get(self, key: str) -> str | None:
        return self._texts.get(key)

    def _set(self, key: str, text: str) -> None:
        self._texts[key] = text

    def _delete(self, key: str) -> bool:
        return self._texts.pop(key, None) is not None


def _checked(key: object) -> str:
    if isinstance(key, str) and 0 < len(key) <= KEY_LENGTH and key.isprintable():
        return key
    raise ValueError(
        f"metadata key is {shortened(repr(key))}; allowed: 1 to {KEY_LENGTH} printable characters"
    )
