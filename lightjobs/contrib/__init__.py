"""What fits lightjobs into frameworks. Each package needs its framework and nothing else does."""
