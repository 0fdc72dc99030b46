"""The benchmark: this service beside what a user would do, and beside the least it could cost.

Real servers, every contender a process of its own, all in one run; see docs/performance.md.
"""
