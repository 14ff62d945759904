"""The mean correlation over windows at each lag: an estimate of the delay between two people."""

import xarray as xr

from bitbox_xr.core.types import MeasureOfTwo, SignalsLike
from bitbox_xr.core.variables import LAG, SIGNAL1, SIGNAL2, variable_attrs
from bitbox_xr.measures.constant_signals import note_constant_signals
from bitbox_xr.measures.social import label_variables, statistics_by_plan
from bitbox_xr.measures.windowing import Options, checked_pair

__all__ = ["lag_profile"]


def lag_profile(
    x: SignalsLike,
    y: SignalsLike | None = None,
    *,
    measure: MeasureOfTwo = "imitation",
    by: str | None = None,
    width: float = 0.5,
    step: float | None = None,
    max_lag: float | None = None,
    causal: bool = True,
    polarity: bool = True,
    min_valid: float = 0.75,
    fps: float | None = None,
) -> xr.Dataset:
    """Compute the mean correlation over windows at each lag, and the lag at which it is largest.

    For faces choose `width=2, step=1, max_lag=1` (s): a window must hold a whole expression, and mimicry takes about
    0.3 to 1 s, while the default largest lag is 0.1 s at 30 frames per second. The defaults are Bitbox's.

    Use `best_lag` as an estimate of the delay. Noise pulls the mean of the lags chosen window by window (`corr_lag`)
    towards the middle of their range; it does not pull the lag with the largest mean correlation.

    Parameters
    ----------
    x, y
        As for `imitation`; y may be omitted for coordination.
    measure
        "imitation" or "coordination". For coordination the profile is over net lags d, with the shifts lx = −⌊d/2⌋
        and ly = ⌈d/2⌉.
    by, width, step, max_lag, causal, polarity, min_valid, fps
        As for `imitation`.

    Returns
    -------
    Dataset
        `profile` and `profile_fisher` (mean by Fisher's z), `(…, lag, signal1, signal2)`, and `(…, signal1, signal2)`:

        - `best_lag` (s): the lag at which |profile| is largest (profile itself with `polarity=False`)
        - `at_limit`: share of windows that chose the outermost lag. If it is large, increase `max_lag`. NaN if there
          is only one lag.
        - `n_windows`: number of windows with a correlation

        With `by`, each has a dimension with the labels before `lag` and `signal1`.

    Raises
    ------
    ValueError
        As for `imitation`.

    Examples
    --------
    x follows y by four frames:

    >>> import numpy as np
    >>> from bitbox_xr import signals
    >>> model = np.random.default_rng(1).normal(size=(900, 1))
    >>> y, x = signals(model, fps=30), signals(np.roll(model, 4, axis=0), fps=30)
    >>> lag_profile(x, y, width=2, step=1, max_lag=1).best_lag.item()
    -0.13333333333333333
    """
    options = Options(width, step, max_lag, polarity, min_valid, causal)
    pair = checked_pair(measure, x, y, options, fps, by, subject="lag_profile")
    note_constant_signals("lag_profile", pair)
    net = pair.lags()
    found = statistics_by_plan(pair, [pair.plan(), *(pair.plan([d]) for d in net)], mirrored=False)
    at_lags = {
        name: found[stat][..., 1:, :, :]
        for name, stat in (("profile", "corr_mean"), ("profile_fisher", "corr_fisher_mean"))
    }
    dims = pair.dims(*pair.label_dims(), LAG, SIGNAL1, SIGNAL2)
    coords = {**pair.coords(), **pair.label_coords(), **pair.lag_coords()}
    out = label_variables({name: (dims, values) for name, values in at_lags.items()}, coords, pair.attrs())
    strength = abs(out["profile"]) if polarity else out["profile"]
    order = sorted(range(len(net)), key=lambda k: (abs(net[k]), net[k]))
    out["best_lag"] = strength.isel({LAG: order}).idxmax(LAG).drop_attrs().assign_attrs(variable_attrs("best_lag"))
    for name in ("at_limit", "n_windows"):
        dims = pair.dims(*pair.label_dims(), SIGNAL1, SIGNAL2)
        out[name] = (dims, found[name][..., 0, :, :], variable_attrs(name))
    out["at_limit"] = out["at_limit"].where(len(net) > 1)
    return out
