"""Numbers too large to compute with: infinite ones, and those whose squares would be."""

import numpy as np

__all__ = ["LARGEST", "infinite", "refuse_infinite"]

LARGEST = 1e150  # some files mark what is missing by the largest number there is, 1.8e308


def infinite(name: str = "") -> str:
    """What is wrong with infinite values, of the signals of that name."""
    x = name or "x"
    return (
        f"{f'{name} holds' if name else 'signals hold'} infinite values; replace them by NaN (missing), "
        f"e.g. {x}.where(abs({x}) < 1e150), beyond which squares are infinite too"
    )


def refuse_infinite(values: np.ndarray) -> None:
    """ValueError where a value is infinite, or too large; NaN is neither."""
    if (np.abs(values) > LARGEST).any():
        raise ValueError(infinite())
