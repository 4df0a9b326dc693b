"""scripts/demo.sh: every stage once, in order; what is finished and unchanged is not done again."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "demo.sh"
STAGES = ["data", "index", "train", "knn", "knn-pixels"]

# Stands in for fastpass and deepspeed: notes its arguments, and fails when it is told to.
STUB = """#!/bin/sh
echo "$(basename "$0") $*" >>calls
case "$*" in
  *"${FAIL_AT:-nothing}"*) echo half >runs/demo/train/half; exit 1 ;;
  synth*) mkdir -p runs/demo/data && touch runs/demo/data/train-000000.tar ;;
  *train.py*) [ ! -e runs/demo/train ] || exit 9; mkdir runs/demo/train ;;
esac
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "scripts").mkdir()
    shutil.copy(SCRIPT, tmp_path / "scripts")
    for folder in ("fastpass", "csrc", "configs"):
        (tmp_path / folder).mkdir()
    (tmp_path / "train.py").write_text("")
    (tmp_path / "configs" / "dino_demo.toml").write_text("")
    commands = tmp_path / ".venv" / "bin"
    commands.mkdir(parents=True)
    for name, text in (("fastpass", STUB), ("deepspeed", STUB), ("python", "#!/bin/sh\necho 2\n")):
        (commands / name).write_text(text)
        (commands / name).chmod(0o755)
    return tmp_path


def _demo(project: Path, **environment: str) -> tuple[int, list[str], str]:
    """(exit code, the commands it ran, what it printed)."""
    calls = project / "calls"
    calls.unlink(missing_ok=True)
    done = subprocess.run(
        [project / "scripts" / "demo.sh"], env={**os.environ, **environment}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
    )  # fmt: skip
    lines = calls.read_text().splitlines() if calls.exists() else []
    return done.returncode, [line.split()[1] for line in lines], done.stdout


FIRST_WORDS = ["synth", "index", "--num_accelerators", "evaluate", "evaluate", "report"]


def test_all_stages_run_once_and_are_reused(project: Path) -> None:
    code, words, output = _demo(project)
    assert (code, words) == (0, FIRST_WORDS), output
    code, words, output = _demo(project)
    assert (code, words) == (0, ["report"]), output
    assert all(f"== {stage}: done before" in output for stage in STAGES)


def test_another_recipe_starts_over(project: Path) -> None:
    _demo(project)
    (project / "configs" / "dino_demo.toml").write_text("[train]\n")
    code, words, output = _demo(project)
    assert (code, words) == (0, FIRST_WORDS), output


def test_force_starts_over(project: Path) -> None:
    _demo(project)
    assert _demo(project, FORCE="1")[:2] == (0, FIRST_WORDS)


def test_a_failed_stage_stops_the_demo_and_is_done_anew(project: Path) -> None:
    code, words, output = _demo(project, FAIL_AT="--features pixels")
    assert (code, words) == (1, FIRST_WORDS[:-1]), output
    code, words, output = _demo(project)
    assert (code, words) == (0, ["evaluate", "report"]), output


def test_a_changed_early_stage_redoes_the_later_ones(project: Path) -> None:
    _demo(project)
    (project / "runs" / "demo" / "done" / "index").write_text("another command\n")
    assert _demo(project)[:2] == (0, FIRST_WORDS[1:])


def test_the_noted_commands_can_be_typed_again(project: Path) -> None:
    _demo(project)
    lines = (project / "runs" / "demo" / "commands.txt").read_text().splitlines()
    words = shlex.split(lines[2])
    assert words[:3] == ["deepspeed", "--num_accelerators", "2"]
    assert "'runs/demo/data/train-*.tar'" in lines[2]
    assert len(lines) == len(STAGES)


def test_a_folder_of_somebody_is_refused(project: Path) -> None:
    mine = project / "mine" / "data" / "thesis.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    code, words, output = _demo(project, RUN_DIR="mine")
    assert (code, words) == (1, [])
    assert "mine has content, but not of a demo" in output
    assert mine.read_text() == "mine"
