"""Plots of signals and results. `figure` creates figures as wide as the columns of a journal."""

from bitbox_xr.plotting.style import figure

__all__ = ["figure"]
