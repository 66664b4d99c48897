"""Tasks that other processes can import: where a task runs.

Test modules have no name of their own there: their folder is called ``tests``, as are
the folders of tests that some libraries install beside the package.
"""

import os
import threading

__all__ = ["where"]


def where(task):
    """Return the task, and the process and the thread it runs in."""
    return task, os.getpid(), threading.get_ident()
