"""Parts of kernels, compiled so that they can be called from Python."""

from bitbox_xr.kernels.activations import extrema, medians
from bitbox_xr.kernels.jit import kernel

__all__ = ["half_width", "local_maxima", "magnitude", "quantile", "spread"]

half_width, local_maxima, magnitude, quantile, spread = map(
    kernel, (extrema.half_width, extrema.extrema, extrema.magnitude, extrema.quantile, medians.spread)
)
