"""Windowed cross-correlations agree with those of the R package rMEA at its settings."""

import numpy as np

import bitbox_xr as bx

FPS = 25
OPTIONS = {"width": 20, "step": 10, "max_lag": 5, "causal": False}  # winSec, incSec, lagSec
PADDING = 5 * FPS  # rMEA's first window starts at frame 0, ours at the largest lag


def half(x, y, names):
    """Correlations at lags 0 to 5 s, at which the window of y is later; windows start at frame 0."""
    found = bx.lag_map(x, y, pair=names, **OPTIONS)
    return found.isel(lag=slice(PADDING, None)).transpose("window", "lag").values


def test_lag_maps_of_both_orders_are_the_ccf_of_rmea(golden, recordings):
    energy = bx.open_signals(recordings / "rmea_normal_200_01.txt", fps=FPS, sep=" ", columns=["pat", "th"])
    values = np.concatenate([np.full((PADDING, 2), np.nan), energy.values[:15000]])
    padded = bx.signals(values, fps=FPS, names=["pat", "th"])
    first, second = padded.sel(signal=["pat"]), padded.sel(signal=["th"])
    later, earlier = half(first, second, ("pat", "th")), half(second, first, ("th", "pat"))
    with np.load(golden / "rmea.npz") as reference:
        ccf, lags = reference["ccf"], reference["lag_frames"]
    assert lags.tolist() == list(range(-PADDING, PADDING + 1))
    found = np.concatenate([earlier[:, :0:-1], later], axis=1)
    assert found.shape == ccf.shape == (58, 251)
    np.testing.assert_allclose(found, ccf, atol=1e-6)
    np.testing.assert_allclose(later[:, 0], earlier[:, 0], atol=1e-6)
