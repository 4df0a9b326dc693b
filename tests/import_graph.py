"""Who imports whom, folder by folder: ``python -m tests.import_graph`` prints it.

Every folder of ``fastpass`` and of ``csrc`` is a room. Rooms stand in a fixed order, and a file may
use its own room and those before it: no arrow points to the right. ``tests/test_architecture.py``
enforces this. A new folder gets its place in the lists below, after everything that it uses.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
NATIVE_SUFFIXES = {".h", ".cpp", ".cu", ".cuh"}

# "." is errors.py, types.py and _native.py. "x/__init__.py" is the face of a folder with folders in
# it: its public names and its commands; "__init__.py" is the face of fastpass. A file that has a
# place of its own is used by rooms that the rest of its folder uses. `curate` is first in
# the flow of data and last in the order of imports: it may use pack and decode, and only the
# command line uses it.
PYTHON_ORDER = [
    ".",
    "common",
    "testing.py",
    "pages",
    "pack",
    "decode",
    "augment",
    "augment/view_ops",
    "augment/recipes",
    "augment/__init__.py",
    "feed",
    "model",
    "train/config.py",
    "train/engine",
    "train/losses",
    "train/watch",
    "train/methods",
    "train/checkpoint",
    "train",
    "evaluate",
    "export",
    "synth",
    "report",
    "curate/hashes",
    "curate/search",
    "curate/check",
    "curate/dedup",
    "curate/filter",
    "curate/__init__.py",
    "backend_list",
    "__init__.py",
    "bench/peers",
    "bench",
    "cli.py",
    "__main__.py",
]
NATIVE_ORDER = [
    "common",
    "common/gpu",
    "pack",
    "decode/probe",
    "decode/syntax",
    "decode/seek",
    "decode/entropy",
    "decode/pixels",
    "decode",
    "decode/gpu",
    "augment",
    "augment/cpu",
    "augment/gpu",
    "feed",
    "plugins",
    "plugins/dali",
    "plugins/ffcv",
    "curate/hash",
    "curate/search",
    "curate/gpu",
    "bindings",
]

Graph = dict[str, set[str]]  # a file or a room -> what it uses


def python_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def native_files(folder: Path = ROOT / "csrc") -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in NATIVE_SUFFIXES)


def python_imports(path: Path) -> set[str]:
    """Absolute names of all modules and members that a file imports, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def modules_in_texts(path: Path) -> set[str]:
    """Modules named by texts ("fastpass.pack.commands:pack_command"), to be imported when used."""
    texts = [
        node.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return {name for text in texts for name in re.findall(r"^(fastpass[\w.]+)(?::\w+)?$", text)}


def native_includes(path: Path) -> list[str]:
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text(), re.MULTILINE)


def python_file_graph() -> Graph:
    """File -> files, both relative to fastpass/. A package stands for its __init__.py."""
    package = ROOT / "fastpass"
    files = {_module_name(path): path for path in python_files(package)}
    graph: Graph = {}
    for module, path in files.items():
        # Of a name that is no file, such as fastpass.types.CropBox, the file is its module.
        imported = python_imports(path)
        used = {name if name in files else name.rpartition(".")[0] for name in imported}
        used |= modules_in_texts(path)
        graph[str(path.relative_to(package))] = {
            str(files[name].relative_to(package)) for name in (used & files.keys()) - {module}
        }
    return graph


def program_graph(folder: Path) -> Graph:
    """Module -> modules of ``benchmarks`` or ``tests`` that it imports, by their base names."""
    files = {path.stem: path for path in python_files(folder)}
    return {
        stem: {
            part
            for name in python_imports(path)
            if not name.startswith("fastpass")
            for part in name.split(".")
        }.intersection(files)
        - {stem}
        for stem, path in files.items()
    }


def _module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def native_file_graph() -> Graph:
    """x.h and x.cpp together, without the suffix -> what they include, relative to csrc/."""
    graph: Graph = {}
    for path in native_files():
        unit = str(path.relative_to(ROOT / "csrc").with_suffix(""))
        used = {
            include.rpartition(".")[0]
            for include in native_includes(path)
            if (ROOT / "csrc" / include).exists() and Path(include).suffix in NATIVE_SUFFIXES
        }
        graph[unit] = graph.get(unit, set()) | (used - {unit})
    return graph


def python_room(file: str) -> str:
    if file in PYTHON_ORDER:
        return file
    folder, _, name = file.rpartition("/")
    if not folder:
        return "."
    face = f"{folder}/__init__.py"
    return face if name in {"__init__.py", "commands.py"} and face in PYTHON_ORDER else folder


def native_room(file: str) -> str:
    return file.rpartition("/")[0]


def rooms(files: Graph, room_of: dict[str, str]) -> Graph:
    """The graph of the rooms that the files lie in."""
    graph: Graph = {}
    for file, used in files.items():
        mine = room_of[file]
        graph.setdefault(mine, set()).update(room_of[other] for other in used)
        graph[mine].discard(mine)
    return graph


def python_rooms() -> Graph:
    files = python_file_graph()
    return rooms(files, {file: python_room(file) for file in files})


def native_rooms() -> Graph:
    files = native_file_graph()
    return rooms(files, {file: native_room(file) for file in files})


def unplaced(graph: Graph, order: list[str]) -> list[str]:
    """Rooms that have no place in the order."""
    return sorted(graph.keys() - set(order))


def arrows_to_the_right(graph: Graph, order: list[str]) -> list[str]:
    """ "room -> room it uses" wherever that one stands later."""
    place = {room: number for number, room in enumerate(order)}
    return sorted(
        f"{room} -> {other}"
        for room, used in graph.items()
        for other in used
        if place.get(other, len(order)) > place.get(room, len(order))
    )


def cycles(graph: Graph) -> list[str]:
    """ "a <-> b": groups of more than one node that all reach each other."""
    reached = {node: _reachable(graph, node) for node in graph}
    groups = {
        tuple(sorted(other for other in reached[node] if node in reached[other])) for node in graph
    }
    return sorted(" <-> ".join(group) for group in groups if len(group) > 1)


def _reachable(graph: Graph, start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - found
        found |= new
        waiting.extend(new)
    return found


def drawing(title: str, graph: Graph, order: list[str], files: Graph) -> str:
    """The rooms in their order, each with the rooms that it uses."""
    order = order + unplaced(graph, order)
    width = max(map(len, order))
    lines = [title]
    for room in order:
        used = [other for other in order if other in graph.get(room, ())]
        lines.append(f"  {room:{width}}  {'-> ' if used else ''}{', '.join(used)}".rstrip())
    faults = {
        "arrows to the right": arrows_to_the_right(graph, order),
        "cycles of folders": cycles(graph),
        "cycles of files": cycles(files),
    }
    lines += [f"  {name}: {'; '.join(found) or 'none'}" for name, found in faults.items()]
    return "\n".join(lines)


def main() -> None:
    print(drawing("fastpass/", python_rooms(), PYTHON_ORDER, python_file_graph()))
    print(drawing("csrc/", native_rooms(), NATIVE_ORDER, native_file_graph()))


if __name__ == "__main__":
    main()
