"""Who runs independent tasks: processes of this machine, or Ray. All else is the same."""

from __future__ import annotations

import inspect
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Protocol

from fastpass.common.command_line import hush_pillow
from fastpass.errors import MissingBackend, OutOfMemory

Task = tuple[Any, ...]  # the arguments of a function that can be imported; small, and picklable


class TaskRunner(Protocol):
    """Runs independent tasks, and says when each is done."""

    def run(
        self, function: Callable[..., None], tasks: Sequence[Task], on_done: Callable[[int], None]
    ) -> None:
        """Call ``function(*task)`` for every task, in any order; ``on_done`` hears how many are."""
        ...


def _start_worker() -> None:
    """Ctrl-C is for the parent, and who has lost it ends: else workers would wait for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    hush_pillow()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


@contextmanager
def _ctrl_c_waits() -> Iterator[None]:
    """Ctrl-C inside the block comes after it; processes started in it begin with it blocked.

    Blocking is not enough for ourselves: the signal may reach another thread, and Python then
    interrupts the main one, in the middle of starting a process.
    """
    is_main = threading.current_thread() is threading.main_thread()
    came: list[int] = []
    handler = signal.getsignal(signal.SIGINT)
    if is_main:
        signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if is_main:
            signal.signal(signal.SIGINT, handler)
    if came and callable(handler):
        # Not the frame where it came: an import may have been running there.
        handler(came[0], inspect.currentframe())


@contextmanager
def _worker_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that have ended when the block is left, however it is left."""
    # Not fork: the parent may have threads.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)
    processes: list[multiprocessing.process.BaseProcess] = []
    try:
        yield pool
        processes = [*pool._processes.values()]
        pool.shutdown()  # some may still be starting, when the others have done all tasks
    except BaseException:  # what the others are at is not waited for
        for process in processes or [*pool._processes.values()]:
            process.terminate()
        pool.shutdown(cancel_futures=True)
        raise


class LocalRunner:
    """A pool of processes; none for a single worker."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def run(
        self, function: Callable[..., None], tasks: Sequence[Task], on_done: Callable[[int], None]
    ) -> None:
        if self._workers == 1 or len(tasks) < 2:
            for done, task in enumerate(tasks, 1):
                function(*task)
                on_done(done)
            return
        try:
            with _worker_pool(min(self._workers, len(tasks))) as pool:
                with _ctrl_c_waits():
                    waiting = [pool.submit(function, *task) for task in tasks]
                for done, future in enumerate(as_completed(waiting), 1):
                    future.result()
                    on_done(done)
        except BrokenProcessPool as error:
            raise OutOfMemory(
                "a worker process was killed, most likely for want of memory: use fewer "
                "threads, and run the same command again to go on"
            ) from error


class RayRunner:
    """An existing Ray cluster (RAY_ADDRESS), else one on this machine, for as long as we run.

    Every node must see the source and the output folder under the same paths.
    """

    def __init__(self, workers: int) -> None:
        try:
            import ray
        except ModuleNotFoundError as error:
            raise MissingBackend(
                "backend 'ray' needs the package ray: pip install 'fastpass[ray]'"
            ) from error
        self._ray = ray
        self._workers = workers

    def run(
        self, function: Callable[..., None], tasks: Sequence[Task], on_done: Callable[[int], None]
    ) -> None:
        ray = self._ray
        is_ours = not ray.is_initialized()
        try:
            if is_ours:
                self._start()
            remote = ray.remote(num_cpus=1)(function)
            waiting = [remote.remote(*task) for task in tasks]
            done = 0
            while waiting:
                ready, waiting = ray.wait(waiting)
                for result in ready:
                    ray.get(result)
                    done += 1
                    on_done(done)
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None  # what the task raised, without Ray's own pages
        except ray.exceptions.RayError as error:
            raise MissingBackend(f"Ray has failed: {error}; take --backend local") from error
        finally:
            if is_ours:
                ray.shutdown()

    def _start(self) -> None:
        address = os.environ.get("RAY_ADDRESS")
        options: dict[str, Any] = {"address": address} if address else {"num_cpus": self._workers}
        try:
            self._ray.init(include_dashboard=False, log_to_driver=False, **options)
        except Exception as error:  # of many kinds: no cluster, no port, no time
            where = f"at {address}" if address else "on this machine"
            raise MissingBackend(
                f"no Ray {where}: {error}; set RAY_ADDRESS to a cluster, or take --backend local"
            ) from error


def make_runner(name: str, workers: int) -> TaskRunner:
    return RayRunner(workers) if name == "ray" else LocalRunner(workers)
