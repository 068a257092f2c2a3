"""Setup for every command: the project's folder on the path and `.env` in the environment."""

from __future__ import annotations

import os
import sys

from ..env import dotenv


def prepare() -> None:
    """Make the current directory importable, and export the values in `.env` so that options,
    handlers and child processes see them. Variables that are already set take precedence."""
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    for key, value in dotenv().items():
        os.environ.setdefault(key, value)
