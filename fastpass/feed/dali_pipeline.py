"""A DALI pipeline that a forked process leaves alone. Importing this imports DALI."""

from __future__ import annotations

import ctypes
import os
from typing import Any

from nvidia.dali import Pipeline


class OwnPipeline(Pipeline):  # type: ignore[misc]
    """Ends with the process that made it.

    A fork lacks the threads of the pipeline. DALI shuts all pipelines down when a process ends, and
    in a fork that waits for ever or crashes; so there, this one's native part is never freed.
    """

    _pipe: Any  # DALI's: the native part

    def __init__(self, **options: Any) -> None:
        self._process = os.getpid()
        super().__init__(**options)

    def _shutdown(self) -> None:
        """DALI calls this at the end of a process, and when nobody holds the pipeline any more."""
        if os.getpid() != self._process and self._pipe is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._pipe))
            self._pipe = None
        super()._shutdown()
