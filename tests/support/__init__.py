"""What the tests of several folders, the proofs and the benchmarks share."""
