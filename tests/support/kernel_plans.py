"""Plans of windows and lags in frames, without recordings."""

import numpy as np

from bitbox_xr.kernels.correlation import windowed


def plan_of(width, step, lag, *, two_sided, signed, causal=True):
    """The plan of imitation, or with `two_sided` of coordination; windows need three quarters of their frames."""
    if two_sided:
        reach = range(-2 * lag, 2 * lag + 1)
        pairs = {d: (max(-lag, -lag - d), max(-lag, d - lag), 2 * lag + 1 - abs(d)) for d in reach}
    else:
        pairs = {d: (0, d, 1) for d in range(-lag, 1 if causal else lag + 1)}
    return windowed.plan(width, step, pairs, least=max(2, int(np.ceil(0.75 * width))), signed=signed)
