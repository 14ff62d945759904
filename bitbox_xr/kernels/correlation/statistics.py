"""Statistics over windows, computed from sums that combine across chunks."""

from typing import Any

import numpy as np

__all__ = ["SUMS", "statistics"]

SUMS = ("n", "r", "r2", "abs", "fisher", "lag", "negative", "positive", "limit")


def statistics(sums: Any) -> dict[str, Any]:
    """The statistics `(…, n1, n2)` of `sums` `(…, 9, n1, n2)`. NaN for pairs without a correlation in any window.

    Accepts any array that NumPy's functions accept, including lazy arrays.
    """
    s = {name: sums[..., k, :, :] for k, name in enumerate(SUMS)}
    n = np.where(s["n"] > 0, s["n"], np.nan)
    mean = s["r"] / n
    return {
        "corr_mean": mean,
        "corr_std": np.sqrt(np.maximum(s["r2"] / n - mean * mean, 0.0)),
        "corr_lag": s["lag"] / n,
        "corr_abs_mean": s["abs"] / n,
        "corr_fisher_mean": np.tanh(s["fisher"] / n),
        "follow_share": s["negative"] / n,
        "lead_share": s["positive"] / n,
        "at_limit": s["limit"] / n,
        "n_windows": s["n"].astype(np.int32),
    }
