"""The `lightjobs` command, also as `python -m lightjobs`."""

from __future__ import annotations

from .process import init_process


def main() -> None:
    """Run the command line and end the process with its exit status; see `lightjobs.cli.main`."""
    # Before the imports, which take a while: until then the kernel drops signals to process 1.
    init_process.split()
    from . import cli

    cli.main()


if __name__ == "__main__":  # multiprocessing in a handler imports the main module again
    main()
