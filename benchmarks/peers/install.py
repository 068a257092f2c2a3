"""Installs the peers, each kind apart from the project's own packages."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from .catalogue import ARQ_VENV, NODE, ROOT, VENV

REQUIREMENTS = (
    *("huey", "taskiq", "taskiq-redis", "dramatiq[redis]", "rq", "saq", "celery[redis]", "streaq"),
    *("pgqueuer[asyncpg,cli]", "procrastinate", "uvloop", "hiredis"),
)
HELPERS = ("setuptools", "psycopg[binary]", "typer<0.20")
"""What they need and do not ask for; pgqueuer's command does not start with a later typer."""
ARQ = ("arq",)

LOCK = ROOT / "benchmarks/peers/bullmq"
"""package.json and package-lock.json: BullMQ's versions are those."""


def install() -> None:
    """Install what is missing. lightjobs is compiled anew: pip has compiled the peers when it
    installed them."""
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", "lightjobs", "benchmarks"], cwd=ROOT, check=True
    )
    _python(VENV, ("huey_consumer", "streaq", "pgq"), (*REQUIREMENTS, *HELPERS))
    _python(ARQ_VENV, ("arq",), ARQ)
    _bullmq()
    if not shutil.which("sidekiq"):
        subprocess.run([str(ROOT / "scripts/apt-install"), "ruby-sidekiq"])


def _python(venv: Path, commands: tuple[str, ...], requirements: tuple[str, ...]) -> None:
    """Make a virtual environment, unless it has these commands."""
    if all((venv / "bin" / name).exists() for name in commands):
        return
    print(f"installing {' '.join(requirements)} in {venv.name}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    pip = [str(venv / "bin/pip"), "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*pip, *requirements]).returncode:
        # One of them cannot be had: the others one by one. It will fail when its turn comes.
        for name in requirements:
            subprocess.run([*pip, name])


def _bullmq() -> None:
    """Install what the lock file names where jobs.js looks for it, unless it is there."""
    lock = NODE / "package-lock.json"
    if lock.exists() and lock.read_bytes() == (LOCK / lock.name).read_bytes():
        return
    if shutil.which("npm") is None:
        return  # its turn will show it as failed
    print(f"installing bullmq in {NODE.name}", flush=True)
    NODE.mkdir(exist_ok=True)
    shutil.copy(LOCK / "package.json", NODE)
    shutil.copy(LOCK / lock.name, NODE)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
    if subprocess.run(command, cwd=NODE).returncode:
        lock.unlink()


def versions() -> dict[str, str]:
    """The version of each peer, as installed, and of what it runs on."""
    found = _versions(VENV, REQUIREMENTS) | _versions(ARQ_VENV, ARQ)
    for name in ("bullmq", "ioredis"):
        code = f"console.log(require('{NODE}/node_modules/{name}/package.json').version)"
        found[name] = _said("node", "-e", code)
    sidekiq = _said("sidekiq", "--version").removeprefix("Sidekiq ")
    ruby = _said("ruby", "-e", "print RUBY_VERSION")
    node = _said("node", "--version").lstrip("v")
    return found | {"node": node, "sidekiq": sidekiq, "ruby": ruby}


def _versions(venv: Path, requirements: tuple[str, ...]) -> dict[str, str]:
    names = [name.partition("[")[0] for name in requirements]
    said = _said(str(venv / "bin/python"), "-c", _CODE, *names)
    return dict(line.split() for line in said.splitlines() if line.count(" ") == 1)


def _said(*command: str) -> str:
    """What a command prints; "missing" if it cannot."""
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return "missing"
    return "missing" if done.returncode else done.stdout.strip()


_CODE = """
import importlib.metadata, sys
for name in sys.argv[1:]:
    try:
        print(name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        print(name, "missing")
"""
