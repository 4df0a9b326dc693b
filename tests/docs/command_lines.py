"""Parses the commands of a page without running them: programs, options and values must exist."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import click
from doc_pages import ROOT, Block

# Programs of other people, whose options are not ours to know.
FOREIGN = {"source", "cd", "git", "pip", "ncu", "ls", "export", "cmake", "mkdir", "xargs"}


def check_commands(block: Block) -> None:
    """Raises AssertionError naming the place of a command that we do not have."""
    for words in commands(block.text):
        try:
            _check(words)
        except (click.ClickException, AssertionError) as error:
            message = error.format_message() if isinstance(error, click.ClickException) else error
            raise AssertionError(f"{block.place}: {shlex.join(words)}: {message}") from error


def commands(text: str) -> list[list[str]]:
    """The words of each command, without comments, variables in front, pipes and redirections."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(re.sub(r"\s\[[^\]]*\]", "", line), comments=True)
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words = words[1:]
        if words:
            found.append(words)
    return found


def _check(words: list[str]) -> None:
    program, *rest = words
    if program == "fastpass":
        from fastpass.cli import cli

        _parse(cli, rest)
    elif program in ("python", "deepspeed", "torchrun", "accelerate"):
        _check_program(words)
    elif program == "make":
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M)
        assert set(rest) <= set(targets), f"the Makefile has {', '.join(targets)}"
    else:
        assert program in FOREIGN or program.startswith("build/"), f"{program} is unknown here"


def _parse(command: click.Command, words: list[str]) -> None:
    """As click would, sub-command by sub-command; nothing is called."""
    context = command.make_context(command.name, list(words), resilient_parsing=False)
    while isinstance(command, click.Group):
        rest = [*context._protected_args, *context.args]
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None, name
        command = found
        context = command.make_context(name, list(rest), parent=context)


def _check_program(words: list[str]) -> None:
    if "-m" in words[:2]:
        place = words.index("-m")
        _check_module(words[place + 1], words[place + 2 :])
        return
    if "-c" in words[:2]:
        compile(words[words.index("-c") + 1], "command", "exec")
        return
    script = next((word for word in words if word.endswith(".py")), None)
    assert script is not None, "no program"
    assert (ROOT / script).exists(), f"{script} is not there"
    _check_options(_help_of(script), words[words.index(script) + 1 :])


def _check_module(name: str, words: list[str]) -> None:
    if not name.startswith(("benchmarks.", "tests.")):
        return
    sys.path.insert(0, str(ROOT))
    try:
        importlib.import_module("benchmarks")
        spec = importlib.util.find_spec(name)
    finally:
        sys.path.remove(str(ROOT))
    assert spec is not None, f"there is no {name}"
    assert spec.origin is not None, f"{name} is a folder"
    _check_options(Path(spec.origin).read_text(encoding="utf-8"), words)


@cache
def _help_of(script: str) -> str:
    return subprocess.run(
        [sys.executable, script, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def _check_options(known: str, words: list[str]) -> None:
    for word in words:
        if word.startswith("--"):
            assert word.partition("=")[0] in known, f"no option {word}"
