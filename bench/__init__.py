"""Benchmarks against peers and against the limit, as ratios in one run; never part of the tests."""
