"""Bad input to the methods of `.bitbox`."""

import pytest
import xarray as xr

import bitbox_xr as bx

from bad_input import DATA, RESULT, X, Y, refused

# call, error, phrases of its message: what was expected, what was found, what to do
CASES = {
    "fps without times": (
        lambda: xr.DataArray([1, 2]).bitbox.fps,
        ValueError,
        ["dimensions", "time and signal", "dim_0", ".rename()"],
    ),
    "fps of one frame": (
        lambda: X[:1].bitbox.fps,
        ValueError,
        ["two", "rate", "1"],
    ),
    "expressivity of an image": (
        lambda: xr.DataArray(DATA).bitbox.expressivity(),
        ValueError,
        ["dimensions", "dim_0, dim_1", "see signals() or .rename()"],
    ),
    "statistics of expressivity": (
        lambda: bx.expressivity(X).bitbox.stats(),
        ValueError,
        ["a result of imitation()", "got a result without corr and lag"],
    ),
    "matched pairs of expressivity": (
        lambda: bx.expressivity(X).bitbox.matched(),
        ValueError,
        ["expected a result with signal1 and signal2", "without signal1 and signal2"],
    ),
    "matrix of expressivity": (
        lambda: bx.expressivity(X).bitbox.plot.matrix(),
        ValueError,
        ["corr_mean"],
    ),
    "table with unknown dimensions": (
        lambda: RESULT.bitbox.to_frame(dim_order=["x"]),
        ValueError,
        ["dim_order ['x']", "'window', 'signal1', 'signal2'"],
    ),
    "to_bitbox of several recordings": (
        lambda: X.expand_dims(take=2).bitbox.to_bitbox(),
        ValueError,
        ["dimensions", "take", ".isel()"],
    ),
    "picture of a result, of signals": (
        lambda: X.bitbox.plot.matrix,
        AttributeError,
        ["x.bitbox.plot, for signals and lag maps", "'matrix'", "for results: result.bitbox.plot.matrix"],
    ),
    "measure of signals, of a result": (
        lambda: RESULT.bitbox.imitation,
        AttributeError,
        ["result.bitbox, for results", "'imitation'", "for signals: x.bitbox.imitation"],
    ),
    "misspelt picture": (
        lambda: RESULT.bitbox.plot.matrx,
        AttributeError,
        ["a method of result.bitbox.plot (asymmetry, ", "got 'matrx'", "nearest name is 'matrix'"],
    ),
    "unknown option": (lambda: X.bitbox.imitation(Y, window=1), TypeError, ["window"]),
}


@pytest.mark.parametrize(("call", "error", "phrases"), CASES.values(), ids=CASES)
def test_bad_input_is_refused_with_what_was_expected_and_found(call, error, phrases, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(call, error, phrases, tmp_path)
