"""Which files of a source are damaged, odd or not supported."""

from fastpass.curate.check.run import CheckReport, Problem, check

__all__ = ["CheckReport", "Problem", "check"]
