"""The rules of docs/architecture.md, read from imports, #include lines and the sizes of files."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from statistics import median

import pytest
from import_graph import (
    NATIVE_ORDER,
    PYTHON_ORDER,
    ROOT,
    Graph,
    arrows_to_the_right,
    cycles,
    native_file_graph,
    native_files,
    native_includes,
    native_rooms,
    program_graph,
    python_file_graph,
    python_files,
    python_imports,
    python_room,
    python_rooms,
    unplaced,
)
from support.code_size import Function, functions, lines, source_files

CUDA_FILES = re.compile(r"(_cuda\.cu|\.cuh|cuda_check\.h|cuda_module\.cpp)$")

# ---- one direction ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("graph", "order"),
    [(python_rooms(), PYTHON_ORDER), (native_rooms(), NATIVE_ORDER)],
    ids=["fastpass", "csrc"],
)
def test_every_folder_has_its_place(graph: Graph, order: list[str]) -> None:
    message = "give it a place in tests/import_graph.py, after all that it uses"
    assert not unplaced(graph, order), message


def test_no_arrow_points_to_the_right() -> None:
    found = arrows_to_the_right(python_rooms(), PYTHON_ORDER)
    found += arrows_to_the_right(native_rooms(), NATIVE_ORDER)
    assert not found, "imports against the order of tests/import_graph.py"


def test_no_cycle_between_folders_or_files() -> None:
    graphs = [python_rooms(), python_file_graph(), native_rooms(), native_file_graph()]
    graphs += [program_graph(ROOT / "benchmarks"), program_graph(ROOT / "tests")]
    found = {cycle for graph in graphs for cycle in cycles(graph)}
    assert not found, "these import each other"


@pytest.mark.parametrize("graph", [python_rooms(), native_rooms()], ids=["fastpass", "csrc"])
def test_curate_uses_pack_and_decode_alone(graph: Graph) -> None:
    """First in the flow of data, last in the order of imports."""
    allowed = {".", "common", "pages", "pack", "decode", "curate"}
    for room, used in graph.items():
        if room.startswith("curate/"):
            assert {other.split("/")[0] for other in used} <= allowed, room


def test_only_the_public_face_and_the_command_line_use_curate() -> None:
    for room, used in python_rooms().items():
        if room not in {"__init__.py", "cli.py"} and not room.startswith("curate/"):
            assert not [other for other in used if other.startswith("curate")], room


def test_the_cpu_and_the_gpu_know_nothing_of_each_other() -> None:
    """What both need stands above them."""
    for room, other in (("augment/gpu", "augment/cpu"), ("augment/cpu", "augment/gpu")):
        assert other not in native_rooms()[room]
    graph = native_file_graph()
    for name, used in graph.items():
        for own, other in (("feed/gpu_", "feed/cpu_"), ("feed/cpu_", "feed/gpu_")):
            assert not (name.startswith(own) and any(file.startswith(other) for file in used))


def test_model_knows_no_stage() -> None:
    assert python_rooms()["model"] <= {".", "common"}


def test_nothing_but_the_command_line_imports_bench() -> None:
    for file, used in python_file_graph().items():
        if file != "cli.py" and not file.startswith("bench/"):
            assert not [other for other in used if other.startswith("bench/")], file


def test_only_what_uses_native_code_imports_it_through_native_py() -> None:
    for path in python_files(ROOT / "fastpass"):
        if path.name != "_native.py":
            names = python_imports(path)
            assert not [name for name in names if re.match(r"fastpass\._(core|cuda)", name)], path


def test_the_order_names_no_folder_that_is_gone() -> None:
    assert set(PYTHON_ORDER) == python_rooms().keys()
    assert set(NATIVE_ORDER) == native_rooms().keys()


def test_a_drawing_of_it_can_be_printed() -> None:
    command = [sys.executable, "-m", "tests.import_graph"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "feed" in result.stdout
    assert result.stdout.count("cycles of files") == 2


def test_faults_would_be_found() -> None:
    graph = {"pack": set(), "decode": {"pack", "feed"}, "feed": {"decode"}, "new": {"pack"}}
    order = ["pack", "decode", "feed"]
    assert unplaced(graph, order) == ["new"]
    assert arrows_to_the_right(graph, order) == ["decode -> feed"]
    assert cycles(graph) == ["decode <-> feed"]
    assert python_room("augment/commands.py") == "augment/__init__.py"
    assert python_room("feed/loader.py") == "feed"


# ---- what is imported when -------------------------------------------------------------------


def _loaded_by(program: str, names: set[str]) -> list[str]:
    program = f"import sys; {program}; print([n for n in {sorted(names)!r} if n in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return result.stdout.strip().strip("[]").split()


def test_import_fastpass_needs_numpy_only() -> None:
    heavy = {"torch", "triton", "torchvision", "timm", "deepspeed", "nvidia", "ffcv", "numba"}
    heavy |= {"cv2", "PIL", "click", "rich", "matplotlib"}
    assert _loaded_by("import fastpass; fastpass.__all__", heavy) == []


def test_other_libraries_are_imported_when_they_are_measured() -> None:
    """Without them, `fastpass bench` still names them."""
    others = {"torch", "torchvision", "nvidia", "ffcv", "simplejpeg", "matplotlib"}
    modules = ("commands", "feed", "augment", "decode", "plot", "table")
    program = "import " + ", ".join(f"fastpass.bench.{name}" for name in modules)
    assert _loaded_by(program, others) == []


# ---- which headers go where ------------------------------------------------------------------


def test_python_headers_stay_in_bindings_and_torch_headers_out() -> None:
    for path in native_files():
        for include in native_includes(path):
            assert not include.startswith(("torch/", "ATen/", "c10/")), f"{path} includes {include}"
            if path.parent.name != "bindings":
                assert not include.startswith(("Python", "pybind11")), f"{path}: {include}"


def test_cuda_headers_stay_in_cuda_files() -> None:
    for path in native_files():
        if CUDA_FILES.search(path.name):
            continue
        for include in native_includes(path):
            assert not include.startswith(("cuda", "cub/", "nvjpeg")), f"{path} includes {include}"


def _all_includes(path: Path) -> set[str]:
    """What a header includes, directly or through other headers of ours."""
    found: set[str] = set()
    waiting = [path]
    while waiting:
        for include in set(native_includes(waiting.pop())) - found:
            found.add(include)
            if (ROOT / "csrc" / include).exists():
                waiting.append(ROOT / "csrc" / include)
    return found


def test_host_device_headers_include_little() -> None:
    """A header with FASTPASS_HD formulas includes <cstdint>, <cmath> and such headers only."""
    for path in native_files():
        if path.suffix != ".h" or path.name == "hd.h" or "FASTPASS_HD" not in path.read_text():
            continue
        for include in _all_includes(path):
            assert include in {"cstdint", "cmath"} or include.endswith(".h"), f"{path}: {include}"


def test_no_preprocessor_switch_round_a_body() -> None:
    """Optional features come and go as whole files; __CUDACC__ is tested in hd.h alone."""
    for path in native_files():
        if path.name == "hd.h":
            continue
        switches = re.findall(r"^\s*#\s*(?:el)?if\w*\s+(.*)", path.read_text(), re.MULTILINE)
        assert not [s for s in switches if "FASTPASS" in s or "CUDA" in s], path


def test_examples_use_the_public_names() -> None:
    for path in python_files(ROOT / "examples"):
        for name in python_imports(path):
            assert name == "fastpass" or not name.startswith("fastpass."), f"{path}: {name}"


def test_other_loaders_are_called_in_one_place() -> None:
    """Each library's best way of doing our work is written once, in fastpass/bench/peers.

    What plugs us into a library is called after it: fastpass/feed/dali*.py, ffcv*.py.
    """
    peers = ROOT / "fastpass" / "bench" / "peers"
    feed = ROOT / "fastpass" / "feed"
    plugs = {*feed.glob("dali*.py"), *feed.glob("ffcv*.py")}
    others = re.compile(r"(nvidia\.dali|ffcv|kornia|simplejpeg|torchvision\.transforms\.v2)\b")
    for path in [*python_files(ROOT / "fastpass"), *python_files(ROOT / "benchmarks")]:
        found = {name for name in python_imports(path) if others.match(name)}
        assert not found or path.parent == peers or path in plugs, f"{path} imports {found}"


def test_benchmarks_do_not_reach_into_native_code() -> None:
    for path in python_files(ROOT / "benchmarks"):
        for name in python_imports(path):
            assert not re.match(r"fastpass\._(native|core|cuda)", name), f"{path} imports {name}"


def test_tests_reach_native_code_in_one_way() -> None:
    for path in python_files(ROOT / "tests"):
        for name in python_imports(path):
            assert not re.match(r"fastpass\._(core|cuda)", name), f"{path} imports {name}"


# ---- sizes -----------------------------------------------------------------------------------

SOURCES = source_files(ROOT)
PARTS = ["csrc", "fastpass", "benchmarks", "tests"]


@cache
def _all_functions() -> list[Function]:
    return [function for path in SOURCES for function in functions(ROOT / path)]


def test_no_folder_has_more_than_40_files() -> None:
    sizes = Counter(path.parent for path in SOURCES)
    assert not {str(folder): size for folder, size in sizes.items() if size > 40}


def test_no_file_has_more_than_400_lines() -> None:
    found = {str(path) for path in SOURCES if lines(ROOT / path) > 400}
    assert not found, "too long, divide them"


def test_no_function_has_more_than_80_lines() -> None:
    found = [(str(f.path.relative_to(ROOT)), f.name) for f in _all_functions() if f.lines > 80]
    assert not found, "too long, divide them"


@pytest.mark.parametrize("part", PARTS)
def test_the_median_file_and_function_are_small(part: str) -> None:
    files = [lines(ROOT / path) for path in SOURCES if path.parts[0] == part]
    inside = ROOT / part
    sizes = [function.lines for function in _all_functions() if inside in function.path.parents]
    assert len(sizes) > 200, "the functions of this part were not found"
    assert median(files) <= 110
    assert median(sizes) <= 9


def test_no_drawer_for_everything() -> None:
    for path in SOURCES:
        assert path.stem not in {"utils", "util", "helpers", "helper", "misc", "common2"}, path


def test_no_two_test_files_have_one_name() -> None:
    """pytest imports them by their base names, and refuses the second one."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert len(names) == len(set(names)), sorted(n for n in names if names.count(n) > 1)
