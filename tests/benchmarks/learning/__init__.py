"""The learning benchmark: classes to choose from outcomes alone, and the speed of one step.

`python -m tests.benchmarks.learning`; `streams` says what is chosen, `methods` who chooses,
`tuning` how everybody gets settings, and `speed` how arms are scored and updated.
"""
