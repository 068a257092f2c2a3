"""`python -m lightjobs` is the `lightjobs` command."""

from .cli import main

if __name__ == "__main__":  # multiprocessing imports a handler's main module anew
    main()
