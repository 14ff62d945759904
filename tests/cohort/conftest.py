"""What tests of cohorts run on: programs, a worker in this process, and a dask scheduler with two workers."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import warnings

import pytest


@contextlib.contextmanager
def _process(*arguments, **options):
    started = subprocess.Popen([sys.executable, "-m", *map(str, arguments)], start_new_session=True, **options)
    try:
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait(20)


def _wait_for(happens, seconds):
    until = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < until, f"not within {seconds} s"
        time.sleep(0.01)


def _address(file):
    """The address in a scheduler's file; '' until the file is complete."""
    try:
        return json.loads(file.read_text())["address"]
    except (FileNotFoundError, json.JSONDecodeError):
        return ""


@contextlib.contextmanager
def _machines(folder):
    file = folder / "scheduler.json"
    with contextlib.ExitStack() as stack, (folder / "log").open("w") as log:
        options = {"stdout": log, "stderr": log, "cwd": folder}
        scheduler = ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", 0, "--no-dashboard"]
        worker = ["distributed.cli.dask_worker", "--scheduler-file", file, "--nthreads", 1, "--no-dashboard"]
        first = stack.enter_context(_process(*scheduler, "--scheduler-file", file, **options))
        others = [stack.enter_context(_process(*worker, "--host", "127.0.0.1", **options)) for _ in range(2)]
        _wait_for(lambda: _address(file), 30)
        yield _address(file), first, others


@pytest.fixture(scope="session")
def process():
    """Context manager: `python -m …` in its own process group, which is killed at the end."""
    return _process


@pytest.fixture(scope="session")
def wait_for():
    """Function that waits until a condition holds, and fails after some seconds."""
    return _wait_for


@pytest.fixture(scope="module")
def client():
    """A client of a worker in a thread of this process, so that a test can count opened files and interfere with it."""
    from distributed import Client, LocalCluster

    with contextlib.ExitStack() as stack:
        with warnings.catch_warnings():  # occurs on busy machines
            warnings.filterwarnings("ignore", "Creating scratch directories", UserWarning)
            cluster = LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0")
            stack.enter_context(cluster)
        yield stack.enter_context(Client(cluster, set_as_default=False))


@pytest.fixture
def machines(tmp_path):
    """Address and process of a dask scheduler, and its two worker processes, each with a nanny and one thread."""
    with _machines(tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A client of a dask scheduler with two worker processes."""
    from distributed import Client

    with (
        _machines(tmp_path_factory.mktemp("cluster")) as (address, *_),
        Client(address, set_as_default=False, timeout=30) as client,
    ):
        client.wait_for_workers(2, timeout=30)
        yield client
