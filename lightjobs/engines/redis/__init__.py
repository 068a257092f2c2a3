"""Redis and Valkey, in Lightpack's layout."""

from . import driver as driver  # before anything imports redis-py
