"""Benchmarks: ``python -m benchmarks.NAME`` prints a table and writes benchmarks/results/NAME.json.

The modules lie in folders by what they measure; a name is found in whichever folder it lies.
"""

from pathlib import Path

_FOLDERS = ("stages", "experiments", "gpu", "native")
__path__ += [str(Path(__file__).parent / folder) for folder in _FOLDERS]
