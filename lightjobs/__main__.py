"""`python -m lightjobs` is the `lightjobs` command."""

from .cli import main

if __name__ == "__main__":  # multiprocessing in a handler imports the main module again
    main()
