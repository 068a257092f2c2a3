"""How long each page of `lightjobs web` takes, with no jobs and with a million."""
