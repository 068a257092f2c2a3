"""Importing this module loads the application, in a process that `flask lightjobs` has started."""

from __future__ import annotations

import os

from flask.cli import ScriptInfo

from .command import APP
from .context import AppContext

if not hasattr(AppContext, "app"):  # a process that was forked has it
    ScriptInfo(app_import_path=os.environ.get(APP)).load_app()
