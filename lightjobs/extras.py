"""The parts of lightjobs that need packages which it does not bring itself: its extras."""

from __future__ import annotations

from importlib.util import find_spec

from .errors import SettingsError


class MissingExtra(SettingsError, ImportError):
    """A package of an extra is not installed. The text names the extra and the command that
    installs it."""


def require(extra: str, *packages: str) -> None:
    """Return if all `packages`, which the extra `extra` brings, are installed. Raises
    MissingExtra."""
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise MissingExtra(
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed; "
            f"run: pip install 'lightjobs[{extra}]'"
        )
