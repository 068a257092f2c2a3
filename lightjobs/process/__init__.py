"""What belongs to the process as a whole: its clock, its start, and who has started it."""
