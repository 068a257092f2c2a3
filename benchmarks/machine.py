"""The machine and the versions that figures depend on."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def machine() -> dict[str, Any]:
    """CPU model, cores that this process may use, memory in GB, kernel, and the load of the last
    minute."""
    return {
        "cpu": _line("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memory": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "kernel": f"{platform.system()} {platform.release()}",
        "load": round(os.getloadavg()[0], 2),
    }


def versions() -> dict[str, str]:
    """Of what every benchmark runs on: lightjobs, Python, and the drivers."""
    drivers = {"redis-py": "redis", "psycopg": "psycopg", "pymysql": "pymysql"}
    return {
        "lightjobs": _lightjobs(),
        "python": platform.python_version(),
        **{name: version(package) for name, package in drivers.items()},
        "sqlite": sqlite3.sqlite_version,
    }


def _lightjobs() -> str:
    """The version with the commit that is checked out, and `+` if files have been changed."""
    release = version("lightjobs")
    commit = _git("rev-parse", "--short=10", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", "lightjobs")
    return f"{release} ({commit}{'+' if changed else ''})" if commit else release


def _git(*words: str) -> str:
    try:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()


def _line(path: str, name: str) -> str:
    """The value of the first line `name: value`."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return ""
    values = (line.partition(":")[2].strip() for line in lines if line.startswith(name))
    return next(values, "")
