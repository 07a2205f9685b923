"""Benchmarks print figures and judge nothing; only ratios within one run count."""
