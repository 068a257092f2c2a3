"""`lightjobs torture`: proves the configured store by working jobs while faults are injected."""
