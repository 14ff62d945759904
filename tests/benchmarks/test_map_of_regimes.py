"""The map of regimes on a small grid: every implementation against a float64 oracle, and a run that is resumed."""

import itertools
import json
import sys

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import map_of_regimes
from regimes import Regime, bitbox_xr, grid, running_sums, sliding_windows

MAX_PRODUCTS = 3e6  # of the oracle, in one regime

SMALL_GRID = itertools.product((1, 2, 6, 17), (330,), (15, 33, 120), (1, 15, 150), (3, 15, 60))
CELLS = [
    regime for regime in itertools.starmap(Regime, SMALL_GRID) if regime.comparisons * regime.width <= MAX_PRODUCTS
]


def all_correlations(x, y, regime):
    """Pearson's r of every lag, window and pair, in float64: `(lag, window, x, y)`, lags from -L to 0."""

    def normalised(values, starts):
        windows = sliding_window_view(values, regime.width, axis=0)[starts]
        centred = windows - windows.mean(axis=-1, keepdims=True)
        return centred / np.linalg.norm(centred, axis=-1, keepdims=True)

    one = normalised(x, regime.starts)
    shifted = (normalised(y, regime.starts + lag) for lag in range(-regime.lag, 1))
    return np.stack([one @ other.transpose(0, 2, 1) for other in shifted])


@pytest.mark.parametrize("implementation", [bitbox_xr, sliding_windows, running_sums], ids=lambda f: f.__name__)
@pytest.mark.parametrize("regime", CELLS, ids=lambda r: "-".join(map(str, r)))
def test_each_cell_is_correct(regime, implementation):
    x, y = regime.recordings()
    corr, lag = implementation(x, y, regime)()
    exact = all_correlations(x, y, regime)
    assert corr.shape == lag.shape == exact.shape[1:]
    number = np.rint(lag).astype(int) + regime.lag
    np.testing.assert_allclose(lag, number - regime.lag, atol=1e-4)
    at_lag = np.take_along_axis(exact, number[None], axis=0)[0]
    np.testing.assert_allclose(corr, at_lag, atol=2e-6)
    assert np.all(np.abs(at_lag) >= np.abs(exact).max(axis=0) - 5e-6)


def test_the_small_grid_has_all_kinds_of_windows():
    assert len(CELLS) > 60
    assert {cell.signals for cell in CELLS} == {1, 2, 6, 17}
    assert {cell.width > cell.step for cell in CELLS} == {True, False}


def test_the_grid_is_that_of_the_documentation():
    assert len(grid()) == len(set(grid())) == 1152
    assert min(cell.windows for cell in grid()) == 1


def test_an_interrupted_run_continues_and_draws(tmp_path, monkeypatch, capsys):
    small = [Regime(n, 200, 15, step, 3) for n in (1, 2) for step in (1, 15)]
    monkeypatch.setattr(map_of_regimes, "grid", lambda: small)
    monkeypatch.setattr(map_of_regimes, "SHORT", 0.0)
    monkeypatch.setattr(map_of_regimes, "ROUNDS", 1)
    arguments = ["map", "--results", str(tmp_path / "cells.jsonl"), "--picture", str(tmp_path / "map.png")]
    monkeypatch.setattr(sys, "argv", [*arguments, "--sample", "1"])
    map_of_regimes.main()
    assert "3 of 4 cells are not measured yet" in capsys.readouterr().out
    first = (tmp_path / "cells.jsonl").read_text()
    monkeypatch.setattr(sys, "argv", arguments)
    map_of_regimes.main()
    lines = (tmp_path / "cells.jsonl").read_text()
    assert lines.startswith(first)
    cells = [json.loads(line) for line in lines.splitlines()]
    assert {Regime(*(cell[name] for name in Regime._fields)) for cell in cells} == set(small)
    assert all(cell["bitbox_xr"] > 0 and cell["running sums"] > 0 for cell in cells)
    out = capsys.readouterr().out
    assert "The ten smallest ratios of 4 cells" in out
    assert "0 of 4 cells are not measured yet" in out
    assert (tmp_path / "map.png").stat().st_size > 10_000


def test_large_cells_are_left_out_and_listed(capsys):
    cell = map_of_regimes.measured(Regime(1434, 108_000, 33, 1, 3))
    assert cell["bitbox_xr"] == "a result of 1776.1 GB"
    map_of_regimes.report([cell])
    assert "left out: a result of 1776.1 GB" in capsys.readouterr().out
