"""Windowed lagged correlation of arrays, in frames."""
