"""Warnings belong to their recording, whatever the threads; odd errors and names neither stop nor confuse a run."""

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pandas as pd
import pytest

from bitbox_xr.cohort import lost_workers, manifest, status
from bitbox_xr.core.errors import collected_warnings, warn


def test_warnings_are_collected_by_thread():
    together = Barrier(4)

    def collect(number):
        with collected_warnings() as messages:
            together.wait(timeout=10)
            warn(f"recording {number}")
            together.wait(timeout=10)
        return messages

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(collect, range(4))) == [[f"recording {k}"] for k in range(4)]
    with pytest.warns(UserWarning, match="afterwards"):
        warn("afterwards")


def test_a_message_with_bytes_that_are_not_utf8_can_be_saved():
    path = b"/data/\xe9tude/x.csv".decode("utf-8", "surrogateescape")
    message = status.error_message(FileNotFoundError(f"{path}: expected a file"))
    assert message.encode("utf-8").decode() == "/data/\\udce9tude/x.csv: expected a file"


def test_names_that_differ_only_in_unicode_form_are_refused():
    names = [unicodedata.normalize(form, "é") for form in ("NFC", "NFD")]
    assert names[0] != names[1]
    with pytest.raises(ValueError, match="1 fault|differ|expected names"):
        manifest.read(pd.DataFrame({"recording": names, "signals": ["a.csv", "b.csv"]}))


def test_a_task_that_raises_timeout_error_ends_with_it():
    from distributed import Client

    def late(number):
        raise TimeoutError(f"the disk of {number} does not answer")

    options = {"processes": False, "n_workers": 1, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
    with Client(set_as_default=False, **options) as client:
        ((number, error, died),) = lost_workers.task_results(client, late, [1])
    assert (number, str(error), died) == (0, "the disk of 1 does not answer", 0)
