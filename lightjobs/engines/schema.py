"""The schema of a store that has tables: installing it, and seeing whether it is current."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ..errors import SchemaOutdated


class Schema(ABC):
    """The schema's part of a store, reached as `engine.schema`; None where there are no tables."""

    @abstractmethod
    def install(self, dry_run: bool = False) -> list[tuple[str, str]]:
        """Apply the pending migrations; return the name and SQL of each. With `dry_run` change
        nothing. Several processes may call this at once."""

    @abstractmethod
    def uninstall(self, dry_run: bool = False) -> list[tuple[str, str]]:
        """Undo the latest migration; return its name and SQL. With `dry_run` change nothing.
        Lightpack's own table stays, with the jobs in it."""

    @abstractmethod
    def installed(self) -> list[tuple[str, str | None]]:
        """Each migration's name and when it was applied (text, UTC), None for a pending one."""

    def pending(self) -> list[str]:
        """The names of the migrations that have not been applied."""
        return [name for name, applied_at in self.installed() if applied_at is None]

    def ensure_current(self) -> None:
        """Raise SchemaOutdated if a migration is pending."""
        if self.pending():
            raise SchemaOutdated("the tables are missing or old: run `lightjobs migrate:up`")
