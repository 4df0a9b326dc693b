"""One HTML file that shows a run: views, curves, k-NN, throughput, machine, what to do next."""

from fastpass.report.page import write_report

__all__ = ["write_report"]
