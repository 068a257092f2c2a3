"""Importing this module in a process of the torture gives it the torture's settings, and perhaps a
clock that is wrong."""

from __future__ import annotations

import os
import time

from .. import current
from .orders import VARIABLE, Orders

if VARIABLE in os.environ:
    _orders = Orders.of_environment()

    if _orders.clock:
        _right = time.time

        def _wrong() -> float:
            return _right() + _orders.clock

        time.time = _wrong

    current.use(None, _orders.settings)
