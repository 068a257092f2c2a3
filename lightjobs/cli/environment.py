"""What every command needs first: the project's folder on the path, `.env` in the environment."""

from __future__ import annotations

import os
import sys

from ..env import dotenv


def prepare() -> None:
    """Let jobs be imported from the current directory, and options, handlers and child processes
    read `.env` as if it had been exported. The real environment wins."""
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    for key, value in dotenv().items():
        os.environ.setdefault(key, value)
