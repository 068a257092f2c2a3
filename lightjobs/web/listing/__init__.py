"""Lists of jobs: what is searched for, the places of their pages, and their rows."""
