from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lightjobs import current, env
from lightjobs.cli import run
from lightjobs.engines.memory import MemoryEngine
from lightjobs.execution import registry
from lightjobs.settings.settings import Settings

from .support import ran

REPOSITORY = str(Path(__file__).parents[2])
USERS = ("app_jobs", "more_jobs")


def is_users(module: str) -> bool:
    return module.partition(".")[0] in USERS


def forget_engine() -> None:
    """Close the engine that the process has made, and let the next use make another."""
    if current.is_made():
        current.engine().close()  # from 3.13 on, Python warns of an open connection to SQLite
    current.use(None)


def forget_local_jobs() -> None:
    """Forget the classes that tests elsewhere have defined in a function: `check` finds a problem
    in each, because no other process can find them."""
    for registered in (registry._registered, registry._declared):
        for handler, known in list(registered.items()):
            if known.job in registry._local:
                del registered[handler]


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty project as current directory, no settings in the environment; all that a test
    registers, imports or configures is forgotten after it."""
    monkeypatch.syspath_prepend(tmp_path)  # notes the path as it is, to restore it after the test
    environment = dict(os.environ)
    forget_local_jobs()
    registered = dict(registry._registered)
    modules = {name: module for name, module in sys.modules.items() if is_users(name)}
    for name in modules:
        del sys.modules[name]
    for handler, known in registered.items():
        if is_users(known.job.__module__):
            del registry._registered[handler]
    # The repository has an app_jobs of its own.
    away = ("", REPOSITORY, str(tmp_path))
    sys.path[:] = [entry for entry in sys.path if entry not in away]
    for key in environment:
        if key.startswith(("JOB_", "DB_", "REDIS_")):
            del os.environ[key]
    monkeypatch.chdir(tmp_path)
    env._exported.clear()
    env.forget()
    forget_engine()
    yield
    registry._declared.clear()
    forget_engine()
    env.forget()
    os.environ.clear()
    os.environ.update(environment)
    ours = {h: r for h, r in registry._registered.items() if h in registry.READY_MADE}
    registry._registered.clear()
    registry._registered.update(registered | ours)  # their modules are not imported a second time
    for name in [name for name in sys.modules if is_users(name)]:
        del sys.modules[name]
    sys.modules.update(modules)


@pytest.fixture
def configured() -> Settings:
    """The settings that `engine` is used with."""
    return Settings("memory")


@pytest.fixture
def engine(configured: Settings) -> MemoryEngine:
    """A memory engine that jobs are dispatched to."""
    made = MemoryEngine()
    current.use(made, configured)
    return made


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[dict[str, str]], Path]]:
    """Writes files below the project's folder, which is importable."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            target = tmp_path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        return tmp_path

    yield write
    # A package without __init__.py is still found in later tests, with what is in its folder.
    for module in tmp_path.glob("app_jobs/*.py"):
        module.unlink()


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command; return its exit status, output and errors."""

    def command(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        env.forget()
        forget_engine()
        status = run(list(arguments))
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return status, printed.out, printed.err

    return command


@pytest.fixture
def ready(call: Callable[..., tuple[int, str, str]], tmp_path: Path) -> Path:
    """A project made by init."""
    assert call("init")[0] == 0
    return tmp_path


@pytest.fixture(params=[1, 3], ids=["inline", "pool"])
def concurrency(request: pytest.FixtureRequest) -> int:
    """How many jobs the worker runs at a time: one in its own thread, or some in a pool."""
    count: int = request.param
    return count


@pytest.fixture(autouse=True)
def _none_ran() -> None:
    ran.clear()
