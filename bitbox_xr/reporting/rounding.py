"""Numbers as text, rounded as in a paper, by the variable that they are values of."""

import math
from collections.abc import Sequence
from typing import TypeGuard

from bitbox_xr.core import durations

__all__ = ["MINUS", "MISSING", "rounded", "rounded_column"]

MISSING = "–"
MINUS = "−"
SMALLEST_P = 0.001
MAX_DECIMALS = 6

P_VALUES = {"p", "p_fwe", "q", "p_min", "activity_p"}
# never beyond 1, so that papers write no digit before the point
CORRELATIONS = {
    *(
        "corr",
        "corr_mean",
        "corr_abs_mean",
        "corr_fisher_mean",
        "corr_std",
        "profile",
        "profile_fisher",
        "r_at_best_lag",
    ),
    *("observed", "null_mean", "null_std", "excess", "activity_corr", "overall", "frame_wise"),
}
SHARES = {
    *("valid1", "valid2", "valid", "valid_share", "lost_share", "masked_share", "follow_share", "lead_share"),
    *("at_limit", "answered", "chance", "answered_above_chance"),
}
TWO_DECIMALS = {"surrogate_z", "z", "d", "t", "odds_ratio", "ldj", "lag", "corr_lag", "best_lag", "latency"}

RATE = "fps"  # as precise as a camera's
DURATIONS = {"duration", "longest_gap"}


def rounded(value: object, name: str = "", units: str = "") -> str:
    """A value of the variable `name` as text; "–" if it is missing.

    >>> [rounded(*given) for given in ((0.0321, "p"), (0.0004, "p_fwe"), (-0.384, "corr_mean"), (0.123, "lost_share"))]
    ['.032', '< .001', '−.38', '12.3 %']
    >>> [rounded(*given) for given in ((float("nan"), "z"), (12345.678, "path"), (0.000123, "speed"), (7, "frames"))]
    ['–', '12346', '0.00012', '7']
    >>> rounded("<b>", "signal"), rounded(-0.001, "best_lag"), rounded(61.2666, "duration", "s")
    ('<b>', '0.00', '61.267')
    >>> rounded(29.97002, "fps")
    '29.97'
    """
    return rounded_column([value], name, units)[0]


def rounded_column(values: Sequence[object], name: str = "", units: str = "") -> list[str]:
    """The values of a column as text, with the same number of decimals.

    >>> rounded_column([0.0797, 0.1, 0.1234], "noise"), rounded_column([5.0, 8.12], "speed"), rounded_column([58, 7.0])
    (['0.08', '0.10', '0.12'], ['5.0', '8.1'], ['58', '7'])
    """
    sizes = sorted(abs(float(value)) for value in values if _is_finite(value))
    decimals = _decimals(sizes) if sizes else 0
    return [_text(value, name, units, decimals).replace("-", MINUS) if _is_number(value) else str(value)
            for value in values]  # fmt: skip


def _is_number(value: object) -> TypeGuard[float]:
    return not isinstance(value, str)


def _is_finite(value: object) -> TypeGuard[float]:
    return _is_number(value) and math.isfinite(value)


def _text(value: float, name: str, units: str, decimals: int) -> str:
    number = float(value)
    if math.isnan(number):
        return MISSING
    if math.isinf(number):
        return "∞" if number > 0 else "-∞"
    if name in P_VALUES:
        return f"< {_bare(SMALLEST_P, 3)}" if number < SMALLEST_P else _bare(number, 3)
    if name in CORRELATIONS:
        return _bare(number, 2)
    if name in SHARES:
        return f"{100 * number:z.1f} %"
    if name == RATE:
        return f"{number:.5g}"
    if name in DURATIONS:
        return durations.number(number)
    if name in TWO_DECIMALS:
        return f"{number:z.2f}"
    return f"{number:z.{decimals}f}" if decimals <= MAX_DECIMALS else f"{number:.1e}"


def _decimals(sizes: list[float]) -> int:
    """Decimals with which the median of a column has two significant digits; none if all are whole numbers."""
    if all(size.is_integer() for size in sizes):
        return 0
    middle = sizes[len(sizes) // 2] or sizes[-1]
    return max(0, 1 - math.floor(math.log10(middle)))


def _bare(number: float, decimals: int) -> str:
    """With so many decimals, and without the zero before the point."""
    text = f"{number:z.{decimals}f}"
    return text.replace("0.", ".", 1) if abs(float(text)) < 1 else text
