"""What is done with each kind of interaction: the bracket of the flow, one file a kind.

Each step reads, decides and answers with a Plan; `pipeline.py` commits it and delivers. Steps may
use every room; no room knows of them.
"""
