"""Chains and batches: jobs that run one after the other, and jobs that are counted together."""
