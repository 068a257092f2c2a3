"""Jobs that come with lightjobs and that chains and batches make use of."""
