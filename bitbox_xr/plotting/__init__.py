"""Plots of signals and results. The default colour maps and colours of all plots are in the module `style`."""
