"""Refusal of infinite values, and of values too large to square."""

import numpy as np

__all__ = ["MAX_MAGNITUDE", "infinite", "refuse_infinite"]

# Larger magnitudes overflow when squared. Some files mark missing values by the largest float64, 1.8e308.
MAX_MAGNITUDE = 1e150


def infinite(name: str = "") -> str:
    """The error message for infinite values in the argument called `name`."""
    x = name or "x"
    return (
        f"expected finite values in {name or 'the signals'}, got infinite values; replace them by NaN (missing), "
        f"e.g. {x}.where(abs({x}) < 1e150), because the squares of larger values are infinite too"
    )


def refuse_infinite(values: np.ndarray) -> None:
    """Raise ValueError if any value is infinite or too large to square. NaN is allowed."""
    if (np.abs(values) > MAX_MAGNITUDE).any():
        raise ValueError(infinite())
