"""Activations of signals at temporal scales, in frames."""
