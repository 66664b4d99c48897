"""Tasks over cores: how many, in which order, and with how many BLAS threads."""

import os
import threading

import joblib
import numpy as np
import pytest
from places import where
from threadpoolctl import ThreadpoolController, threadpool_limits

from sknorms._parallel import effective_jobs, run_tasks, single_threaded_blas


def blas_threads(task=None):
    del task
    libraries = ThreadpoolController().select(user_api="blas").info()
    # Some systems have a BLAS that nobody can limit; it counts as one thread.
    return max((library["num_threads"] for library in libraries), default=1)


# ---- how many ----


@pytest.mark.parametrize("n_jobs", [1, 2, 7])
def test_a_number_means_itself(n_jobs):
    assert effective_jobs(n_jobs) == n_jobs


def test_negative_numbers_count_from_the_cores():
    cores = joblib.cpu_count()
    assert effective_jobs(-1) == cores
    assert effective_jobs(-2) == max(1, cores - 1)


@pytest.mark.parametrize("threads", [1, 2])
def test_none_means_what_blas_would_use(threads):
    with threadpool_limits(threads, user_api="blas"):
        assert effective_jobs(None) == blas_threads() <= threads


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_none_means_what_the_caller_configured(backend):
    with joblib.parallel_config(backend=backend, n_jobs=3):
        assert effective_jobs(None) == 3
        assert effective_jobs(2) == 2


def test_none_inside_a_task_means_one():
    with threadpool_limits(2, user_api="blas"):
        inner = joblib.Parallel(n_jobs=2, backend="threading")(
            joblib.delayed(effective_jobs)(None) for _ in range(4)
        )
    assert inner == [1] * 4


def test_none_inside_a_process_means_one_or_its_share_of_blas():
    inner = joblib.Parallel(n_jobs=2, backend="loky")(
        joblib.delayed(effective_jobs)(None) for _ in range(2)
    )
    assert inner == [1, 1]


def test_no_jobs_at_all_is_an_error():
    with pytest.raises(ValueError, match="n_jobs"):
        effective_jobs(0)


# ---- running them ----


@pytest.mark.parametrize("n_jobs", [None, 1, 2, 5, -1])
@pytest.mark.parametrize("n_tasks", [0, 1, 2, 23])
def test_results_come_in_the_order_of_the_tasks(n_jobs, n_tasks):
    assert run_tasks(str, iter(range(n_tasks)), n_jobs) == [
        str(task) for task in range(n_tasks)
    ]


def test_one_job_stays_in_the_calling_thread():
    here = (os.getpid(), threading.get_ident())
    assert {found[1:] for found in run_tasks(where, range(5), 1)} == {here}


def test_tasks_run_in_threads_of_this_process():
    barrier = threading.Barrier(2)

    def meet(task):
        barrier.wait(timeout=30)  # passes only if two tasks run at a time
        return where(task)[1:]

    found = run_tasks(meet, range(2), 2)
    assert {process for process, _ in found} == {os.getpid()}
    assert len({thread for _, thread in found}) == 2


def test_the_backend_of_the_caller_is_used():
    with joblib.parallel_config(backend="loky", n_jobs=2):
        processes = {found[1] for found in run_tasks(where, range(4), 2)}
    assert os.getpid() not in processes


@pytest.mark.parametrize("backend", ["threading", "loky", "multiprocessing"])
def test_tasks_that_share_memory_run_in_threads_under_any_backend(backend):
    written = np.zeros(6)

    def write(task):
        written[task] = task + 1

    with joblib.parallel_config(backend=backend, n_jobs=2):
        run_tasks(write, range(6), 2, shared_memory=True)
    np.testing.assert_array_equal(written, [1, 2, 3, 4, 5, 6])


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_error_in_a_task_reaches_the_caller(n_jobs):
    def fail(task):
        raise ValueError(f"task {task}")

    with pytest.raises(ValueError, match=r"task \d"):
        run_tasks(fail, range(3), n_jobs)


# ---- BLAS ----


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_blas_has_one_thread_inside_tasks(n_jobs):
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        assert run_tasks(blas_threads, range(3), n_jobs) == [1, 1, 1]
        assert blas_threads() == before


def test_blas_gets_its_threads_back_after_an_error():
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with pytest.raises(ZeroDivisionError):
            run_tasks(lambda task: 1 / task, [0], 1)
        assert blas_threads() == before


def test_limits_nest():
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with single_threaded_blas():
            with single_threaded_blas():
                assert blas_threads() == 1
            assert blas_threads() == 1
        assert blas_threads() == before


def test_tasks_may_run_tasks():
    def outer(task):
        return sum(run_tasks(int, range(task), 2))

    assert run_tasks(outer, range(5), 2) == [0, 0, 1, 3, 6]
