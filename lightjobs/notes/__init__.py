"""What workers tell of themselves and of runs, and the texts in which stores keep it."""
