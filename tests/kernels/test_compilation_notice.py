"""The message on standard error when code is compiled."""

import os
import subprocess
import sys

import pytest

from bitbox_xr.kernels import compilation_notice
from bitbox_xr.kernels.compilation_notice import CACHED, MESSAGE, NOT_CACHED

CORRELATIONS = MESSAGE.format(task="correlations", how_often=CACHED)
PROGRAM = """
import numpy as np
import bitbox_xr as bx

x, y = (bx.signals(values, fps=30) for values in np.random.default_rng(0).normal(size=(2, 900, 2)))
bx.imitation(x, y, width=1)
bx.coordination(x, y, width=1)
"""
SIGNIFICANCE = PROGRAM.replace("imitation(x, y,", "significance(x, y, n=19, progress=False,").replace(
    "bx.coord", "0 and bx.coord"
)


def _stderr(program, cache):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr


@pytest.mark.slow
def test_the_first_call_says_once_that_it_compiles(tmp_path):
    assert _stderr(PROGRAM, tmp_path) == CORRELATIONS
    assert _stderr(PROGRAM, tmp_path) == ""


@pytest.mark.slow
def test_no_message_without_progress(tmp_path):
    assert _stderr(SIGNIFICANCE, tmp_path) == ""


def _say(monkeypatch, capsys, silenced=0, worker=False):
    state = compilation_notice._State()
    state.silenced = silenced
    monkeypatch.setattr(compilation_notice, "_state", state)
    monkeypatch.setattr("multiprocessing.parent_process", lambda: object() if worker else None)
    compilation_notice._say()
    compilation_notice._say()
    return capsys.readouterr().err


def test_the_message_is_written_once(monkeypatch, capsys):
    assert _say(monkeypatch, capsys) == MESSAGE.format(task="this measure", how_often=CACHED)


def test_the_message_names_the_task_and_says_if_code_is_not_cached(monkeypatch, capsys):
    monkeypatch.setattr(compilation_notice, "_state", compilation_notice._State())
    for module in ("bitbox_xr.kernels.correlation.tiles", "bitbox_xr.kernels.p_values", "bitbox_xr.kernels.activity"):
        compilation_notice.started(module)
        compilation_notice._say()
        compilation_notice.finished()
        compilation_notice.not_cached()
    tasks = (("correlations", CACHED), ("tests", NOT_CACHED))
    assert capsys.readouterr().err == "".join(MESSAGE.format(task=task, how_often=how) for task, how in tasks)


@pytest.mark.parametrize("options", [{"silenced": 1}, {"worker": True}])
def test_no_message_in_workers_and_where_it_is_silenced(monkeypatch, capsys, options):
    assert _say(monkeypatch, capsys, **options) == ""


def test_code_that_compiles_fast_starts_and_stops_the_clock(monkeypatch, capsys):
    monkeypatch.setattr(compilation_notice, "_state", compilation_notice._State())
    compilation_notice.started()
    assert compilation_notice._state.timer is not None
    compilation_notice.finished()
    assert compilation_notice._state.timer is None
    assert capsys.readouterr().err == ""
