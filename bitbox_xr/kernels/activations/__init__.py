"""Activations of signals, which are maxima of their wavelet responses, at temporal scales in frames."""
