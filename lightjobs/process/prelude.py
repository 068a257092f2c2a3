"""What a command and each process of a worker do before anything else: a framework's own set-up, or
the program's `lightjobs.configure`.

A forked child has what its parent set up. A child that is a new interpreter has nothing, so the
parent leaves the name of a module in the environment, and importing that sets the framework up.
"""

from __future__ import annotations

import os
from importlib import import_module

VARIABLE = "LIGHTJOBS_PRELUDE"


def announce(module: str) -> None:
    """Have the processes that this one starts import `module` first."""
    os.environ[VARIABLE] = module


def play() -> None:
    """Import the module that a parent has announced, if there is one."""
    module = os.environ.get(VARIABLE)
    if module:
        import_module(module)
