"""Ctrl-C of a program: one line and exit code 130, inside an import too."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from support.interrupted import interrupted

PROGRAM = """
import sys, time
from fastpass.common.interrupts import one_line_interrupts
with one_line_interrupts("program: interrupted"):
    {body}
{after}
"""


def _program(tmp_path: Path, body: str, after: str = "") -> list[object]:
    lines = "\n    ".join(body.splitlines())
    (tmp_path / "program.py").write_text(PROGRAM.format(body=lines, after=after))
    return [tmp_path / "program.py"]


_SLEEP = "import time\ntry:\n    time.sleep(30)\nexcept BaseException:\n    "


@pytest.mark.parametrize(
    "module",
    [_SLEEP + "time.sleep(30)", _SLEEP + "raise ImportError('half')", "while True: pass"],
    ids=["swallows", "converts", "computes"],
)
def test_inside_an_import_nothing_is_raised(tmp_path: Path, module: str) -> None:
    (tmp_path / "heavy.py").write_text(module)
    begin = time.monotonic()
    result = interrupted(_program(tmp_path, "print('begun')\nimport heavy"), 0.4)
    assert (result.returncode, result.stderr) == (130, "program: interrupted\n")
    assert result.stdout == "begun\n"
    assert time.monotonic() - begin < 20


def test_children_end_too(tmp_path: Path) -> None:
    """Else they complain of what their parent took along: semaphores, pipes."""
    (tmp_path / "heavy.py").write_text("import time\ntime.sleep(30)")
    body = (
        "import multiprocessing, os\n"
        "def work():\n"
        "    os.setsid()  # out of the reach of Ctrl-C\n"
        "    time.sleep(30)\n"
        "child = multiprocessing.get_context('fork').Process(target=work)\n"
        "child.start()\n"
        "print(child.pid, flush=True)\n"
        "import heavy"
    )
    begin = time.monotonic()
    result = interrupted(_program(tmp_path, body), 0.6)
    assert (result.returncode, result.stderr) == (130, "program: interrupted\n")
    assert time.monotonic() - begin < 20
    child = Path(f"/proc/{int(result.stdout)}/stat")
    while child.exists() and child.read_text().split()[2] != "Z":  # ended, and nobody asked
        assert time.monotonic() - begin < 20
        time.sleep(0.01)


def test_a_half_written_file_is_removed_after_the_import(tmp_path: Path) -> None:
    (tmp_path / "heavy.py").write_text("import time\ntime.sleep(0.8)\nprint('imported')")
    body = (
        "from fastpass.common.files import written_file\n"
        "with written_file(sys.argv[1]) as file:\n"
        "    file.write(b'half')\n"
        "    import heavy\n"
        "    time.sleep(30)\n"
    )
    (tmp_path / "out").mkdir()
    result = interrupted([*_program(tmp_path, body), tmp_path / "out" / "file"], 0.4)
    assert (result.returncode, result.stderr) == (130, "program: interrupted\n")
    assert result.stdout == "imported\n"
    assert os.listdir(tmp_path / "out") == []


def test_elsewhere_it_is_a_keyboard_interrupt(tmp_path: Path) -> None:
    body = "try:\n    time.sleep(30)\nfinally:\n    print('put away')"
    result = interrupted(_program(tmp_path, body), 0.3)
    assert (result.returncode, result.stderr) == (130, "program: interrupted\n")
    assert result.stdout == "put away\n"


def test_callbacks_of_the_interpreter_do_not_lose_it(tmp_path: Path) -> None:
    body = (
        "class Slow:\n"
        "    def __del__(self):\n"
        "        time.sleep(1)\n"
        "for _ in range(30):\n"
        "    Slow()\n"
    )
    result = interrupted(_program(tmp_path, body), 0.4)
    assert (result.returncode, result.stderr) == (130, "program: interrupted\n")


def test_while_the_interpreter_ends(tmp_path: Path) -> None:
    after = "import atexit\natexit.register(time.sleep, 30)\nprint('done')"
    result = interrupted(_program(tmp_path, "pass", after), 0.5)
    assert (result.returncode, result.stderr) == (130, "program: interrupted\n")
    assert result.stdout == "done\n"


def test_a_job_in_the_background_goes_on(tmp_path: Path) -> None:
    """Its shell has it ignore Ctrl-C, and Python leaves that as it is."""
    (tmp_path / "outer.py").write_text(
        "import signal, subprocess, sys\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "process = subprocess.Popen([sys.executable, sys.argv[1]], stdout=subprocess.PIPE)\n"
        "process.stdout.readline()\n"
        "process.send_signal(signal.SIGINT)\n"
        "sys.exit(process.wait())\n"
    )
    words = _program(tmp_path, "print('begun', flush=True)\ntime.sleep(1)")
    result = interrupted([tmp_path / "outer.py", *words], 60)
    assert (result.returncode, result.stderr) == (0, "")
