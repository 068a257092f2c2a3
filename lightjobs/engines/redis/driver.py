"""redis-py, imported before anything else here imports it, and without `importlib.metadata`.

redis-py would look up its own version with that, for each connection; pool.py tells it instead.
Nothing else in it needs the module, which brings along email, zipfile, csv and lzma: 10 ms of a
worker's 150 to its first job (redis-py 8.1, Python 3.11).
"""

from __future__ import annotations

import importlib
import sys
import threading
from types import ModuleType
from typing import Any

_lock = threading.Lock()


class Later(ModuleType):
    """Stands for the module of its name, which is imported when somebody looks into it."""

    def __getattr__(self, name: str) -> Any:
        self.withdraw()
        return getattr(importlib.import_module(self.__name__), name)

    def withdraw(self) -> None:
        """Let whoever imports the module from now on have the real one."""
        with _lock:  # or a second thread could throw out what the first has imported
            if sys.modules.get(self.__name__) is self:
                del sys.modules[self.__name__]


def put_off(name: str, driver: str) -> None:
    """Import `driver`, but not what it imports as `name`, a submodule, unless that is there."""
    package, _, attribute = name.rpartition(".")
    if name in sys.modules or driver in sys.modules:
        importlib.import_module(driver)
        return
    later = sys.modules[name] = Later(name)
    # Stays until the import of the real one replaces it: another thread may have met it meanwhile.
    setattr(sys.modules[package], attribute, later)
    try:
        importlib.import_module(driver)
    finally:
        later.withdraw()


put_off("importlib.metadata", "redis")
