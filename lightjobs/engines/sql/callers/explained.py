"""What is said when a caller's connection fails: whose it was, and whether the jobs are stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from ....errors import LightjobsError, SchemaOutdated, StoreInDoubt, StoreUnavailable
from ...delivery import is_in_doubt


class Connection(Protocol):
    """What the caller's connection must tell, sync or not."""

    def is_closed(self) -> bool: ...

    def is_bound(self) -> bool: ...


@contextmanager
def explained(label: str, caller: Connection, undone: str, in_doubt: str) -> Iterator[None]:
    """Add to the errors inside whose connection it was, and whether the request was carried out.
    `label` is what messages call the database."""
    alone = False
    try:
        alone = not (caller.is_closed() or caller.is_bound())
        yield
    except SchemaOutdated as error:
        text = str(error.__cause__).partition("\n")[0]
        raise SchemaOutdated(
            f"the database of connection= has no jobs table ({text}): it must be "
            f"{label}, and `lightjobs migrate:up` have run there"
        ) from error
    except StoreUnavailable as error:
        if alone and is_in_doubt(error):
            raise StoreInDoubt(f"connection=: {in_doubt}: {error}") from error
        raise StoreUnavailable(f"connection=: {undone}: {error}") from error
    except UnicodeEncodeError as error:
        raise LightjobsError(
            f"{label}: text with half a surrogate pair cannot be stored"
        ) from error
