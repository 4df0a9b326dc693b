"""Ctrl-C of a program: one line and exit code 130, whenever it comes. Light: it is imported first.

Python raises KeyboardInterrupt wherever the main thread happens to be. In the middle of an import
that ends badly: NumPy, torch and Cython's modules swallow it, make an ImportError of it, or stay
half initialized. In a callback of the interpreter (``__del__``) it is printed and forgotten. There
the program ends at once. Only where a file is half written, the interrupt waits until the import is
over, and is raised then.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from contextlib import contextmanager, suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType
    from typing import NoReturn

EXIT_CODE_OF_CTRL_C = 130
INTERRUPTED = "fastpass: interrupted; nothing half-written is left"

_SECONDS_TO_NEXT_TRY = 0.02
_SHOW_CURSOR = b"\x1b[?25h"  # a progress bar hides it

_unfinished: dict[str, int] = {}  # temporary file or folder -> the process that writes it


@contextmanager
def unfinished(path: str | os.PathLike[str]) -> Iterator[None]:
    """What is at ``path`` is removed at the end of the block, however the program ends."""
    name = os.fspath(path)
    _unfinished[name] = os.getpid()
    try:
        yield
    finally:
        _remove(name)
        del _unfinished[name]


@atexit.register
def _remove_unfinished() -> None:
    """What an interrupt between two instructions, or a second one, kept from being removed."""
    for name, process in [*_unfinished.items()]:
        if process == os.getpid():
            _remove(name)


def _remove(name: str) -> None:
    if os.path.isdir(name) and not os.path.islink(name):
        import shutil  # whoever makes folders has done so, too

        shutil.rmtree(name, ignore_errors=True)
    else:
        with suppress(OSError):
            os.unlink(name)


@contextmanager
def one_line_interrupts(text: str) -> Iterator[None]:
    """Run a program: an interrupt says ``text`` and ends it with exit code 130.

    Outside of imports it is a KeyboardInterrupt, as ever, and what the program has begun is put
    away first. An interrupt after the block ends the program too. Where interrupts are ignored
    (``nohup``, a job in the background), they stay so.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    interrupts = _Interrupts(text)
    # Runs late, as one of the first to be registered. From then on Python would take no interrupts,
    # and one would kill a process whose work is done.
    atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, interrupts.handle)
    signal.signal(signal.SIGINT, interrupts.handle)
    sys.unraisablehook = interrupts.handle_unraisable
    try:
        yield
    except KeyboardInterrupt:
        interrupts.say_so()
        raise SystemExit(EXIT_CODE_OF_CTRL_C) from None
    finally:
        interrupts.is_over = True


class _Interrupts:
    def __init__(self, text: str) -> None:
        self._line = f"{text}\n".encode()
        self.is_over = False  # nobody is left who would catch a KeyboardInterrupt

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Of the signal, and of the timer that repeats it."""
        if not self.is_over and not _is_importing(frame):
            raise KeyboardInterrupt
        self._end_or_wait()

    def handle_unraisable(self, what: sys.UnraisableHookArgs) -> None:
        """An interrupt inside a callback of the interpreter would be printed and forgotten."""
        if what.exc_type is KeyboardInterrupt:
            self._end_or_wait()
        else:
            sys.__unraisablehook__(what)

    def _end_or_wait(self) -> None:
        if _unfinished and not self.is_over:
            signal.setitimer(signal.ITIMER_REAL, _SECONDS_TO_NEXT_TRY)
        else:
            self._end()

    def say_so(self) -> None:
        with suppress(OSError):
            os.write(2, _SHOW_CURSOR * os.isatty(2) + self._line)

    def _end(self) -> NoReturn:
        _end_children()
        _remove_unfinished()
        with suppress(Exception):  # it may be in use, or gone
            sys.stdout.flush()
        self.say_so()
        os._exit(EXIT_CODE_OF_CTRL_C)


def _end_children() -> None:
    """Processes begun by multiprocessing, which would complain that their parent has gone."""
    multiprocessing = sys.modules.get("multiprocessing.process")
    with suppress(Exception):  # it may be half imported, or in the middle of starting one
        for child in multiprocessing.active_children():  # type: ignore[union-attr]
            child.kill()


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False
