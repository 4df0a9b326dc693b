"""The dependency rules of docs/architecture.md, read from the imports and #include lines."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# In the order of imports. `curate` is first in the flow of data and last here: it may use pack and
# decode, and only the command line uses it.
STAGES = ["pack", "decode", "augment", "feed", "train", "evaluate", "export", "curate"]
CUDA_FILES = re.compile(r"(_cuda\.cu|\.cuh|cuda_check\.h|cuda_module\.cpp)$")


def _python_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def _imports(path: Path) -> set[str]:
    """Absolute names of all modules that a file imports, at any depth of nesting."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def _stage_imports(stage: str) -> set[str]:
    found: set[str] = set()
    for path in _python_files(ROOT / "fastpass" / stage):
        for name in _imports(path):
            parts = name.split(".")
            if parts[0] == "fastpass" and len(parts) > 1:
                found.add(parts[1])
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_no_python_stage_imports_a_stage_to_its_right(stage: str) -> None:
    right = set(STAGES[STAGES.index(stage) + 1 :])
    assert not _stage_imports(stage) & right


def test_curate_uses_pack_and_decode_alone() -> None:
    assert _stage_imports("curate") & set(STAGES) <= {"pack", "decode", "curate"}


def test_no_stage_imports_what_puts_stages_together() -> None:
    for stage in STAGES:
        assert not _stage_imports(stage) & {"backend_list", "cli"}


def test_model_knows_no_stage() -> None:
    assert not _stage_imports("model") & set(STAGES)


def test_pages_know_no_stage() -> None:
    assert not _stage_imports("pages") & {*STAGES, "report"}


def test_nothing_but_the_command_line_imports_bench() -> None:
    for path in _python_files(ROOT / "fastpass"):
        if path.parent == ROOT / "fastpass" and path.name == "cli.py":
            continue
        if ROOT / "fastpass" / "bench" not in path.parents:
            used = [name for name in _imports(path) if name.startswith("fastpass.bench")]
            assert not used, f"{path} imports {used}"


def test_bench_peers_are_imported_when_they_are_measured() -> None:
    """Without them, `fastpass bench` still names them."""
    peers = {"torch", "torchvision", "nvidia", "ffcv", "simplejpeg", "matplotlib"}
    program = (
        "import sys, fastpass.bench.commands, fastpass.bench.feed, fastpass.bench.augment,"
        "fastpass.bench.decode, fastpass.bench.plot, fastpass.bench.table;"
        f"print([name for name in {sorted(peers)!r} if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_only_native_py_imports_the_native_modules() -> None:
    for path in _python_files(ROOT / "fastpass"):
        if path.name == "_native.py":
            continue
        native = {name for name in _imports(path) if re.fullmatch(r"fastpass\._(core|cuda)", name)}
        assert not native, f"{path} imports {native}"


def test_import_fastpass_needs_numpy_only() -> None:
    heavy = (
        "torch triton torchvision timm deepspeed nvidia ffcv numba cv2 PIL click rich matplotlib"
    )
    program = (
        "import sys, fastpass; fastpass.__all__;"
        f"print([name for name in {heavy.split()!r} if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def _includes(path: Path) -> list[str]:
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text(), re.MULTILINE)


def _native_files() -> list[Path]:
    return sorted(
        path for path in (ROOT / "csrc").rglob("*") if path.suffix in {".h", ".cpp", ".cu", ".cuh"}
    )


def test_no_native_stage_includes_a_stage_to_its_right() -> None:
    for path in _native_files():
        stage = path.relative_to(ROOT / "csrc").parts[0]
        if stage not in STAGES:
            continue
        right = STAGES[STAGES.index(stage) + 1 :]
        if stage == "curate":
            right = [name for name in STAGES if name not in {"pack", "decode", "curate"}]
        for include in _includes(path):
            assert include.split("/")[0] not in right, f"{path} includes {include}"


def test_common_includes_no_stage() -> None:
    for path in (ROOT / "csrc" / "common").rglob("*.*"):
        for include in _includes(path):
            assert include.split("/")[0] not in STAGES, f"{path} includes {include}"


def test_python_headers_stay_in_bindings_and_torch_headers_out() -> None:
    for path in _native_files():
        for include in _includes(path):
            assert not include.startswith(("torch/", "ATen/", "c10/")), f"{path} includes {include}"
            if path.parent.name != "bindings":
                assert not include.startswith(("Python", "pybind11")), f"{path}: {include}"


def test_cuda_headers_stay_in_cuda_files() -> None:
    for path in _native_files():
        if CUDA_FILES.search(path.name):
            continue
        for include in _includes(path):
            assert not include.startswith(("cuda", "cub/", "nvjpeg")), f"{path} includes {include}"


def _all_includes(path: Path) -> set[str]:
    """What a header includes, directly or through other headers of ours."""
    found: set[str] = set()
    waiting = [path]
    while waiting:
        for include in set(_includes(waiting.pop())) - found:
            found.add(include)
            if (ROOT / "csrc" / include).exists():
                waiting.append(ROOT / "csrc" / include)
    return found


def test_host_device_headers_include_little() -> None:
    """A header with FASTPASS_HD formulas includes <cstdint>, <cmath> and such headers only."""
    for path in _native_files():
        if path.suffix != ".h" or path.name == "hd.h" or "FASTPASS_HD" not in path.read_text():
            continue
        for include in _all_includes(path):
            assert include in {"cstdint", "cmath"} or include.endswith(".h"), f"{path}: {include}"


def test_no_preprocessor_switch_round_a_body() -> None:
    """Optional features come and go as whole files; __CUDACC__ is tested in hd.h alone."""
    for path in _native_files():
        if path.name == "hd.h":
            continue
        switches = re.findall(r"^\s*#\s*if\w*\s+(.*)", path.read_text(), re.MULTILINE)
        assert not [s for s in switches if "FASTPASS" in s or "CUDA" in s], path


def test_benchmarks_and_tests_use_the_public_face() -> None:
    for folder in ("benchmarks", "tests", "examples"):
        for path in _python_files(ROOT / folder):
            for name in _imports(path):
                assert not re.match(r"fastpass\._(core|cuda)", name), f"{path} imports {name}"


def test_files_stay_small() -> None:
    for path in [*_native_files(), *_python_files(ROOT / "fastpass")]:
        assert len(path.read_text().splitlines()) <= 450, f"{path} is too long: divide it"


def test_no_drawer_for_everything() -> None:
    for path in [*_native_files(), *_python_files(ROOT / "fastpass")]:
        assert path.stem not in {"utils", "util", "helpers", "helper", "misc", "common2"}, path
