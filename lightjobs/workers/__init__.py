"""Working jobs: a supervisor that beats and recovers, children that run handlers."""
