"""Settings of a server that can lose jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import StoreUnavailable


def risks(execute: Callable[..., Any], prefix: str) -> list[str]:
    """The settings known to be risky. An ACL user may not be allowed to read them."""

    def asked(*command: str) -> dict[str, Any]:
        try:
            found = execute(*command)
        except StoreUnavailable:
            return {}
        return {_text(name): _text(value) for name, value in found.items()}

    found = []
    try:
        execute("EXISTS", f"{prefix}queues")  # finds the right node of a cluster
    except StoreUnavailable:
        return []
    policy = asked("INFO", "memory").get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        found.append(
            f"maxmemory-policy is {policy}: a full server deletes jobs; set it to noeviction"
        )
    append_only = asked("INFO", "persistence").get("aof_enabled")
    snapshots = asked("CONFIG GET", "save").get("save")
    if append_only == 0 and snapshots == "":
        found.append(
            "neither appendonly nor save is set: a restart loses all jobs; set appendonly to yes"
        )
    return found


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value
