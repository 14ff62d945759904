"""Bad input to methods of `.bitbox`."""

import pytest
import xarray as xr

import bitbox_xr as bx

from bad_input import DATA, RESULT, X, Y, refused

# call, error, phrases of its message: what was expected, what was found, what to do
CASES = {
    "the rate of what has no times": (
        lambda: xr.DataArray([1, 2]).bitbox.fps,
        ValueError,
        ["expected dimensions time and signal, got dim_0", ".rename()"],
    ),
    "the rate of one frame": (
        lambda: X[:1].bitbox.fps,
        ValueError,
        ["expected at least two frame times to determine the frame rate, got 1"],
    ),
    "a measure of an image": (
        lambda: xr.DataArray(DATA).bitbox.expressivity(),
        ValueError,
        ["got dim_0, dim_1", "see signals() or .rename()"],
    ),
    "statistics of faces": (
        lambda: bx.expressivity(X).bitbox.stats(),
        ValueError,
        ["there is no corr and no lag", "a result of imitation()"],
    ),
    "matched pairs of faces": (
        lambda: bx.expressivity(X).bitbox.matched(),
        ValueError,
        ["no signal1 and no signal2", "that of a measure of two is wanted"],
    ),
    "the matrix of faces": (
        lambda: bx.expressivity(X).bitbox.plot.matrix(),
        ValueError,
        ["there is no corr_mean to draw"],
    ),
    "a table of other dimensions": (
        lambda: RESULT.bitbox.to_frame(dim_order=["x"]),
        ValueError,
        ["dim_order ['x']", "'window', 'signal1', 'signal2'"],
    ),
    "to_bitbox of several": (
        lambda: X.expand_dims(take=2).bitbox.to_bitbox(),
        ValueError,
        ["expected dimensions time and signal only, got also take", ".isel()"],
    ),
    "an unknown option": (lambda: X.bitbox.imitation(Y, window=1), TypeError, ["window"]),
}


@pytest.mark.parametrize(("call", "error", "phrases"), CASES.values(), ids=CASES)
def test_refused(call, error, phrases, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(call, error, phrases, tmp_path)
