"""Tasks over cores: the only module that imports joblib and threadpoolctl.

One task is one block of query rows. Tasks run in threads, because the work inside
(matrix products, compiled kernels, NumPy on large blocks) releases the interpreter
lock, and BLAS is held to one thread inside, so that tasks and BLAS threads do not
multiply.
"""

import functools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from numbers import Integral
from typing import Any, TypeVar

import joblib
from joblib.parallel import ThreadingBackend, get_active_backend
from threadpoolctl import ThreadpoolController

from sknorms._progress import Report
from sknorms._validation import ParameterError

__all__ = ["effective_jobs", "run_tasks", "single_threaded_blas"]

Task = TypeVar("Task")
Result = TypeVar("Result")


@functools.cache
def _controller() -> ThreadpoolController:
    # Looking through the loaded libraries takes milliseconds, so it is done once.
    return ThreadpoolController()


def single_threaded_blas() -> AbstractContextManager[Any]:
    """Hold BLAS to one thread inside the block."""
    controller = _controller().select(user_api="blas")
    if len(controller) == 0:
        return nullcontext()
    limit: AbstractContextManager[Any] = controller.limit(limits=1)
    return limit


def effective_jobs(n_jobs: int | None) -> int:
    """Return how many threads to use for ``n_jobs``.

    A number means what it means in joblib. None means: what the caller's
    ``joblib.parallel_config`` says; outside of any, as many threads as BLAS would use
    here (all cores unless limited), which is what scikit-learn's own search does.
    """
    if n_jobs is not None:
        _check_jobs(n_jobs)
    jobs: int = joblib.effective_n_jobs(n_jobs)
    if n_jobs is not None or jobs > 1:
        return jobs
    backend, _ = get_active_backend()
    if backend.nesting_level:
        return 1
    blas = _controller().select(user_api="blas").info()
    return max((library["num_threads"] for library in blas), default=1)


def _check_jobs(n_jobs: Any) -> None:
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, Integral):
        raise ParameterError(
            f"n_jobs must be None or an integer; got {n_jobs!r} of type "
            f"{type(n_jobs).__name__}."
        )
    if n_jobs == 0:
        raise ParameterError(
            "n_jobs must not be 0: pass 1 for one thread, -1 for all cores, or None."
        )


def run_tasks(
    function: Callable[[Task], Result],
    tasks: Iterable[Task],
    n_jobs: int | None,
    *,
    shared_memory: bool = False,
    report: Report[Task] | None = None,
) -> list[Result]:
    """Apply ``function`` to every task and return the results in order.

    With ``shared_memory`` tasks may write to one array: they then run in threads
    whatever backend the caller's ``joblib.parallel_config`` names. A ``report`` hears
    of finished tasks in their order, in the calling thread.
    """
    tasks = list(tasks)
    jobs = min(effective_jobs(n_jobs), len(tasks))
    kind = {"require": "sharedmem"} if shared_memory else {"prefer": "threads"}
    with single_threaded_blas():
        if jobs <= 1:
            return _collected(map(function, tasks), tasks, report)
        backend, _ = get_active_backend(**kind)
        if isinstance(backend, ThreadingBackend):
            # Joblib would look for results every 10 ms only.
            with ThreadPoolExecutor(jobs) as threads:
                return _collected(threads.map(function, tasks), tasks, report)
        if report is not None and getattr(backend, "supports_return_generator", False):
            kind["return_as"] = "generator"
        run = joblib.Parallel(n_jobs=jobs, **kind)
        delayed = joblib.delayed(function)
        return _collected(run(delayed(task) for task in tasks), tasks, report)


def _collected(
    results: Iterable[Result], tasks: list[Task], report: Report[Task] | None
) -> list[Result]:
    return list(results if report is None else _reported(results, tasks, report))


def _reported(
    results: Iterable[Result], tasks: list[Task], report: Report[Task]
) -> Iterator[Result]:
    report.begin()
    try:
        for task, result in zip(tasks, results, strict=True):
            report.done(task)
            yield result
    except BaseException:
        report.fail()
        raise
