#!/usr/bin/env python3
"""Print the requirements of the given extras of pyproject.toml, one per line, without spaces."""

import sys
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
wanted = list(project["dependencies"])
for extra in sys.argv[1:]:
    wanted += project["optional-dependencies"][extra]
print("\n".join(requirement.replace(" ", "") for requirement in wanted))
