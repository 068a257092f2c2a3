"""`python -m lightjobs` is the `lightjobs` command."""

from .cli import main

main()
