"""The decision benchmark: one generated workload through Rejoinder and its published peers.

`python -m tests.benchmarks.decision`; `workload` says what is decided, `race` how it is timed.
"""
